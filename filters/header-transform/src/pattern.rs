//! Names that `remove` and `allow` are about.

/// A name, or what names start with: `x-internal-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern {
    /// As it was written, a header's in lower case.
    text: String,
    /// Where names may go on.
    open: bool,
}

/// How letters are compared.
pub(crate) type Fold = fn(u8) -> u8;

/// Names of parameters: as they are.
pub(crate) const EXACTLY: Fold = |byte| byte;

/// Names of headers in responses (RFC 9110 section 5.1).
pub(crate) const IN_ANY_CASE: Fold = |byte| byte.to_ascii_lowercase();

/// Names of headers in requests: upstreams that follow CGI take `X_Tenant` for `X-Tenant` (RFC 9110
/// section 17.10).
pub(crate) const LOOSELY: Fold = |byte| if byte == b'_' { b'-' } else { IN_ANY_CASE(byte) };

impl NamePattern {
    pub(crate) fn exact(name: &str) -> Self {
        Self { text: name.to_owned(), open: false }
    }

    /// All names that start with `stem`.
    pub(crate) fn starting_with(stem: &str) -> Self {
        Self { text: format!("{stem}*"), open: true }
    }

    /// As it was written, a header's in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The name, unless it is the start of names only.
    pub(crate) fn name(&self) -> Option<&str> {
        (!self.open).then_some(&self.text)
    }

    pub(crate) fn matches(&self, name: &[u8], fold: Fold) -> bool {
        let stem = self.stem();
        let start = if self.open { name.get(..stem.len()) } else { Some(name) };
        start.is_some_and(|start| {
            start.len() == stem.len() && start.iter().zip(stem).all(|(a, b)| fold(*a) == fold(*b))
        })
    }

    /// Whether it matches everything that `other` does.
    pub(crate) fn covers(&self, other: &Self, fold: Fold) -> bool {
        (self.open || !other.open) && self.matches(other.stem(), fold)
    }

    fn stem(&self) -> &[u8] {
        let text = self.text.as_bytes();
        if self.open { text.strip_suffix(b"*").unwrap_or(text) } else { text }
    }
}
