//! When Redis fails.

use novasphere_core::{Decision, FetchError};
use proptest::prelude::*;

use super::{
    model::{First, Worker, reason},
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
    let decisions = [0, 1, 2, 3].map(|_| worker.ask_in_vain(TIMEOUT));
    let [allowed, limited] = ["fallback_allowed", "fallback_limited"];
    assert_eq!(decisions, [allowed, allowed, limited, limited]);
    let allow = failing(r#""on_error": "allow""#);
    let mut worker = Worker::new(&allow, NOW);
    assert_eq!([0; 9].map(|_| worker.ask_in_vain(TIMEOUT)), ["store_failed_allowed"; 9]);
    let deny = failing(r#""on_error": "deny", "breaker": {"open_ms": 2500}"#);
    let mut worker = Worker::new(&deny, NOW);
    let First::Asks(call) = worker.begin("a") else { panic!("does not ask") };
    let Decision::Respond { response, reason, .. } = worker.end("a", call, TIMEOUT) else {
        panic!()
    };
    assert_eq!((response.status, reason), (503, "store_failed_refused"));
    assert!(response.headers.iter().any(|(n, v)| n.as_str() == "retry-after" && &**v == b"3"));
}

#[test]
fn clients_are_told_what_is_left_here() {
    let policy = failing(r#""local_share": 50"#);
    let mut worker = Worker::new(&policy, NOW);
    let First::Asks(call) = worker.begin("a") else { panic!("does not ask") };
    let told = crate::tests::headers(worker.end("a", call, TIMEOUT), &policy);
    assert!(told.contains("ratelimit-limit=4 ratelimit-remaining=1"), "{told}");
}

#[test]
fn a_dead_redis_costs_a_few_timeouts_and_then_one_now_and_then() {
    let policy = failing(r#""on_error": "allow""#);
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    let asks = |worker: &mut Worker<'_>| match worker.begin("a") {
        First::Asks(call) => {
            worker.end("a", call, TIMEOUT);
            true
        }
        First::Decides(_) => false,
    };
    let first = (0..100).filter(|_| asks(&mut worker)).count();
    assert_eq!(first, 3);
    worker.pass(1_000);
    assert_eq!((0..100).filter(|_| asks(&mut worker)).count(), 1);
    assert_eq!(worker.host.warnings.borrow().len(), 1, "told once");
    worker.pass(1_000);
    assert_eq!(reason(&worker.ask("a", &redis)), "allowed");
    assert_eq!(reason(&worker.ask("a", &redis)), "allowed");
    let events = worker.host.events.take();
    for event in ["breaker_opened", "breaker_closed"] {
        assert_eq!(events.iter().filter(|e| **e == event).count(), 1, "{event}");
    }
}

#[test]
fn calls_under_way_are_bounded_and_end_with_their_requests() {
    let policy = failing(r#""on_error": "allow", "max_in_flight": 10"#);
    let mut worker = Worker::new(&policy, NOW);
    let mut under_way = Vec::new();
    for n in 0..25 {
        match worker.begin(&n.to_string()) {
            First::Asks(call) => under_way.push(call),
            First::Decides(step) => assert_eq!(reason(&step), "store_failed_allowed"),
        }
    }
    assert_eq!(under_way.len(), 10);
    under_way.clear();
    for n in 0..100_000 {
        let First::Asks(call) = worker.begin(&n.to_string()) else { panic!("kept a place") };
        drop(call);
    }
}

/// Hosts may tell of answers that nobody waits for: clients that leave early hide no dead Redis,
/// and what was taken for them is used by others.
#[test]
fn answers_that_nobody_waits_for_are_learned_from() {
    let policy = failing(r#""on_error": "allow""#);
    let mut worker = Worker::new(&policy, NOW);
    for _ in 0..3 {
        let First::Asks(call) = worker.begin("a") else { panic!("does not ask") };
        worker.abandon(&call, TIMEOUT);
    }
    assert_eq!(worker.ask_in_vain(TIMEOUT), "store_failed_allowed");
    assert!(worker.host.events.take().contains(&"breaker_opened"));

    let policy = shared(&format!(r#""minute": 100, "lease": {{}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    let First::Asks(call) = worker.begin("a") else { panic!("does not ask") };
    let answer = redis.borrow_mut().answer(&call.body);
    worker.abandon(&call, Ok((200, &answer)));
    assert_eq!(reason(&worker.ask("a", &redis)), "allowed");
    assert_eq!(redis.borrow().calls, 1, "the lease is there");
}

#[test]
fn every_failure_has_its_name() {
    let policy = failing(r#""on_error": "allow""#);
    let names: Vec<String> =
        policy.metric_definitions().into_iter().map(|metric| metric.labels).collect();
    let kind = |response| {
        let mut worker = Worker::new(&policy, NOW);
        assert_eq!(worker.ask_in_vain(response), "store_failed_allowed");
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
fn an_answer_has_to_be_one_to_this_question() {
    let policy = failing(r#""on_error": "allow""#);
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
        let mut worker = Worker::new(&policy, NOW);
        let First::Asks(call) = worker.begin("a") else { panic!("does not ask") };
        let command: Vec<String> = serde_json::from_slice(&call.body).unwrap();
        let answer = format!(r#"{{"result":["{}",{rest}]}}"#, command[4]);
        assert_eq!(reason(&worker.end("a", call, Ok((200, &answer)))), expected, "{rest}");
    }
}

proptest! {
    #[test]
    fn no_reply_is_too_odd(status in 0_u16..600, body in ".{0,200}", array in "[\\[\\]{}\",0-9e.-]{0,60}") {
        let policy = failing(r#""on_error": "local""#);
        let mut worker = Worker::new(&policy, NOW);
        worker.ask_in_vain(Ok((status, &body)));
        let result = format!(r#"{{"result":[{array}]}}"#);
        worker.ask_in_vain(Ok((200, &result)));
    }
}
