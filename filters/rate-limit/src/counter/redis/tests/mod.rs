mod fleet;
mod model;
mod trouble;

use std::cell::RefCell;

use novasphere_core::{Decision, Filter, testing::TestHost};

use self::model::{First, Redis, Worker, headroom, reason};
use crate::{RateLimit, headers, tests::limiter};

/// 2024-02-29T13:37:42.5Z.
const NOW: u64 = 1_709_213_862_500;

fn redis() -> RefCell<Redis> {
    RefCell::new(Redis { millis: NOW, ..Redis::default() })
}

/// Limits by the header `c`.
fn shared(more: &str) -> RateLimit {
    limiter(&format!(r#"{{"policy": "redis", "limit_by": "header", "header_name": "c", {more}}}"#))
}

const URI: &str = r#""redis": {"uri": "http://redis:80/"}"#;

/// The command of the first call.
fn command(policy: &RateLimit) -> Vec<String> {
    let First::Asks(call) = Worker::new(policy, NOW).begin("a") else { panic!("does not ask") };
    serde_json::from_slice(&call.body).unwrap()
}

#[test]
fn a_call_is_one_command_with_all_windows() {
    let policy = shared(&format!(r#""minute": 5, "month": 9, "year": 9, {URI}"#));
    let command = command(&policy);
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
            // The first of January to April 2024; of the years 2023 to 2026.
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
fn the_call_goes_where_the_configuration_says() {
    let mut host = TestHost::at(NOW / 1_000);
    host.variables.insert("TOKEN".to_owned(), "s3cret".to_owned());
    let config = r#"{"hour": 5, "policy": "redis", "redis": {"uri": "https://redis.test/x?y",
        "cluster": "front", "token": {"env": "TOKEN"}, "timeout_ms": 70}}"#;
    let policy = RateLimit::from_json(config.as_bytes(), &host).unwrap();
    assert_eq!(host.warnings.take(), [""; 0]);
    let step = crate::tests::ask(&host, &policy, &mut Default::default(), &[]);
    let Decision::Call(call) = step else { panic!("{step:?}") };
    assert_eq!((call.upstream, call.timeout_ms), ("front", 70));
    assert_eq!((call.endpoint.authority.as_str(), call.endpoint.https), ("redis.test", true));
    assert_eq!(call.endpoint.path, "/x?y");
    let lines: Vec<String> = call.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    assert_eq!(lines, ["content-type: application/json", "authorization: Bearer s3cret"]);
}

/// Another key would make all proxies start counting anew when they are updated one by one.
#[test]
fn keys_are_the_same_in_every_proxy_and_with_every_release() {
    let key = |more: &str| command(&shared(more))[3].clone();
    let plain = key(&format!(r#""minute": 5, {URI}"#));
    assert_eq!(plain, "novasphere:rate-limit:6adeeec85ed5a4171ca78233f7fb4be1");
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
fn proxies_together_let_exactly_the_limit_pass() {
    let policy = shared(&format!(r#""minute": 5, "hour": 7, {URI}"#));
    let redis = redis();
    let mut workers = [0, 1, 2].map(|_| Worker::new(&policy, NOW));
    let mut count = |requests: usize, redis: &RefCell<Redis>, ahead: u64| {
        let mut allowed = 0;
        for n in 0..requests {
            workers[n % 3].host.millis.set(NOW + ahead);
            allowed += usize::from(reason(&workers[n % 3].ask("a", redis)) == "allowed");
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
fn what_clients_are_told_is_what_redis_counts() {
    let policy = shared(&format!(r#""minute": 3, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    // The worker's clock is wrong, and nobody sees it.
    worker.pass(1_000_000_000);
    let told = crate::tests::headers(worker.ask("a", &redis), &policy);
    assert!(told.ends_with("ratelimit-limit=3 ratelimit-remaining=2 ratelimit-reset=18"), "{told}");
    worker.ask("a", &redis);
    worker.ask("a", &redis);
    let told = crate::tests::headers(worker.ask("a", &redis), &policy);
    assert!(told.contains("retry-after=18"), "{told}");
}

#[test]
fn who_is_refused_costs_no_call_until_the_window_ends() {
    let policy = shared(&format!(r#""minute": 2, "hour": 50, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    for expected in ["allowed", "allowed", "limited", "limited", "limited"] {
        assert_eq!(reason(&worker.ask("a", &redis)), expected);
    }
    assert_eq!(redis.borrow().calls, 3);
    assert_eq!(reason(&worker.ask("b", &redis)), "allowed");
    // 17.5 seconds are left.
    worker.pass(17_400);
    let told = crate::tests::headers(worker.ask("a", &redis), &policy);
    assert!(told.contains("retry-after=1 "), "{told}");
    worker.pass(100);
    redis.borrow_mut().millis += 17_500;
    assert_eq!(reason(&worker.ask("a", &redis)), "allowed");
    assert_eq!(redis.borrow().calls, 5);
}

#[test]
fn a_lease_lets_most_requests_pass_without_a_call() {
    let policy = shared(&format!(r#""minute": 1000, "lease": {{}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    let mut left = Vec::new();
    for _ in 0..1_000 {
        left.push(1_000 - headroom(worker.ask("a", &redis)).counts[0]);
    }
    assert_eq!(left, (0..1_000).rev().collect::<Vec<_>>(), "what is left is known all the time");
    assert_eq!(reason(&worker.ask("a", &redis)), "limited");
    assert!(redis.borrow().calls < 60, "{}", redis.borrow().calls);
    let events = worker.host.events.take();
    let called = events.iter().filter(|event| **event == "redis_called").count();
    assert_eq!(called as u64, redis.borrow().calls);
    assert_eq!(events.iter().filter(|event| **event == "lease_hit").count(), 1_001 - called);
}

#[test]
fn what_is_left_of_a_lease_goes_back_to_the_longer_window() {
    let policy = shared(&format!(r#""minute": 100, "hour": 200, "lease": {{"share": 50}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    worker.ask("a", &redis);
    let hour = |redis: &RefCell<Redis>| redis.borrow().values.values().next().unwrap()[1].1;
    assert_eq!(hour(&redis), 1 + 2);
    worker.pass(60_000);
    redis.borrow_mut().millis += 60_000;
    worker.ask("a", &redis);
    assert_eq!(hour(&redis), 1 + 1 + 2, "and not the first lease too");
    let headroom = headroom(worker.ask("a", &redis));
    assert_eq!(headroom.counts[..2], [2, 3]);
    assert_eq!(headers::left(&policy.limiters[0].limits, &headroom).count(), 2);
}

#[test]
fn one_call_at_a_time_asks_for_a_lease() {
    let policy = shared(&format!(r#""minute": 1000, "lease": {{"max": 20}}, {URI}"#));
    let (redis, mut worker) = (redis(), Worker::new(&policy, NOW));
    let calls = [0, 1, 2].map(|_| match worker.begin("a") {
        First::Asks(call) => call,
        First::Decides(step) => panic!("{step:?}"),
    });
    for call in calls {
        let answer = redis.borrow_mut().answer(&call.body);
        worker.end("a", call, Ok((200, &answer)));
    }
    let counted = redis.borrow().values.values().next().unwrap()[0].1;
    assert_eq!(counted, 3 + 2);
    // The client of the next one leaves: another asks.
    (0..2).for_each(|_| drop(worker.ask("a", &redis)));
    drop(worker.begin("a"));
    worker.ask("a", &redis);
    assert_eq!(redis.borrow().values.values().next().unwrap()[0].1, 5 + 1 + 2, "it begins anew");
}

/// Its `asked` is long before Redis counted, and the lease's is not.
#[test]
fn a_slow_refusal_does_not_tell_of_the_next_window() {
    let policy = shared(&format!(r#""minute": 100, "lease": {{"share": 50}}, {URI}"#));
    let redis = redis();
    let [mut worker, mut other] = [0, 1].map(|_| Worker::new(&policy, NOW));
    let calls = [0, 1].map(|_| match worker.begin("a") {
        First::Asks(call) => call,
        First::Decides(step) => panic!("{step:?}"),
    });
    let [lease, slow] = calls;
    let answer = redis.borrow_mut().answer(&lease.body);
    worker.end("a", lease, Ok((200, &answer)));
    while reason(&other.ask("a", &redis)) == "allowed" {}
    redis.borrow_mut().millis += 10_000;
    worker.pass(10_000);
    let answer = redis.borrow_mut().answer(&slow.body);
    assert_eq!(reason(&worker.end("a", slow, Ok((200, &answer)))), "limited");
    let told = crate::tests::headers(worker.ask("a", &redis), &policy);
    assert!(told.ends_with("ratelimit-remaining=1 ratelimit-reset=8"), "{told}");
}

#[test]
fn a_local_lease_asks_the_table_seldom() {
    let policy = limiter(r#"{"hour": 1000, "lease": {"share": 10, "max": 50}}"#);
    let host = TestHost::at(NOW / 1_000);
    let mut workers = [0, 1].map(|_| crate::filter::State::default());
    let mut allowed = 0;
    for n in 0..3_000 {
        let step = crate::tests::ask(&host, &policy, &mut workers[n % 2], &[]);
        allowed += usize::from(reason(&step) == "allowed");
    }
    assert_eq!(allowed, 1_000, "both workers use theirs up");
    let hits = host.events.take().iter().filter(|event| **event == "lease_hit").count();
    assert!(hits > 900, "{hits}");
}
