use std::collections::HashMap;

use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, LocalResponse, RequestHead, ResponseHead,
    testing::TestHost,
};
use proptest::prelude::*;

mod headers;
mod identity;
mod readme;
mod rules;
mod time;

use crate::{RateLimit, counter::local::slots::Slots, filter::State, headers::Headroom};

/// 2024-02-29T13:37:42Z.
fn host() -> TestHost {
    TestHost::at(1_709_213_862)
}

pub(crate) fn ask<'f>(
    host: &TestHost,
    policy: &'f RateLimit,
    state: &mut State,
    lines: &[(&str, &str)],
) -> Decision<'f, Option<Headroom>> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    policy.on_request(&RequestHead { headers: Headers::borrowed(lines) }, state, &host.env())
}

fn allows(host: &TestHost, policy: &RateLimit, state: &mut State, lines: &[(&str, &str)]) -> bool {
    matches!(ask(host, policy, state, lines), Decision::Continue { .. })
}

pub(crate) fn limiter(config: &str) -> RateLimit {
    RateLimit::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

fn refusal(config: &str) -> String {
    RateLimit::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
}

/// The lines a step gives to the response to a request, or the reply's.
pub(crate) fn headers(step: Decision<'_, Option<Headroom>>, policy: &RateLimit) -> String {
    headers_after(step, policy, &[])
}

/// The same when the upstream answers with these lines.
fn headers_after(
    step: Decision<'_, Option<Headroom>>,
    policy: &RateLimit,
    upstream: &[(&str, &str)],
) -> String {
    let line = |name: &dyn std::fmt::Display, value: &[u8]| {
        format!("{name}={}", String::from_utf8_lossy(value))
    };
    let lines: Vec<String> = match step {
        Decision::Continue { carry, .. } => {
            let upstream = upstream.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
            let head = ResponseHead { headers: Headers::borrowed(upstream) };
            let mutations = policy.on_response(carry, &head);
            mutations
                .iter()
                .map(|edit| match edit {
                    HeaderMutation::Set(name, value) => line(name, value),
                    HeaderMutation::Add(name, value) => format!("+{}", line(name, value)),
                    other => panic!("{other:?}"),
                })
                .collect()
        }
        Decision::Pause { .. } | Decision::Call(_) => panic!("waits"),
        Decision::Respond { response, .. } => {
            response.headers.iter().map(|(name, value)| line(name, value)).collect()
        }
    };
    lines.join(" ")
}

pub(crate) fn reason(step: &Decision<'_, Option<Headroom>>) -> &'static str {
    match step {
        Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
        Decision::Pause { .. } | Decision::Call(_) => "waits",
    }
}

fn response<'f>(step: Decision<'f, Option<Headroom>>) -> LocalResponse<'f> {
    match step {
        Decision::Respond { response, .. } => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lost_race_decides_anew_and_never_twice() {
    let policy = limiter(r#"{"hour": 3}"#);
    let (host, mut state) = (host(), State::default());
    for _ in 0..3 {
        host.cas_mismatches.set(5);
        assert!(allows(&host, &policy, &mut state, &[]));
    }
    host.cas_mismatches.set(5);
    assert!(!allows(&host, &policy, &mut state, &[]));
}

#[test]
fn a_failing_store_is_answered_as_configured() {
    let host = host();
    host.shared_data_fails.set(true);
    let tolerant = limiter(r#"{"hour": 1}"#);
    assert!(allows(&host, &tolerant, &mut State::default(), &[]));
    let strict = limiter(r#"{"hour": 1, "fault_tolerant": false}"#);
    match ask(&host, &strict, &mut State::default(), &[]) {
        Decision::Respond { response, reason, .. } => {
            assert_eq!((response.status, reason), (500, "store_failed_refused"));
        }
        other => panic!("{other:?}"),
    }
    host.shared_data_fails.set(false);
    host.cas_mismatches.set(u32::MAX);
    assert!(!allows(&host, &strict, &mut State::default(), &[]), "bounded tries");
}

#[test]
fn workers_share_counts_and_other_limiters_do_not() {
    let policy = limiter(r#"{"hour": 2}"#);
    let host = host();
    let (mut one, mut two) = (State::default(), State::default());
    assert!(allows(&host, &policy, &mut one, &[]));
    assert!(allows(&host, &policy, &mut two, &[]));
    assert!(!allows(&host, &policy, &mut one, &[]));
    assert!(!allows(&host, &policy, &mut two, &[]));
    for other in
        [r#"{"hour": 3}"#, r#"{"hour": 2, "name": "b"}"#, r#"{"hour": 2, "limit_by": "service"}"#]
    {
        assert!(allows(&host, &limiter(other), &mut State::default(), &[]), "{other}");
    }
}

#[test]
fn the_table_is_sized_by_its_clients() {
    assert_eq!(limiter(r#"{"hour": 1}"#).slots, Slots::hold(65_536));
    assert_eq!(Slots::hold(65_536).count(), 32_768);
    assert_eq!(limiter(r#"{"hour": 1, "max_clients": 1024}"#).slots.count(), 512);
    assert!(
        refusal(r#"{"hour": 1, "max_clients": 5}"#).starts_with("max_clients: must be 1024 to")
    );
}

#[test]
fn many_more_clients_than_places_stay_in_bounds() {
    let policy = limiter(
        r#"{"hour": 9, "limit_by": "header", "header_name": "x-client", "max_clients": 1024}"#,
    );
    let (host, mut state) = (host(), State::default());
    for n in 0..20_000 {
        let client = format!("client-{n}");
        assert!(allows(&host, &policy, &mut state, &[("x-client", &client)]));
    }
    assert!(host.shared_values.borrow().len() <= 512 + 1);
    assert!(host.events.borrow().contains(&"evicted"));
}

proptest! {
    /// Whatever the order of requests, clients and times, a reading of the clock now and then being
    /// a little old: per client and window never more than the limit, and never a refusal below
    /// all limits.
    #[test]
    fn admitted_is_what_a_plain_count_admits(
        steps in prop::collection::vec((0_u64..40, 0_u64..4, 0_u8..6), 1..300),
        minute in 1_u32..6,
        more in 0_u32..10,
    ) {
        let hour = minute + more;
        let policy = limiter(&format!(
            r#"{{"minute": {minute}, "hour": {hour}, "limit_by": "header", "header_name": "c"}}"#
        ));
        let (host, mut state) = (host(), State::default());
        let mut counts: HashMap<(u8, char, u64), u32> = HashMap::new();
        let mut last: HashMap<u8, u64> = HashMap::new();
        let mut clock = host.millis.get() / 1000;
        for (wait, late, client) in steps {
            clock += wait;
            host.millis.set((clock - late) * 1000);
            let now = last.get(&client).copied().unwrap_or(0).max(clock - late);
            let (in_minute, in_hour) = ((client, 'm', now / 60), (client, 'h', now / 3600));
            let expected = counts.get(&in_minute).copied().unwrap_or(0) < minute
                && counts.get(&in_hour).copied().unwrap_or(0) < hour;
            if expected {
                *counts.entry(in_minute).or_default() += 1;
                *counts.entry(in_hour).or_default() += 1;
                last.insert(client, now);
            }
            let name = client.to_string();
            prop_assert_eq!(allows(&host, &policy, &mut state, &[("c", &name)]), expected);
        }
    }

    #[test]
    fn no_head_is_too_odd(name in ".{0,20}", value in prop::collection::vec(any::<u8>(), 0..300)) {
        for by in ["ip", "consumer", "service"] {
            let policy = limiter(&format!(r#"{{"hour": 1, "limit_by": "{by}"}}"#));
            let lines = [(name.as_bytes(), value.as_slice()), (&b"x-consumer-id"[..], &value)];
            let head = RequestHead { headers: Headers::borrowed(lines) };
            policy.on_request(&head, &mut State::default(), &host().env());
        }
    }
}
