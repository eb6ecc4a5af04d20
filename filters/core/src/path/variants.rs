//! The variants of a path that servers may serve.
//!
//! The extremes are a server that resolves nothing ([`literal`]) and a server that resolves
//! everything ([`lenient`]). The servers in between disagree if a `..` follows text that is one
//! segment to one server, and none or several to another ([`resolved`]), or if they decode before
//! they split ([`decoded`](super::decoded)).

/// The path of a server that resolves nothing. It decodes each segment once and leaves encoded
/// slashes encoded.
pub(super) fn literal(path: &[u8]) -> String {
    let segments = path
        .split(|b| *b == b'/')
        .map(|segment| String::from_utf8_lossy(&decode(segment)).replace('/', "%2F"));
    segments.collect::<Vec<_>>().join("/")
}

/// The path after every step that some server takes.
///
/// Percent-encodings are decoded, including double ones. The path ends at an encoded `?`, `#` or NUL.
/// `\` becomes `/`. Parameters after `;` and white space around segments are removed. Empty and dot
/// segments are resolved, and a trailing slash is removed.
pub(super) fn lenient(path: &[u8]) -> String {
    let bytes = decode_all(path);
    let mut segments: Vec<&str> = Vec::new();
    let text = String::from_utf8_lossy(&bytes);
    for segment in lenient_segments(&text) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            plain => segments.push(plain),
        }
    }
    format!("/{}", segments.join("/"))
}

fn lenient_segments(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    let text = text.split(['?', '#', '\0']).next().unwrap_or_default();
    text.split(['/', '\\']).map(|segment| segment.split(';').next().unwrap_or_default().trim())
}

/// Whether the path ends in a slash after the steps of [`lenient`], except that dot segments and a
/// trailing slash stay.
pub(super) fn ends_in_slash(path: &[u8]) -> bool {
    let bytes = decode_all(path);
    let text = String::from_utf8_lossy(&bytes);
    matches!(lenient_segments(&text).next_back(), None | Some("" | "." | ".."))
}

/// Servers decode fewer than three times.
pub(super) const MAX_DECODINGS: usize = 3;

// Differences between servers that resolve dot segments first, as bits.
const DECODES: u8 = 1;
const SPLITS_AT_BACKSLASH: u8 = 2;
const DROPS_PARAMETERS: u8 = 4;
const DROPS_EMPTY: u8 = 8;

/// The variants of a path with a `..` after a server has resolved dot segments, before any other
/// step. Servers differ in four behaviours: whether they decode first, split at `\`, drop parameters
/// and drop empty segments. Empty if the path has no `..`.
pub(super) fn resolved(path: &[u8]) -> Vec<Vec<u8>> {
    let decoded = decode(path);
    let has = |text: &[u8]| decoded.windows(text.len()).any(|part| part == text);
    if !has(b"..") {
        return Vec::new();
    }
    let if_has = |text: &[u8], bit: u8| if has(text) { bit } else { 0 };
    let relevant =
        DECODES | DROPS_EMPTY | if_has(b"\\", SPLITS_AT_BACKSLASH) | if_has(b";", DROPS_PARAMETERS);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for behaviour in (0..16).filter(|behaviour| behaviour & !relevant == 0) {
        let path = resolved_by(behaviour, if behaviour & DECODES != 0 { &decoded } else { path });
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
}

fn resolved_by(behaviour: u8, path: &[u8]) -> Vec<u8> {
    let does = |bit: u8| behaviour & bit != 0;
    let is_slash = |b: &u8| *b == b'/' || does(SPLITS_AT_BACKSLASH) && *b == b'\\';
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.strip_prefix(b"/").unwrap_or(path).split(is_slash) {
        let end = segment.iter().position(|b| does(DROPS_PARAMETERS) && *b == b';');
        let name = segment.get(..end.unwrap_or(segment.len())).unwrap_or_default();
        // To all servers an encoded dot is a dot (RFC 3986 section 2.3).
        let name = if does(DECODES) { name.to_vec() } else { decode(name) };
        match name.as_slice() {
            b"" if does(DROPS_EMPTY) => {}
            b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    [b"/", segments.join(&b'/').as_slice()].concat()
}

/// Whether the path has a `..`, in any encoding.
pub(super) fn has_dot_dot(path: &[u8]) -> bool {
    decode_all(path).windows(2).any(|two| two == b"..")
}

fn decode_all(path: &[u8]) -> Vec<u8> {
    let mut bytes = path.to_vec();
    // Each round that decodes anything shortens the path.
    for _ in 0..MAX_DECODINGS {
        let decoded = decode(&bytes);
        if decoded.len() == bytes.len() {
            break;
        }
        bytes = decoded;
    }
    bytes
}

/// Decodes every valid percent-encoding once.
pub(super) fn decode(bytes: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_path_undoes_all_rewriting() {
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
            assert_eq!(lenient(path.as_bytes()), "/api/login", "{path}");
        }
        assert_eq!(lenient(b""), "/");
        assert_eq!(lenient(b"/%zz/%"), "/%zz/%");
    }

    #[test]
    fn slash_at_the_end_is_found_in_any_encoding() {
        for path in ["/a/", "/a%2f", "/a%252f?b", "/a\\", "/a/;x", "/a/%20", "/a/.", "/a/b/.."] {
            assert!(ends_in_slash(path.as_bytes()), "{path}");
        }
        for path in ["/a", "/a;x", "/a%20", "/a/%2e%2e/b", "/a%3f/"] {
            assert!(!ends_in_slash(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn literal_path_decodes_segments_once() {
        assert_eq!(literal(b"/export/x/../../y"), "/export/x/../../y");
        assert_eq!(literal(b"/u/a%2fb/%252e/;x/%20"), "/u/a%2Fb/%2e/;x/ ");
        assert_eq!(literal(b"/%6cogin/"), "/login/");
    }

    #[test]
    fn resolved_paths_differ_in_the_segment_before_dot_dot() {
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
    fn any_bytes_make_a_path() {
        for byte in 0..=255_u8 {
            literal(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
            lenient(&[b'/', byte, b'%', byte, b'2', b'5', b'.', byte]);
            resolved(&[byte, b'/', b'.', b'.', byte, b'%', byte, b'2', b'5', b'.', b'.']);
        }
        assert_eq!(lenient(&b"%25".repeat(10_000)).len(), 10_001);
    }
}
