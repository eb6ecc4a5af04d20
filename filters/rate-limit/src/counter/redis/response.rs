//! Responses of the script.

use novasphere_core::{FetchError, FetchResponse, Json};

use crate::{
    counter::charge::Grant,
    metrics::RedisFailure,
    window::{Counts, MAX_WINDOWS},
};

/// The grant in the response to the call with this nonce. `limits` is the number of limits.
pub(crate) fn read(
    response: &Result<FetchResponse<'_>, FetchError>,
    nonce: &str,
    limits: usize,
) -> Result<Grant, RedisFailure> {
    let response = response.as_ref().map_err(|error| match error {
        FetchError::NotSent(_) => RedisFailure::NotSent,
        FetchError::NoResponse => RedisFailure::NoReply,
        FetchError::TooLarge(_) => RedisFailure::Unreadable,
    })?;
    match response.status {
        200 => {}
        401 | 403 => return Err(RedisFailure::Unauthorized),
        502 | 503 => return Err(RedisFailure::Unavailable),
        504 => return Err(RedisFailure::NoReply),
        _ => return Err(RedisFailure::Status),
    }
    let json = Json::parse(response.body).map_err(|_| RedisFailure::Unreadable)?;
    if json.get("error").is_some() {
        return Err(RedisFailure::Status);
    }
    let Some(Json::Array(items)) = json.get("result") else { return Err(RedisFailure::Unreadable) };
    let Some((echoed, numbers)) = items.split_first() else { return Err(RedisFailure::Unreadable) };
    match echoed {
        Json::String(echoed) if echoed == nonce => {}
        Json::String(_) => return Err(RedisFailure::WrongAnswer),
        _ => return Err(RedisFailure::Unreadable),
    }
    grant(numbers, limits).ok_or(RedisFailure::Unreadable)
}

fn grant(numbers: &[Json], limits: usize) -> Option<Grant> {
    let number = |json: &Json| match json {
        Json::Number(number) => number.as_u64(),
        _ => None,
    };
    let [taken, at, rest @ ..] = numbers else { return None };
    if rest.len() != limits {
        return None;
    }
    let mut counts = [0; MAX_WINDOWS];
    for (to, from) in counts.iter_mut().zip(rest) {
        *to = u32::try_from(number(from)?).unwrap_or(u32::MAX);
    }
    Some(Grant {
        taken: u32::try_from(number(taken)?).ok()?,
        counts: Counts { counts, at: number(at)? },
    })
}
