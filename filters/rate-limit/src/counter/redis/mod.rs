//! Counts that several proxies share, in Redis.
//!
//! 1. One call a request: a script of ours in Redis (`count.lua`) counts it in all windows of its
//!    client or in none, by Redis' clock. It goes through an HTTP form of Redis, the one that
//!    Upstash's REST API has, because that is what all hosts can call.
//! 2. The answer has to repeat a random number. One that does not is another's.
//! 3. A client that has no room is refused without a call until its window ends; and with a lease
//!    most of the requests that pass need none, see `counter::lease`.
//! 4. After some failures in a row nobody is asked for a while, then one request tries (`breaker`).
//! 5. Without an answer `on_error` decides: count here, let it pass, or refuse it.

pub(crate) mod breaker;
mod counter;
mod key;
pub(crate) mod metrics;
pub(crate) mod response;
#[cfg(test)]
mod tests;

use std::{fmt::Write, rc::Rc};

use novasphere_core::{Callout, Endpoint, Env, HeaderName, UnixTime};

pub(crate) use self::{
    breaker::{Breaker, Terms as BreakerTerms},
    key::Secret,
    metrics::Measures,
};
use crate::{
    counter::charge::Take,
    counter::local::table::Fingerprint,
    filter::Question,
    limiter::{Keys, Limit},
    window::Period,
};

/// What is counted where, configured.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) upstream: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) timeout_ms: u32,
    /// Calls under way at most, in one worker.
    pub(crate) max_in_flight: usize,
    pub(crate) on_error: OnError,
    pub(crate) breaker: BreakerTerms,
    pub(crate) metrics: Measures,
    /// The start of every call's body, up to the key.
    pub(crate) body_start: Vec<u8>,
}

/// What becomes of a request that could not be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnError {
    /// It is counted in this proxy.
    Local,
    Allow,
    Deny,
}

/// What one worker remembers.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) breaker: Breaker,
    /// As many hold it as calls are under way, and one more.
    in_flight: Rc<()>,
    /// Of each limiter the keys of what is known of its clients.
    keys: Vec<Keys>,
}

/// A question about a request; it comes back with the answer.
pub(crate) struct Asked {
    nonce: String,
    at: UnixTime,
    question: Question,
    /// What may be taken for it.
    most: u32,
    known_as: Fingerprint,
    /// Lives as long as the question.
    alive: Rc<()>,
    /// Counted in that.
    _in_flight: Rc<()>,
}

/// The script without what is for readers.
fn script() -> String {
    let lines = include_str!("count.lua").lines().map(str::trim);
    let code: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
    code.join("\n")
}

/// The longest answer: seven counts are far less.
const MAX_ANSWER_BYTES: usize = 4_096;

impl Redis {
    /// The call that asks.
    fn call<'f>(&'f self, asked: Rc<Asked>, body: Vec<u8>) -> Callout<'f> {
        Callout {
            ticket: asked,
            upstream: &self.upstream,
            endpoint: &self.endpoint,
            headers: &self.headers,
            body,
            timeout_ms: self.timeout_ms,
            max_body: MAX_ANSWER_BYTES,
        }
    }
}

/// The start of every call's body, up to the key.
pub(crate) fn body_start() -> Vec<u8> {
    let script = serde_json::Value::from(script());
    format!("[\"EVAL\",{script},\"1\",\"novasphere:rate-limit:").into_bytes()
}

/// The body of a call: one command, as an array of strings.
fn body(
    start: &[u8],
    key: &[u8; 16],
    nonce: &str,
    take: &Take,
    limits: &[Limit],
    now: u32,
) -> Vec<u8> {
    let Take { cost, lease, back, since } = take;
    let mut rest = String::with_capacity(128);
    for byte in key {
        let _ = write!(rest, "{byte:02x}");
    }
    let numbers = [*cost, lease.share, lease.max, *back, *since];
    let _ = write!(rest, "\",\"{nonce}\"");
    for number in numbers {
        let _ = write!(rest, ",\"{number}\"");
    }
    for limit in limits {
        let _ = write!(rest, ",\"{}\",\"{}\"", period(limit.period, now), limit.requests);
    }
    rest.push(']');
    [start, rest.as_bytes()].concat()
}

/// A period as the script wants it: Redis knows no calendar, so that months and years are the
/// moments around now at which one begins. Its clock may be a window apart from the worker's.
fn period(period: Period, now: u32) -> String {
    let (shortest, longest) = period.lengths();
    if shortest == longest {
        return shortest.to_string();
    }
    let this = period.at(now);
    let before = period.at(this.start.saturating_sub(1));
    let after = period.at(this.end);
    format!("{} {} {} {}", before.start, this.start, after.start, after.end)
}

/// A number that no other question has.
fn nonce(env: &Env<'_>) -> String {
    let [a, b, c, d, e, f, g, h, ..] = env.random.bytes();
    format!("{:016x}", u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}
