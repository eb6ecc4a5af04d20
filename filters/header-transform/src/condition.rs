//! When rules are carried out.

use std::fmt;

use novasphere_core::{HeaderName, Headers};

/// Which messages rules are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    /// All.
    #[default]
    Always,
    /// Requests with one of these methods.
    Methods(Vec<String>),
    /// Responses with a status in one of these ranges.
    Statuses(Vec<Statuses>),
}

/// The first and the last status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statuses(u16, u16);

/// Why a text is no method or no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidCondition {
    Method,
    Status,
    Interim,
}

impl fmt::Display for InvalidCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "is not a method: they are case-sensitive, as GET (RFC 9110 9.1)",
            Self::Status => {
                "is not a status: write 404, a range \"200-299\" or a class \"5xx\", from 200 to 599"
            }
            Self::Interim => "is interim: rules leave 1xx responses alone (RFC 9110 15.2)",
        })
    }
}

impl Condition {
    pub(crate) fn applies(&self, headers: &Headers<'_>) -> bool {
        match self {
            Condition::Always => true,
            Condition::Methods(methods) => {
                let method = headers.get(":method").unwrap_or_default();
                methods.iter().any(|allowed| allowed.as_bytes() == method)
            }
            Condition::Statuses(ranges) => status(headers).is_some_and(|status| {
                ranges.iter().any(|Statuses(first, last)| (*first..=*last).contains(&status))
            }),
        }
    }

    /// The pseudo-header it looks at.
    pub(crate) fn reads(&self) -> Option<&'static str> {
        match self {
            Condition::Always => None,
            Condition::Methods(_) => Some(":method"),
            Condition::Statuses(_) => Some(":status"),
        }
    }
}

/// The status code of a response (RFC 9113 section 8.3.2).
pub(crate) fn status(headers: &Headers<'_>) -> Option<u16> {
    str::from_utf8(headers.get(":status")?).ok()?.parse().ok()
}

/// A method (RFC 9110 section 9.1). Those in lower case are none that anybody uses.
pub(crate) fn method(text: &str) -> Result<String, InvalidCondition> {
    let is_token = HeaderName::parse(text).is_ok();
    if !is_token || text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err(InvalidCondition::Method);
    }
    Ok(text.to_owned())
}

impl Statuses {
    /// `404`, `200-299` or `5xx`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidCondition> {
        let code = |text: &str| {
            let digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| digits)
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

    /// Whether all of `other` is in it.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.0 <= other.0 && other.1 <= self.1
    }
}
