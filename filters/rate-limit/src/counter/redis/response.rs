//! What came of a question.

use novasphere_core::{FetchError, FetchResponse, Json};

use crate::{
    counter::lease::cache::{Counts, Granted},
    counter::local::table::WINDOWS,
};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The proxy did not send it.
    NotSent,
    /// No reply, or not in time; some proxies answer with 504 themselves then.
    NoReply,
    /// The proxy, or what is before Redis, says that it is not there: 502 or 503.
    Unavailable,
    /// The token is not the right one: 401 or 403.
    Unauthorized,
    /// Redis refused the command, or the reply has another status.
    Status,
    /// It is not what the script answers.
    Unreadable,
    /// It is another question's.
    WrongAnswer,
    /// There are as many calls under way as may be.
    TooMany,
    /// Calls failed, and the time is not over in which none is made.
    BreakerOpen,
}

impl Failure {
    /// All, in order.
    pub(crate) const ALL: [Failure; 9] = [
        Failure::NotSent,
        Failure::NoReply,
        Failure::Unavailable,
        Failure::Unauthorized,
        Failure::Status,
        Failure::Unreadable,
        Failure::WrongAnswer,
        Failure::TooMany,
        Failure::BreakerOpen,
    ];

    /// The name in metrics and the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Failure::NotSent => "not_sent",
            Failure::NoReply => "no_reply",
            Failure::Unavailable => "unavailable",
            Failure::Unauthorized => "unauthorized",
            Failure::Status => "status",
            Failure::Unreadable => "unreadable",
            Failure::WrongAnswer => "wrong_answer",
            Failure::TooMany => "too_many",
            Failure::BreakerOpen => "breaker_open",
        }
    }
}

/// Reads the answer to the question with that nonce about so many limits.
pub(crate) fn read(
    response: &Result<FetchResponse<'_>, FetchError>,
    nonce: &str,
    limits: usize,
) -> Result<Granted, Failure> {
    let response = response.as_ref().map_err(|error| match error {
        FetchError::NotSent(_) => Failure::NotSent,
        FetchError::NoResponse => Failure::NoReply,
        FetchError::TooLarge(_) => Failure::Unreadable,
    })?;
    match response.status {
        200 => {}
        401 | 403 => return Err(Failure::Unauthorized),
        502 | 503 => return Err(Failure::Unavailable),
        504 => return Err(Failure::NoReply),
        _ => return Err(Failure::Status),
    }
    let json = Json::parse(response.body).map_err(|_| Failure::Unreadable)?;
    if json.get("error").is_some() {
        return Err(Failure::Status);
    }
    let Some(Json::Array(items)) = json.get("result") else { return Err(Failure::Unreadable) };
    let Some((told, numbers)) = items.split_first() else { return Err(Failure::Unreadable) };
    match told {
        Json::String(told) if told == nonce => {}
        Json::String(_) => return Err(Failure::WrongAnswer),
        _ => return Err(Failure::Unreadable),
    }
    granted(numbers, limits).ok_or(Failure::Unreadable)
}

fn granted(numbers: &[Json], limits: usize) -> Option<Granted> {
    let number = |json: &Json| match json {
        Json::Number(number) => number.as_u64(),
        _ => None,
    };
    let [taken, at, rest @ ..] = numbers else { return None };
    if rest.len() != limits {
        return None;
    }
    let mut counts = [0; WINDOWS];
    for (to, from) in counts.iter_mut().zip(rest) {
        *to = u32::try_from(number(from)?).unwrap_or(u32::MAX);
    }
    Some(Granted {
        taken: u32::try_from(number(taken)?).ok()?,
        counts: Counts { counts, at: number(at)? },
    })
}
