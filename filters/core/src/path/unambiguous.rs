//! [`UnambiguousPath`]: paths that all servers read in the same way.

use super::normalization::changes_structure;

/// A percent-decoded request path that can be read in only one way.
///
/// Proxies, frameworks and servers differ in how they resolve dot segments, merge slashes, decode
/// repeatedly, and cut off path parameters at a `;` (RFC 3986 sections 3.3 and 6.2.2). A rule that
/// grants access must not guess. A path is ambiguous if it contains
/// - a segment of dots, as in `/a/../b`, also with white space or written as `%2e`;
/// - an empty segment other than the last, as in `/a//b`: some servers even read `//a/b` as the path
///   `/b` on the host `a`;
/// - a `;`, `\` or `#`, or one of these or `/`, `?`, `%` or a control character encoded;
/// - an encoding that is malformed or not UTF-8;
/// - a character that Unicode normalization turns into one of the above or into nothing, such as `／`;
/// - any other character that a path must not contain unencoded.
///
/// Every other path means the same, encoded or not: `/%61` is `/a`.
///
/// ```
/// use novasphere_core::UnambiguousPath;
/// assert_eq!(UnambiguousPath::new(b"/%61/b%20c").unwrap().as_str(), "/a/b c");
/// assert!(UnambiguousPath::new(b"/a/%2e%2e/b").is_none());
/// assert!(UnambiguousPath::new(b"/a;v=1/b").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnambiguousPath(String);

impl UnambiguousPath {
    /// Decodes a path as received, without its query. `None` if it is ambiguous.
    pub fn new(path: &[u8]) -> Option<Self> {
        let text = String::from_utf8(decode(path)?).ok()?;
        let mut segments = text.strip_prefix('/')?.split('/');
        // The last segment is empty if the path ends in a slash.
        let last = segments.next_back()?;
        let unambiguous = segments.all(is_name)
            && (last.is_empty() || is_name(last))
            && (text.is_ascii() || !text.chars().any(changes_structure));
        unambiguous.then_some(Self(text))
    }

    /// The decoded path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a segment contains more than dots and white space.
fn is_name(segment: &str) -> bool {
    segment.chars().any(|c| c != '.' && !c.is_whitespace())
}

/// Decodes every character. `None` if one cannot be decoded or is ambiguous.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => decode_hex(*rest.next()?, *rest.next()?)?,
            b'/' | b':' | b'@' => *byte,
            // The unreserved characters and sub-delims of RFC 3986 section 2, except `;`.
            b'-' | b'.' | b'_' | b'~' => *byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' => *byte,
            _ if byte.is_ascii_alphanumeric() => *byte,
            _ => return None,
        });
    }
    Some(decoded)
}

/// The byte that two hexadecimal digits encode. `None` if it is ambiguous.
fn decode_hex(high: u8, low: u8) -> Option<u8> {
    let digit = |d: u8| char::from(d).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    let ambiguous = matches!(byte, b'/' | b'\\' | b'%' | b';' | b'?' | b'#');
    (!ambiguous && !byte.is_ascii_control()).then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(path: &str) -> Option<String> {
        UnambiguousPath::new(path.as_bytes()).map(|path| path.0)
    }

    #[test]
    fn decodes_unambiguous_paths() {
        for (path, expected) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/", "/a/"),
            ("/%61/%2D%7e", "/a/-~"),
            ("/a.b/.well-known/..c", "/a.b/.well-known/..c"),
            ("/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="),
            ("/a%20b", "/a b"),
            ("/%C3%BC", "/ü"),
        ] {
            assert_eq!(decoded(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn rejects_ambiguous_paths() {
        for path in [
            "",
            "a",
            "*",
            "http://h/a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/../b",
            "/a/.",
            "/%2e%2e/a",
            "/.%2E/a",
            "/..%20/a",
            "/.../a",
            "/%20/a",
            "/..;/a",
            "/a;x",
            "/a%3bx",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/%252e",
            "/a%25",
            "/a%00",
            "/a%0d",
            "/a%7f",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%u002e",
            "/%+1",
            "/a#b",
            "/a%23b",
            "/a%3Fb",
            "/a b",
            "/a\tb",
            "/ü",
            "/%c0%ae",
            "/%ff",
            "/a{b}",
            "/a%c2%85/%c2%85",
            "/a/%EF%BC%8E%EF%BC%8E/b",
            "/a%EF%BC%8Fb",
            "/a%EF%BC%9Bb",
            "/a/%E2%80%A5/b",
            "/a%C2%ADb",
            "/a%E2%80%8Bb",
        ] {
            assert_eq!(decoded(path), None, "{path}");
        }
        assert_eq!(UnambiguousPath::new(b"/\xff"), None);
    }
}
