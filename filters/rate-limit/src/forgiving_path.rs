//! The path that the most forgiving server would serve.

/// A path as it is after everything that some server does to it: encodings resolved, also doubled
/// ones; `\` taken for `/`; parameters behind a `;` cut off; white space around segments too; empty
/// and dot segments resolved, the slash at the end dropped.
///
/// Limits must not be left behind by writing a path in another way. Rules that grant something do
/// not use it.
pub(crate) fn forgiving(path: &[u8]) -> String {
    let mut bytes = path.to_vec();
    // Each round that changes anything makes it shorter; two encodings are more than servers undo.
    for _ in 0..3 {
        let decoded = decode(&bytes);
        if decoded.len() == bytes.len() {
            break;
        }
        bytes = decoded;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut segments: Vec<&str> = Vec::new();
    for segment in text.split(['/', '\\']) {
        match segment.split(';').next().unwrap_or_default().trim() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            plain => segments.push(plain),
        }
    }
    format!("/{}", segments.join("/"))
}

/// Every encoding that is one, resolved once.
fn decode(bytes: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_some_server_takes_for_it_is_it() {
        for path in [
            "/api/login",
            "/api/login/",
            "//api///login",
            "/./api/x/../login",
            "/%2e/api/login",
            "/api%2flogin",
            "/api%252flogin",
            "/api\\login",
            "/api;v=1/login;jsessionid=2",
            "/api/%6cogin",
            "/../api/login",
            "/api/login%20",
            "/api/x/..;/login",
            "/api/.%2e/api/login",
        ] {
            assert_eq!(forgiving(path.as_bytes()), "/api/login", "{path}");
        }
        assert_eq!(forgiving(b""), "/");
        assert_eq!(forgiving(b"/%zz/%"), "/%zz/%");
    }

    #[test]
    fn no_path_is_too_odd() {
        for byte in 0..=255_u8 {
            forgiving(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
        }
        assert_eq!(forgiving(&b"%25".repeat(10_000)).len(), 10_001);
    }
}
