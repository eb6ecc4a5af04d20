//! Failures of Redis.

use novasphere_core::{Decision, FetchError};
use proptest::prelude::*;

use super::{
    model::{Start, Worker, reason},
    *,
};

fn failing(on_error: &str) -> RateLimit {
    shared(&format!(r#""minute": 4, "redis": {{"uri": "http://redis:80/", {on_error}}}"#))
}

const TIMEOUT: Result<(u16, &str), FetchError> = Err(FetchError::NoResponse);

#[test]
fn on_error_decides() {
    let local = failing(r#""on_error": "local", "local_share": 50"#);
    let mut worker = Worker::new(&local, NOW);
    let decisions = [0, 1, 2, 3].map(|_| worker.send_with(TIMEOUT));
    let [allowed, limited] = ["fallback_allowed", "fallback_limited"];
    assert_eq!(decisions, [allowed, allowed, limited, limited]);
    let allow = failing(r#""on_error": "allow""#);
    let mut worker = Worker::new(&allow, NOW);
    assert_eq!([0; 9].map(|_| worker.send_with(TIMEOUT)), ["store_failed_allowed"; 9]);
    let deny = failing(r#""on_error": "deny", "breaker": {"open_ms": 2500}"#);
    let mut worker = Worker::new(&deny, NOW);
    let Start::Calls(call) = worker.begin("a") else { panic!("no call") };
    let Decision::Respond { response, reason, .. } = worker.end("a", call, TIMEOUT) else {
        panic!()
    };
    assert_eq!((response.status, reason), (503, "store_failed_refused"));
    assert!(response.headers.iter().any(|(n, v)| n.as_str() == "retry-after" && &**v == b"3"));
}

#[test]
fn fallback_headers_show_the_quota_of_this_proxy() {
    let filter = failing(r#""local_share": 50"#);
    let mut worker = Worker::new(&filter, NOW);
    let Start::Calls(call) = worker.begin("a") else { panic!("no call") };
    let lines = headers(worker.end("a", call, TIMEOUT), &filter);
    assert!(lines.contains("ratelimit-limit=4 ratelimit-remaining=1"), "{lines}");
}

#[test]
fn breaker_bounds_the_number_of_timeouts() {
    let filter = failing(r#""on_error": "allow""#);
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    let asks = |worker: &mut Worker<'_>| match worker.begin("a") {
        Start::Calls(call) => {
            worker.end("a", call, TIMEOUT);
            true
        }
        Start::Decides(_) => false,
    };
    let first = (0..100).filter(|_| asks(&mut worker)).count();
    assert_eq!(first, 3);
    worker.pass(1_000);
    assert_eq!((0..100).filter(|_| asks(&mut worker)).count(), 1);
    assert_eq!(worker.host.warnings.borrow().len(), 1, "logged once");
    worker.pass(1_000);
    assert_eq!(reason(&worker.send("a", &redis)), "allowed");
    assert_eq!(reason(&worker.send("a", &redis)), "allowed");
    let events = worker.host.events.take();
    for event in ["breaker_opened", "breaker_closed"] {
        assert_eq!(events.iter().filter(|e| **e == event).count(), 1, "{event}");
    }
}

#[test]
fn pending_calls_are_bounded_and_end_with_their_requests() {
    let filter = failing(r#""on_error": "allow", "max_in_flight": 10"#);
    let mut worker = Worker::new(&filter, NOW);
    let mut pending = Vec::new();
    for n in 0..25 {
        match worker.begin(&n.to_string()) {
            Start::Calls(call) => pending.push(call),
            Start::Decides(decision) => assert_eq!(reason(&decision), "store_failed_allowed"),
        }
    }
    assert_eq!(pending.len(), 10);
    pending.clear();
    for n in 0..100_000 {
        let Start::Calls(call) = worker.begin(&n.to_string()) else {
            panic!("the dropped call is still counted")
        };
        drop(call);
    }
}

/// Hosts can report results whose client has left. The breaker then counts failures, and other
/// requests use the lease.
#[test]
fn results_of_abandoned_calls_are_used() {
    let filter = failing(r#""on_error": "allow""#);
    let mut worker = Worker::new(&filter, NOW);
    for _ in 0..3 {
        let Start::Calls(call) = worker.begin("a") else { panic!("no call") };
        worker.abandon(&call, TIMEOUT);
    }
    assert_eq!(worker.send_with(TIMEOUT), "store_failed_allowed");
    assert!(worker.host.events.take().contains(&"breaker_opened"));

    let filter = shared(&format!(r#""minute": 100, "lease": {{}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    let Start::Calls(call) = worker.begin("a") else { panic!("no call") };
    let response = redis.borrow_mut().respond(&call.body);
    worker.abandon(&call, Ok((200, &response)));
    assert_eq!(reason(&worker.send("a", &redis)), "allowed");
    assert_eq!(redis.borrow().calls, 1, "the lease is used");
}

#[test]
fn every_failure_has_a_metric() {
    let filter = failing(r#""on_error": "allow""#);
    let names: Vec<String> =
        filter.metric_definitions().into_iter().map(|metric| metric.labels).collect();
    let kind = |response| {
        let mut worker = Worker::new(&filter, NOW);
        assert_eq!(worker.send_with(response), "store_failed_allowed");
        let records = worker.host.records.take();
        assert_eq!(records.len(), 1, "{records:?}");
        names[records[0].0].clone()
    };
    for (response, expected) in [
        (Err(FetchError::NotSent(2)), "not_sent"),
        (TIMEOUT, "no_reply"),
        (Err(FetchError::TooLarge(9_999)), "unreadable"),
        (Ok((504, "")), "no_reply"),
        (Ok((503, "")), "unavailable"),
        (Ok((401, "")), "unauthorized"),
        (Ok((400, r#"{"error":"ERR"}"#)), "status"),
        (Ok((500, "")), "status"),
        (Ok((200, r#"{"error":"ERR"}"#)), "status"),
        (Ok((200, "")), "unreadable"),
        (Ok((200, "<html>")), "unreadable"),
        (Ok((200, r#"{"result":1}"#)), "unreadable"),
        (Ok((200, r#"{"result":[]}"#)), "unreadable"),
        (Ok((200, r#"{"result":["0000000000000000",1,1,1]}"#)), "wrong_answer"),
    ] {
        assert_eq!(kind(response), format!("kind={expected}"), "{response:?}");
    }
}

#[test]
fn invalid_responses_are_failures() {
    let filter = failing(r#""on_error": "allow""#);
    for (rest, expected) in [
        ("1,1,1", "allowed"),
        ("0,1,4", "limited"),
        ("2,1,1", "store_failed_allowed"),
        ("1,1", "store_failed_allowed"),
        ("1,1,1,1", "store_failed_allowed"),
        ("-1,1,1", "store_failed_allowed"),
        ("1.5,1,1", "store_failed_allowed"),
        (r#""1",1,1"#, "store_failed_allowed"),
    ] {
        let mut worker = Worker::new(&filter, NOW);
        let Start::Calls(call) = worker.begin("a") else { panic!("no call") };
        let command: Vec<String> = serde_json::from_slice(&call.body).unwrap();
        let response = format!(r#"{{"result":["{}",{rest}]}}"#, command[4]);
        assert_eq!(reason(&worker.end("a", call, Ok((200, &response)))), expected, "{rest}");
    }
}

proptest! {
    #[test]
    fn any_response_is_decided(status in 0_u16..600, body in ".{0,200}", array in "[\\[\\]{}\",0-9e.-]{0,60}") {
        let filter = failing(r#""on_error": "local""#);
        let mut worker = Worker::new(&filter, NOW);
        worker.send_with(Ok((status, &body)));
        let result = format!(r#"{{"result":[{array}]}}"#);
        worker.send_with(Ok((200, &result)));
    }
}
