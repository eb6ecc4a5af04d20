//! Paths that all who read them take for the same one.

/// The path of a request, percent-decoded, when there is only one way to read it.
///
/// Proxies, frameworks and servers differ in which dot segments they resolve, which slashes they
/// merge, how often they decode and what they cut off at a `;` (RFC 3986 sections 3.3 and 6.2.2). A
/// rule that grants something must not guess. So a path has no plain form when it has
/// - a segment of dots, as in `/a/../b`, also with white space or written `%2e`;
/// - an empty segment but the last, as in `/a//b`: some even take `//a/b` for the path `/b` on the
///   host `a`;
/// - a `;`, `\` or `#`, or one of these or `/`, `?`, `%` or a control character encoded;
/// - an encoding that is malformed or not UTF-8;
/// - any other character that may not stand in a path as it is.
///
/// What is left means the same whether encoded or not: `/%61` is `/a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnambiguousPath(String);

impl UnambiguousPath {
    /// The plain form of a path as sent, without its query; `None` when it has none.
    pub fn new(path: &[u8]) -> Option<Self> {
        let text = String::from_utf8(decode(path)?).ok()?;
        let mut segments = text.strip_prefix('/')?.split('/');
        // The last one may be empty: the path ends in a slash, or is one.
        let last = segments.next_back()?;
        let plain = segments.all(is_plain) && (last.is_empty() || is_plain(last));
        plain.then_some(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither empty nor dots.
fn is_plain(segment: &str) -> bool {
    segment.chars().any(|c| c != '.' && !c.is_whitespace())
}

/// Decodes every character, unless one cannot be decoded or would be read in more than one way.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => encoded(*rest.next()?, *rest.next()?)?,
            b'/' | b':' | b'@' => *byte,
            // unreserved and sub-delims of RFC 3986 section 2, without `;`
            b'-' | b'.' | b'_' | b'~' => *byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' => *byte,
            _ if byte.is_ascii_alphanumeric() => *byte,
            _ => return None,
        });
    }
    Some(decoded)
}

/// The byte of two hexadecimal digits.
fn encoded(high: u8, low: u8) -> Option<u8> {
    let digit = |d: u8| char::from(d).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    let ambiguous = matches!(byte, b'/' | b'\\' | b'%' | b';' | b'?' | b'#');
    (!ambiguous && !byte.is_ascii_control()).then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str) -> Option<String> {
        UnambiguousPath::new(path.as_bytes()).map(|path| path.0)
    }

    #[test]
    fn one_meaning_has_one_form() {
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
            assert_eq!(plain(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_has_none() {
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
        ] {
            assert_eq!(plain(path), None, "{path}");
        }
        assert_eq!(UnambiguousPath::new(b"/\xff"), None);
    }
}
