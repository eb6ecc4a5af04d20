//! The two ends of what servers take a path for.

/// A path as a server serves it that resolves nothing: each segment decoded once, its slashes left
/// encoded.
pub(crate) fn literal(path: &[u8]) -> String {
    let segments = path
        .split(|b| *b == b'/')
        .map(|segment| String::from_utf8_lossy(&decode(segment)).replace('/', "%2F"));
    segments.collect::<Vec<_>>().join("/")
}

/// A path as it is after everything that some server does to it: encodings resolved, also doubled
/// ones; cut off at a `?`, `#` or NUL that was encoded; `\` taken for `/`; parameters behind a `;` cut
/// off; white space around segments too; empty and dot segments resolved, the slash at the end
/// dropped.
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
    let text = text.split(['?', '#', '\0']).next().unwrap_or_default();
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
            "/api/login%3fa=b",
            "/api/login%23x",
            "/api/login%00.html",
        ] {
            assert_eq!(forgiving(path.as_bytes()), "/api/login", "{path}");
        }
        assert_eq!(forgiving(b""), "/");
        assert_eq!(forgiving(b"/%zz/%"), "/%zz/%");
    }

    #[test]
    fn a_server_that_resolves_nothing_sees_segments_decoded_once() {
        assert_eq!(literal(b"/export/x/../../y"), "/export/x/../../y");
        assert_eq!(literal(b"/u/a%2fb/%252e/;x/%20"), "/u/a%2Fb/%2e/;x/ ");
        assert_eq!(literal(b"/%6cogin/"), "/login/");
    }

    #[test]
    fn no_path_is_too_odd() {
        for byte in 0..=255_u8 {
            literal(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
            forgiving(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
        }
        assert_eq!(forgiving(&b"%25".repeat(10_000)).len(), 10_001);
    }
}
