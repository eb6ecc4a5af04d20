//! What servers take a path for: the two ends of it, and what is between them where `..` goes back
//! over something that one server takes for a segment and another for none or several.

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
    let bytes = decode_all(path);
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

// The ways in which servers differ that resolve dot segments before they forgive anything else.
const DECODED: u8 = 1;
const BACKSLASH: u8 = 2;
const PARAMETERS: u8 = 4;
const EMPTY: u8 = 8;

/// A path with a `..` as such servers pass it on, or look at it next: decoded before that or not, `\`
/// being a `/` or not, parameters cut off or not, empty segments going or not. None without a `..`.
pub(crate) fn resolved(path: &[u8]) -> Vec<Vec<u8>> {
    let decoded = decode(path);
    let has = |text: &[u8]| decoded.windows(text.len()).any(|part| part == text);
    if !has(b"..") {
        return Vec::new();
    }
    let if_has = |text: &[u8], way: u8| if has(text) { way } else { 0 };
    let matters = DECODED | EMPTY | if_has(b"\\", BACKSLASH) | if_has(b";", PARAMETERS);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for way in (0..16).filter(|way| way & !matters == 0) {
        let path = resolved_in(way, if way & DECODED != 0 { &decoded } else { path });
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
}

fn resolved_in(way: u8, path: &[u8]) -> Vec<u8> {
    let is_slash = |b: &u8| *b == b'/' || way & BACKSLASH != 0 && *b == b'\\';
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.strip_prefix(b"/").unwrap_or(path).split(is_slash) {
        let end = segment.iter().position(|b| way & PARAMETERS != 0 && *b == b';');
        let name = segment.get(..end.unwrap_or(segment.len())).unwrap_or_default();
        // Encoded dots are dots to all (RFC 3986 section 2.3), unless decoded already.
        let name = if way & DECODED != 0 { name.to_vec() } else { decode(name) };
        match name.as_slice() {
            b"" if way & EMPTY != 0 => {}
            b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    [b"/", segments.join(&b'/').as_slice()].concat()
}

/// Whether a `..` is in it, however often encoded.
pub(crate) fn goes_back(path: &[u8]) -> bool {
    decode_all(path).windows(2).any(|two| two == b"..")
}

fn decode_all(path: &[u8]) -> Vec<u8> {
    let mut bytes = path.to_vec();
    // Each round that changes anything makes it shorter; two encodings are more than servers undo.
    for _ in 0..3 {
        let decoded = decode(&bytes);
        if decoded.len() == bytes.len() {
            break;
        }
        bytes = decoded;
    }
    bytes
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
    fn what_goes_before_two_dots_is_what_the_server_takes_for_a_segment() {
        let resolved = |path: &str| -> Vec<String> {
            let all = resolved(path.as_bytes()).into_iter();
            all.map(|path| String::from_utf8(path).unwrap()).collect()
        };
        assert_eq!(resolved("/a/b"), [""; 0]);
        assert_eq!(resolved("/a/b/../c/."), ["/a/c"]);
        assert_eq!(resolved("/a//%2e%2E/c"), ["/a/c", "/c"]);
        assert_eq!(resolved("/a%2fb/../c"), ["/c", "/a/c"]);
        assert_eq!(resolved("/a/b\\d/../c"), ["/a/c", "/a/b/c"]);
        assert_eq!(resolved("/a/..;x/../c"), ["/a/c", "/c"]);
        assert_eq!(resolved("/a/%252e./../c"), ["/a/c"]);
    }

    #[test]
    fn no_path_is_too_odd() {
        for byte in 0..=255_u8 {
            literal(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
            forgiving(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
            resolved(&[byte, b'/', b'.', b'.', byte, b'%', byte, b'2', b'5', b'.', b'.']);
        }
        assert_eq!(forgiving(&b"%25".repeat(10_000)).len(), 10_001);
    }
}
