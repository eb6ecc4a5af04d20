//! [`OriginRule`]: an entry of `origins`.

use novasphere_core::{Pattern, bytes_eq};

use super::{invalid_origin::InvalidOrigin, matcher::OriginMatcher, request_origin::OriginValue};

/// An entry of `origins`.
#[derive(Clone, Debug)]
pub(crate) enum OriginRule {
    /// `*`: every origin except `null` and local files.
    Any,
    /// `null`: sandboxed frames and local files. Any site can send it, so it needs its own entry.
    Null,
    /// `scheme://host:port`. Host and port may be wildcards.
    Origin(OriginMatcher),
    /// `~regex`: matches a whole origin, in lower case and without a default port.
    Pattern(Pattern),
}

impl OriginRule {
    /// Parses an entry that is not a regular expression.
    ///
    /// # Errors
    /// If the entry is not `*`, `null` or `scheme://host[:port]`.
    pub(crate) fn parse(entry: &str) -> Result<Self, InvalidOrigin> {
        match entry {
            "*" => Ok(Self::Any),
            "null" => Ok(Self::Null),
            _ => OriginMatcher::parse(entry).map(Self::Origin).map_err(|error| {
                if origins_in(entry).nth(1).is_some() {
                    return InvalidOrigin::Several;
                }
                // Kong treats an entry with such characters as a regular expression.
                let is_pattern = entry.contains(['\\', '^', '$', '(', '|', '+', '{']);
                let is_pattern = is_pattern || entry.starts_with(".*") || entry.contains("/.*");
                if is_pattern { InvalidOrigin::Pattern } else { error }
            }),
        }
    }

    /// The serialised origin, if this entry is a single origin with a host name.
    pub(crate) fn text(&self) -> Option<&str> {
        let Self::Origin(matcher) = self else { return None };
        matcher.text()
    }

    /// Whether this entry is a single origin, and equals the value byte for byte.
    pub(crate) fn equals(&self, value: &[u8]) -> bool {
        self.text().is_some_and(|text| bytes_eq(text.as_bytes(), value))
    }

    pub(crate) fn allows(&self, value: &OriginValue<'_>) -> bool {
        match self {
            Self::Null => value.bytes == b"null",
            Self::Any => value.origin().is_some_and(|origin| !origin.is_local_file()),
            Self::Origin(matcher) => value.origin().is_some_and(|origin| matcher.matches(origin)),
            Self::Pattern(pattern) => value.origin().is_some_and(|origin| {
                !origin.is_local_file() && pattern.is_match(&origin.normalised())
            }),
        }
    }

    /// Whether the two entries mean the same. Does not compare regular expressions.
    pub(crate) fn is_same(&self, other: &OriginRule) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) | (Self::Null, Self::Null) => true,
            (Self::Origin(a), Self::Origin(b)) => a == b,
            _ => false,
        }
    }

    /// Whether this entry allows every origin that `other` allows. Does not compare regular
    /// expressions.
    pub(crate) fn covers(&self, other: &OriginRule) -> bool {
        match (self, other) {
            (Self::Origin(a), Self::Origin(b)) => a.covers(b),
            (Self::Any, Self::Origin(matcher)) => !matcher.is_local_file(),
            (Self::Any, Self::Pattern(_)) => true,
            _ => self.is_same(other),
        }
    }
}

/// The origins in a string that lists several, separated by commas, semicolons or spaces, or as a
/// JSON array.
pub(crate) fn origins_in(text: &str) -> impl Iterator<Item = &str> {
    let array = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let parts = array.unwrap_or(text).split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let parts = parts.map(|part| part.trim_matches(['"', '\'']));
    parts.filter(|part| matches!(*part, "*" | "null") || part.contains("://"))
}
