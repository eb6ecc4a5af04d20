//! A header that the filter owns, in all its spellings.

use std::{borrow::Cow, fmt};

use novasphere_core::{HeaderMutation, HeaderName};

/// Headers that no claim may set and whose inbound lines stay. They belong to the connection, to
/// framing or to routing (RFC 9110 sections 7.2 and 7.6.1, RFC 9112 section 6, RFC 7239), or hold
/// credentials. Envoy responds to a request without `X-Forwarded-Proto` with 404.
const RESERVED: [&str; 21] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Maximum number of `-` and `_` in a name. Each doubles the number of spellings.
const MAX_SEPARATORS: usize = 8;

/// A header that only the filter may set.
#[derive(Debug)]
pub(crate) struct OwnedHeader {
    pub(crate) name: HeaderName,
    /// All spellings with `-` and `_` that a CGI-like upstream reads as this name, including the
    /// name.
    spellings: Vec<HeaderName>,
}

/// Why a claim cannot set a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidIdentityHeader {
    /// Listed in [`RESERVED`].
    Reserved,
    /// A consumer header, or the header of another claim.
    Duplicate,
    /// More than [`MAX_SEPARATORS`].
    TooManySeparators,
}

impl fmt::Display for InvalidIdentityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved => {
                f.write_str("is reserved for the connection, framing, routing or credentials")
            }
            Self::Duplicate => f.write_str("is already set by this filter"),
            Self::TooManySeparators => {
                write!(f, "must have at most {MAX_SEPARATORS} of - and _")
            }
        }
    }
}

impl std::error::Error for InvalidIdentityHeader {}

impl OwnedHeader {
    /// The header of a claim.
    pub(crate) fn for_claim(name: HeaderName) -> Result<Self, InvalidIdentityHeader> {
        if RESERVED.iter().any(|reserved| name.matches_loosely(reserved.as_bytes())) {
            return Err(InvalidIdentityHeader::Reserved);
        }
        if name.as_str().chars().filter(|c| is_separator(*c)).count() > MAX_SEPARATORS {
            return Err(InvalidIdentityHeader::TooManySeparators);
        }
        Ok(Self::new(name))
    }

    pub(crate) fn new(name: HeaderName) -> Self {
        let mut spellings = vec![String::new()];
        for c in name.as_str().chars() {
            let forms: &[char] = if is_separator(c) { &['-', '_'] } else { &[c] };
            spellings = spellings
                .iter()
                .flat_map(|start| forms.iter().map(move |form| format!("{start}{form}")))
                .collect();
        }
        let spellings = spellings.iter().filter_map(|text| HeaderName::parse(text).ok()).collect();
        Self { name, spellings }
    }

    /// Removes a line with a spelling of this header. Only rare spellings, with characters other
    /// than `-` and `_`, need a new name.
    pub(crate) fn removal(&self, line: &[u8]) -> Option<HeaderMutation<'_>> {
        if let Some(spelling) = self.spellings.iter().find(|spelling| spelling.matches(line)) {
            return Some(HeaderMutation::remove(spelling));
        }
        let name = HeaderName::parse(str::from_utf8(line).ok()?).ok()?;
        Some(HeaderMutation::Remove(Cow::Owned(name)))
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_')
}
