//! [`NamePattern`]: an entry of `remove` or `allow`.

/// A name, or the start of names: `x-internal-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern {
    /// As written. Names of headers are in lower case.
    text: String,
    /// Whether the text is the start of names, followed by `*`.
    is_prefix: bool,
}

/// Maps a byte of a name to the byte to compare.
pub(crate) type Fold = fn(u8) -> u8;

/// For names of query parameters.
pub(crate) const EXACT: Fold = |byte| byte;

/// For names of headers in responses (RFC 9110 section 5.1).
pub(crate) const IGNORE_CASE: Fold = |byte| byte.to_ascii_lowercase();

/// For names of headers in requests: upstreams that follow CGI treat `X_Tenant` and `X.Tenant` as
/// `X-Tenant` (RFC 9110 section 17.10). As in
/// [`HeaderName::matches_loosely`](novasphere_core::HeaderName::matches_loosely).
pub(crate) const IGNORE_SPELLING: Fold =
    |byte| if byte.is_ascii_alphanumeric() { IGNORE_CASE(byte) } else { b'-' };

impl NamePattern {
    pub(crate) fn exact(name: &str) -> Self {
        Self { text: name.to_owned(), is_prefix: false }
    }

    /// Matches all names that start with `prefix`.
    pub(crate) fn starting_with(prefix: &str) -> Self {
        Self { text: format!("{prefix}*"), is_prefix: true }
    }

    /// The pattern as written. Names of headers are in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The name, unless the pattern is a prefix.
    pub(crate) fn name(&self) -> Option<&str> {
        (!self.is_prefix).then_some(&self.text)
    }

    pub(crate) fn matches(&self, name: &[u8], fold: Fold) -> bool {
        let stem = self.stem();
        let start = if self.is_prefix { name.get(..stem.len()) } else { Some(name) };
        start.is_some_and(|start| {
            start.len() == stem.len() && start.iter().zip(stem).all(|(a, b)| fold(*a) == fold(*b))
        })
    }

    /// Whether this matches every name that `other` matches.
    pub(crate) fn covers(&self, other: &Self, fold: Fold) -> bool {
        (self.is_prefix || !other.is_prefix) && self.matches(other.stem(), fold)
    }

    /// The pattern without `*`.
    fn stem(&self) -> &[u8] {
        let text = self.text.as_bytes();
        if self.is_prefix { text.strip_suffix(b"*").unwrap_or(text) } else { text }
    }
}
