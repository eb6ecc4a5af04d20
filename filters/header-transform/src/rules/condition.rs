//! [`Condition`]: when a rule applies.

use std::fmt;

use novasphere_core::{HeaderName, Headers};

/// The least status of a refusal. A filter's response to a preflight is below.
pub(crate) const FIRST_REFUSAL: u16 = 400;

/// The condition under which a rule applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    #[default]
    Always,
    /// Requests with one of these methods.
    Methods(Vec<String>),
    /// Responses with a status in one of these ranges.
    Statuses(Vec<StatusRange>),
}

/// The messages to which a rule applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) condition: Condition,
    /// Whether the rule also applies to the refusals of other filters.
    pub(crate) on_refusals: bool,
}

/// The first and the last status code of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusRange(u16, u16);

/// Why a string is not a method or a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidCondition {
    Method,
    Status,
    Interim,
}

impl fmt::Display for InvalidCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "is not a method: expected upper case, such as GET (RFC 9110 9.1)",
            Self::Status => {
                "is not a status: expected 404, a range \"200-299\" or a class \"5xx\", from 200 \
                 to 599"
            }
            Self::Interim => {
                "is interim: rules do not apply to 1xx responses (RFC 9110 15.2); expected 200 \
                 to 599"
            }
        })
    }
}

impl std::error::Error for InvalidCondition {}

impl Condition {
    pub(crate) fn applies(&self, headers: &Headers<'_>) -> bool {
        match self {
            Condition::Always => true,
            Condition::Methods(methods) => {
                let method = headers.get(":method").unwrap_or_default();
                methods.iter().any(|allowed| allowed.as_bytes() == method)
            }
            Condition::Statuses(ranges) => status(headers).is_some_and(|status| {
                ranges.iter().any(|StatusRange(first, last)| (*first..=*last).contains(&status))
            }),
        }
    }

    /// Whether the condition excludes every refusal by its status.
    pub(crate) fn excludes_refusals(&self) -> bool {
        let is_below = |StatusRange(_, last): &StatusRange| *last < FIRST_REFUSAL;
        matches!(self, Condition::Statuses(ranges) if ranges.iter().all(is_below))
    }

    /// The pseudo-header that the condition reads.
    pub(super) fn pseudo_header(&self) -> Option<&'static str> {
        match self {
            Condition::Always => None,
            Condition::Methods(_) => Some(":method"),
            Condition::Statuses(_) => Some(":status"),
        }
    }
}

impl Condition {
    /// The value in the message that the condition reads.
    pub(crate) fn found(&self, headers: &Headers<'_>) -> String {
        let name = self.pseudo_header().unwrap_or_default();
        String::from_utf8_lossy(headers.get(name).unwrap_or_default()).into_owned()
    }
}

/// The condition for readers of the configuration: `GET or HEAD`, `404 or 500-599`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |StatusRange(first, last): &StatusRange| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        match self {
            Condition::Always => f.write_str("always"),
            Condition::Methods(methods) => f.write_str(&methods.join(" or ")),
            Condition::Statuses(ranges) => {
                f.write_str(&ranges.iter().map(range).collect::<Vec<_>>().join(" or "))
            }
        }
    }
}

impl Scope {
    /// Whether a rule with this scope applies to every message to which one with `other` applies.
    /// May be false where it does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let is_wider = self.condition == Condition::Always || self.condition == other.condition;
        is_wider && (self.on_refusals || !other.on_refusals)
    }

    /// Whether rules with this scope and with `other` may apply to the same request.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (&self.condition, &other.condition) {
            (Condition::Methods(ours), Condition::Methods(theirs)) => {
                ours.iter().any(|method| theirs.contains(method))
            }
            _ => true,
        }
    }
}

/// The status code of a response (RFC 9113 section 8.3.2).
pub(crate) fn status(headers: &Headers<'_>) -> Option<u16> {
    str::from_utf8(headers.get(":status")?).ok()?.parse().ok()
}

/// Parses a method (RFC 9110 section 9.1). Rejects lower case, since methods are case-sensitive and
/// no method in use has it.
pub(crate) fn parse_method(text: &str) -> Result<String, InvalidCondition> {
    let is_token = HeaderName::parse(text).is_ok();
    if !is_token || text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err(InvalidCondition::Method);
    }
    Ok(text.to_owned())
}

impl StatusRange {
    /// Parses `404`, `200-299` or `5xx`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidCondition> {
        let code = |text: &str| {
            let is_code = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| is_code)
        };
        let (first, last) = match (text.split_once('-'), text.strip_suffix("xx")) {
            (Some((first, last)), _) => (code(first), code(last)),
            (None, Some(class)) => (code(&format!("{class}00")), code(&format!("{class}99"))),
            (None, None) => (code(text), code(text)),
        };
        match (first, last) {
            (Some(first), Some(last)) if first > last || last > 599 => {
                Err(InvalidCondition::Status)
            }
            (Some(first), Some(last)) if first >= 200 => Ok(Self(first, last)),
            (Some(100..), Some(_)) => Err(InvalidCondition::Interim),
            _ => Err(InvalidCondition::Status),
        }
    }

    /// Whether all of `other` is inside this range.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.0 <= other.0 && other.1 <= self.1
    }
}
