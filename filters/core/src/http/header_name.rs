//! Valid header names and values (RFC 9110 sections 5.1 and 5.5).

use std::{borrow::Cow, fmt};

use super::{
    bytes::{has_control, name_eq},
    name_tag::{NameTag, TagSet},
};

/// A header name: one or more token characters (RFC 9110 section 5.1), in lower case as HTTP/2 and
/// HTTP/3 require (RFC 9113 section 8.2.1).
///
/// ```
/// use novasphere_core::HeaderName;
/// const USER: HeaderName = HeaderName::from_static("x-user-id");
/// assert_eq!(HeaderName::parse("X-User-Id").as_ref(), Ok(&USER));
/// assert!(USER.matches(b"X-USER-ID"));
/// assert!(!USER.matches(b"X_USER_ID") && USER.matches_loosely(b"X_USER_ID"));
/// assert!(HeaderName::parse("x user id").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderName {
    // First, because most names differ in it.
    tag: NameTag,
    text: Cow<'static, str>,
}

/// A text that is not a header name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeaderName(pub String);

impl fmt::Display for InvalidHeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a header name (RFC 9110 5.1)", self.0)
    }
}

impl std::error::Error for InvalidHeaderName {}

impl HeaderName {
    /// A name in the source code.
    ///
    /// # Panics
    /// At compile time, unless the name consists of token characters in lower case.
    #[allow(clippy::panic, clippy::indexing_slicing)] // evaluated in constants: a compile error
    pub const fn from_static(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty());
        let mut i = 0;
        while i < bytes.len() {
            assert!(is_token(bytes[i]) && !bytes[i].is_ascii_uppercase());
            i += 1;
        }
        Self { tag: NameTag::of(bytes), text: Cow::Borrowed(name) }
    }

    /// A name from a configuration.
    ///
    /// # Errors
    /// If the name is empty or contains a character that is not allowed in a token.
    pub fn parse(name: &str) -> Result<Self, InvalidHeaderName> {
        if !name.is_empty() && name.bytes().all(is_token) {
            let text = Cow::Owned(name.to_ascii_lowercase());
            Ok(Self { tag: NameTag::of(name.as_bytes()), text })
        } else {
            Err(InvalidHeaderName(name.to_owned()))
        }
    }

    /// The name in lower case.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn tag(&self) -> NameTag {
        self.tag
    }

    /// The name of the header in request heads. Hosts have `host` as `:authority`. Some have both
    /// names, but not in every way of reading.
    pub fn in_request_head(&self) -> &str {
        if self.as_str() == "host" { ":authority" } else { self.as_str() }
    }

    /// Whether `line` is this name in any case.
    #[inline]
    pub fn matches(&self, line: &[u8]) -> bool {
        name_eq(line, self.text.as_bytes())
    }

    /// Whether `line` is this name in any case, with any character in place of `-`. CGI-like
    /// upstreams map all characters except letters and digits to `_`, so to them a spoofed
    /// `X_User_Id` or `X.User.Id` is the same header as `X-User-Id`.
    pub fn matches_loosely(&self, line: &[u8]) -> bool {
        loosely_eq(line, self.text.as_bytes())
    }
}

/// A set of header names, for a quick check that a head has none of them in any spelling. See
/// [`Headers::may_contain_any`](crate::Headers::may_contain_any).
///
/// ```
/// use novasphere_core::{HeaderName, Headers, Spellings};
/// let user = HeaderName::from_static("x-user-id");
/// let names = Spellings::from_iter([&user]);
/// assert!(Headers::borrowed([(&b"X_User_Id"[..], &b"1"[..])]).may_contain_any(&names));
/// assert!(!Headers::borrowed([(&b"accept"[..], &b"*/*"[..])]).may_contain_any(&names));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spellings {
    pub(crate) tags: TagSet,
}

impl Spellings {
    /// Adds all spellings of `name`.
    pub fn insert(&mut self, name: &HeaderName) {
        match NameTag::of_spellings(name.as_str().as_bytes()) {
            Some(tag) => self.tags.insert(tag),
            None => self.tags = TagSet::ALL,
        }
    }
}

impl<'n> FromIterator<&'n HeaderName> for Spellings {
    fn from_iter<I: IntoIterator<Item = &'n HeaderName>>(names: I) -> Self {
        let mut all = Self::default();
        names.into_iter().for_each(|name| all.insert(name));
        all
    }
}

/// See [`HeaderName::matches_loosely`].
pub(crate) fn loosely_eq(a: &[u8], b: &[u8]) -> bool {
    let fold = |b: u8| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'-' };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| fold(*a) == fold(*b))
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `tchar` of RFC 9110 section 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Bytes that are not a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHeaderValue;

impl fmt::Display for InvalidHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "contains a control character (RFC 9110 5.5)")
    }
}

impl std::error::Error for InvalidHeaderValue {}

/// Returns a valid header value, without leading and trailing spaces and tabs (RFC 9110 section
/// 5.5). Bytes from 0x80 are valid and opaque.
///
/// ```
/// use novasphere_core::header_value;
/// assert_eq!(header_value(b" text/plain "), Ok(&b"text/plain"[..]));
/// assert!(header_value(b"a\r\nset-cookie: b").is_err());
/// ```
///
/// # Errors
/// If the value contains a control character other than tab, such as CR, LF or NUL.
pub fn header_value(value: &[u8]) -> Result<&[u8], InvalidHeaderValue> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|b| !is_blank(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_blank(b)).map_or(start, |last| last + 1);
    let value = value.get(start..end).unwrap_or_default();
    if has_control(value) { Err(InvalidHeaderValue) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_tokens_into_lower_case() {
        assert_eq!(HeaderName::parse("X-User-Id").unwrap().as_str(), "x-user-id");
        for name in ["", "x y", "x:", ":path", "x\r\n", "\u{e9}", "x(y)"] {
            assert!(HeaderName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn loose_match_accepts_other_characters_for_hyphens() {
        let name = HeaderName::from_static("x-user-id");
        for line in ["X-User-Id", "x_user-id", "X_USER_ID", "x.user.id", "X!User~Id"] {
            assert!(name.matches_loosely(line.as_bytes()), "{line}");
        }
        for line in ["x-user-ids", "x0user0id", "x-user"] {
            assert!(!name.matches_loosely(line.as_bytes()), "{line}");
        }
        assert!(name.matches(b"X-USER-ID") && !name.matches(b"x_user_id"));
    }

    #[test]
    fn rejects_values_with_control_characters() {
        assert_eq!(header_value(b" \ta\tb "), Ok(&b"a\tb"[..]));
        assert_eq!(header_value(b"\xff"), Ok(&b"\xff"[..]));
        assert_eq!(header_value(b"  "), Ok(&b""[..]));
        for value in ["a\r\nb: c", "\na", "a\n", "\0", "\x7f", "\x1b"] {
            assert_eq!(header_value(value.as_bytes()), Err(InvalidHeaderValue), "{value:?}");
        }
    }
}
