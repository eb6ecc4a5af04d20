//! Counting in Redis.

mod failures;
mod fleet;
mod model;

use std::cell::RefCell;

use novasphere_core::{Decision, Filter, testing::TestHost};

use self::model::{Redis, Start, Worker, headroom, reason};
use super::{build, headers, send};
use crate::{RateLimit, filter::State, headers::remaining};

/// 2024-02-29T13:37:42.5Z.
const NOW: u64 = 1_709_213_862_500;

fn redis() -> RefCell<Redis> {
    RefCell::new(Redis { millis: NOW, ..Redis::default() })
}

/// A filter with `policy: redis` that limits by the header `c`.
fn shared(more: &str) -> RateLimit {
    build(&format!(r#"{{"policy": "redis", "limit_by": "header", "header_name": "c", {more}}}"#))
}

const URI: &str = r#""redis": {"uri": "http://redis:80/"}"#;

/// The command of the first call.
fn command(filter: &RateLimit) -> Vec<String> {
    let Start::Calls(call) = Worker::new(filter, NOW).begin("a") else { panic!("no call") };
    serde_json::from_slice(&call.body).unwrap()
}

#[test]
fn call_is_one_command_with_all_windows() {
    let filter = shared(&format!(r#""minute": 5, "month": 9, "year": 9, {URI}"#));
    let command = command(&filter);
    let args: Vec<&str> = command.iter().skip(5).map(String::as_str).collect();
    assert_eq!(
        args,
        [
            "1",
            "0",
            "0",
            "0",
            "0",
            "60",
            "5",
            // 1 January to 1 April 2024, and 1 January of 2023 to 2026.
            "1704067200 1706745600 1709251200 1711929600",
            "9",
            "1672531200 1704067200 1735689600 1767225600",
            "9",
        ]
    );
    assert!(command[1].starts_with("local time = redis.call('TIME')"), "{}", command[1]);
    assert!(!command[1].contains("--") && command[1].len() < 1_500, "{}", command[1].len());
}

#[test]
fn call_goes_to_the_configured_upstream() {
    let mut host = TestHost::at(NOW / 1_000);
    host.variables.insert("TOKEN".to_owned(), "s3cret".to_owned());
    let config = r#"{"hour": 5, "policy": "redis", "redis": {"uri": "https://redis.test/x?y",
        "cluster": "front", "token": {"env": "TOKEN"}, "timeout_ms": 70}}"#;
    let filter = RateLimit::from_json(config.as_bytes(), &host).unwrap();
    assert_eq!(host.warnings.take(), [""; 0]);
    let decision = send(&host, &filter, &mut State::default(), &[]);
    let Decision::Call(call) = decision else { panic!("{decision:?}") };
    assert_eq!((call.upstream, call.timeout_ms), ("front", 70));
    assert_eq!((call.endpoint.authority.as_str(), call.endpoint.https), ("redis.test", true));
    assert_eq!(call.endpoint.path, "/x?y");
    let lines: Vec<String> = call.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    assert_eq!(lines, ["content-type: application/json", "authorization: Bearer s3cret"]);
}

/// Other keys would reset all counts while proxies are updated one by one.
#[test]
fn keys_are_the_same_in_every_proxy_and_release() {
    let key = |more: &str| command(&shared(more))[3].clone();
    let plain = key(&format!(r#""minute": 5, {URI}"#));
    assert_eq!(plain, "novasphere:rate-limit:6c84feb6ca6ba5b5d77b85d92fa4dd14");
    let secret = r#""redis": {"uri": "http://redis:80/", "secret": "0123456789abcdef"}"#;
    for other in [
        format!(r#""minute": 6, {URI}"#),
        format!(r#""minute": 5, "name": "b", {URI}"#),
        format!(r#""minute": 5, {secret}"#),
    ] {
        assert_ne!(key(&other), plain, "{other}");
    }
}

#[test]
fn exactly_the_limit_passes_across_proxies() {
    let filter = shared(&format!(r#""minute": 5, "hour": 7, {URI}"#));
    let redis = redis();
    let mut workers = [0, 1, 2].map(|_| Worker::new(&filter, NOW));
    let mut count = |requests: usize, redis: &RefCell<Redis>, ahead: u64| {
        let mut allowed = 0;
        for n in 0..requests {
            workers[n % 3].host.millis.set(NOW + ahead);
            allowed += usize::from(reason(&workers[n % 3].send("a", redis)) == "allowed");
        }
        allowed
    };
    assert_eq!(count(20, &redis, 0), 5);
    redis.borrow_mut().millis += 60_000;
    assert_eq!(count(20, &redis, 60_000), 2);
    redis.borrow_mut().millis += 3_600_000;
    assert_eq!(count(20, &redis, 3_660_000), 5);
}

#[test]
fn headers_follow_the_clock_of_redis() {
    let filter = shared(&format!(r#""minute": 3, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    // The worker's clock is wrong. Clients must not notice.
    worker.pass(1_000_000_000);
    let lines = headers(worker.send("a", &redis), &filter);
    assert!(
        lines.ends_with("ratelimit-limit=3 ratelimit-remaining=2 ratelimit-reset=18"),
        "{lines}"
    );
    worker.send("a", &redis);
    worker.send("a", &redis);
    let lines = headers(worker.send("a", &redis), &filter);
    assert!(lines.contains("retry-after=18"), "{lines}");
}

#[test]
fn client_over_its_limit_is_refused_without_calls() {
    let filter = shared(&format!(r#""minute": 2, "hour": 50, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    for expected in ["allowed", "allowed", "limited", "limited", "limited"] {
        assert_eq!(reason(&worker.send("a", &redis)), expected);
    }
    assert_eq!(redis.borrow().calls, 3);
    assert_eq!(reason(&worker.send("b", &redis)), "allowed");
    // The window ends in 17.5 seconds.
    worker.pass(17_400);
    let lines = headers(worker.send("a", &redis), &filter);
    assert!(lines.contains("retry-after=1 "), "{lines}");
    worker.pass(100);
    redis.borrow_mut().millis += 17_500;
    assert_eq!(reason(&worker.send("a", &redis)), "allowed");
    assert_eq!(redis.borrow().calls, 5);
}

#[test]
fn leases_let_most_requests_pass_without_a_call() {
    let filter = shared(&format!(r#""minute": 1000, "lease": {{}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    let mut remaining = Vec::new();
    for _ in 0..1_000 {
        remaining.push(1_000 - headroom(worker.send("a", &redis)).counts[0]);
    }
    assert_eq!(remaining, (0..1_000).rev().collect::<Vec<_>>(), "always exact");
    assert_eq!(reason(&worker.send("a", &redis)), "limited");
    assert!(redis.borrow().calls < 60, "{}", redis.borrow().calls);
    let events = worker.host.events.take();
    let called = events.iter().filter(|event| **event == "redis_called").count();
    assert_eq!(called as u64, redis.borrow().calls);
    assert_eq!(events.iter().filter(|event| **event == "lease_hit").count(), 1_001 - called);
}

#[test]
fn unused_lease_returns_to_the_longer_window() {
    let filter = shared(&format!(r#""minute": 100, "hour": 200, "lease": {{"share": 50}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    worker.send("a", &redis);
    let hour = |redis: &RefCell<Redis>| redis.borrow().values.values().next().unwrap()[1].1;
    assert_eq!(hour(&redis), 1 + 2);
    worker.pass(60_000);
    redis.borrow_mut().millis += 60_000;
    worker.send("a", &redis);
    assert_eq!(hour(&redis), 1 + 1 + 2, "without the first lease");
    let headroom = headroom(worker.send("a", &redis));
    assert_eq!(headroom.counts[..2], [2, 3]);
    assert_eq!(remaining(&filter.settings.limiters[0].limits, &headroom).count(), 2);
}

#[test]
fn one_call_at_a_time_takes_a_lease() {
    let filter = shared(&format!(r#""minute": 1000, "lease": {{"max": 20}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&filter, NOW));
    let calls = [0, 1, 2].map(|_| match worker.begin("a") {
        Start::Calls(call) => call,
        Start::Decides(decision) => panic!("{decision:?}"),
    });
    for call in calls {
        let response = redis.borrow_mut().respond(&call.body);
        worker.end("a", call, Ok((200, &response)));
    }
    let counted = redis.borrow().values.values().next().unwrap()[0].1;
    assert_eq!(counted, 3 + 2);
    // The client of the next call leaves. Another call takes the lease.
    (0..2).for_each(|_| drop(worker.send("a", &redis)));
    drop(worker.begin("a"));
    worker.send("a", &redis);
    assert_eq!(
        redis.borrow().values.values().next().unwrap()[0].1,
        5 + 1 + 2,
        "leases restart small"
    );
}

/// The slow call started long before Redis counted it. The call for the lease was fast.
#[test]
fn slow_refusal_does_not_block_the_next_window() {
    let filter = shared(&format!(r#""minute": 100, "lease": {{"share": 50}}, {URI}"#));
    let redis = redis();
    let [mut worker, mut other] = [0, 1].map(|_| Worker::new(&filter, NOW));
    let calls = [0, 1].map(|_| match worker.begin("a") {
        Start::Calls(call) => call,
        Start::Decides(decision) => panic!("{decision:?}"),
    });
    let [lease, slow] = calls;
    let response = redis.borrow_mut().respond(&lease.body);
    worker.end("a", lease, Ok((200, &response)));
    while reason(&other.send("a", &redis)) == "allowed" {}
    redis.borrow_mut().millis += 10_000;
    worker.pass(10_000);
    let response = redis.borrow_mut().respond(&slow.body);
    assert_eq!(reason(&worker.end("a", slow, Ok((200, &response)))), "limited");
    let lines = headers(worker.send("a", &redis), &filter);
    assert!(lines.ends_with("ratelimit-remaining=1 ratelimit-reset=8"), "{lines}");
}
