use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, LocalResponse, RequestHead, ResponseHead,
    testing::TestHost,
};
use proptest::prelude::*;

mod client;
mod clock;
mod counter;
mod guide;
mod headers;
mod lease;
mod redis;
mod refusal;
mod repetition;
mod rule_headers;
mod rules;

use crate::{RateLimit, filter::State, headers::Headroom};

/// 2024-02-29T13:37:42Z.
fn host() -> TestHost {
    TestHost::at(1_709_213_862)
}

fn send<'f>(
    host: &TestHost,
    filter: &'f RateLimit,
    state: &mut State,
    lines: &[(&str, &str)],
) -> Decision<'f, Option<Box<Headroom>>> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    // It belongs to one request.
    host.attributes.borrow_mut().remove("rate_limit_counted");
    filter.on_request(&RequestHead { headers: Headers::borrowed(lines) }, state, &host.env())
}

fn passes(host: &TestHost, filter: &RateLimit, state: &mut State, lines: &[(&str, &str)]) -> bool {
    matches!(send(host, filter, state, lines), Decision::Continue { .. })
}

fn build(config: &str) -> RateLimit {
    RateLimit::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

fn errors(config: &str) -> String {
    RateLimit::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
}

/// The header lines that a decision adds to the response, or the lines of the local response.
fn headers(decision: Decision<'_, Option<Box<Headroom>>>, filter: &RateLimit) -> String {
    headers_after(decision, filter, &[])
}

/// The header lines that a decision adds to an upstream's response with these headers.
fn headers_after(
    decision: Decision<'_, Option<Box<Headroom>>>,
    filter: &RateLimit,
    upstream: &[(&str, &str)],
) -> String {
    let line = |name: &dyn std::fmt::Display, value: &[u8]| {
        format!("{name}={}", String::from_utf8_lossy(value))
    };
    let lines: Vec<String> = match decision {
        Decision::Continue { carry, .. } => {
            let upstream = upstream.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
            let head = ResponseHead { headers: Headers::borrowed(upstream) };
            let mutations = filter.on_response(carry, &head);
            mutations
                .iter()
                .map(|mutation| match mutation {
                    HeaderMutation::Set(name, value) => line(name, value),
                    HeaderMutation::Add(name, value) => format!("+{}", line(name, value)),
                    HeaderMutation::Remove(name) => format!("-{name}"),
                    other => panic!("{other:?}"),
                })
                .collect()
        }
        Decision::Pause { .. } | Decision::Call(_) => panic!("not decided"),
        Decision::Respond { response, .. } => {
            response.headers.iter().map(|(name, value)| line(name, value)).collect()
        }
    };
    lines.join(" ")
}

fn reason(decision: &Decision<'_, Option<Box<Headroom>>>) -> &'static str {
    match decision {
        Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
        Decision::Pause { .. } | Decision::Call(_) => "pending",
    }
}

fn response<'f>(decision: Decision<'f, Option<Box<Headroom>>>) -> Box<LocalResponse<'f>> {
    match decision {
        Decision::Respond { response, .. } => response,
        other => panic!("{other:?}"),
    }
}
