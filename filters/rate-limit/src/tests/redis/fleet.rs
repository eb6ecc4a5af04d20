//! Many workers that share one Redis. At most the limit passes. The tests measure how much less.

use proptest::prelude::*;

use super::{
    model::{PendingCall, Start},
    *,
};

proptest! {
    /// At most the limit passes per client and window, for any order and timing in which requests
    /// arrive and calls end, are lost or are abandoned.
    #[test]
    fn leases_never_exceed_the_limit(
        steps in prop::collection::vec((0_usize..4, 0_u8..3, 0_u8..8, 0_u64..9_000), 1..400),
        minute in 1_u64..60,
        more in 0_u64..100,
        share in 1_u32..=50,
        max in 1_u32..40,
    ) {
        let hour = minute + more;
        let lease = format!(r#""lease": {{"share": {share}, "max": {max}}}"#);
        let deny = r#""redis": {"uri": "http://redis:80/", "on_error": "deny"}"#;
        let filter = shared(&format!(r#""minute": {minute}, "hour": {hour}, {lease}, {deny}"#));
        let redis = redis();
        let mut workers = [0, 1, 2, 3].map(|_| Worker::new(&filter, NOW));
        let mut pending: Vec<(usize, String, PendingCall, Option<String>)> = Vec::new();
        let mut passed = std::collections::HashMap::<(String, u64), u64>::new();
        for (worker, client, what, wait) in steps {
            if what == 0 {
                redis.borrow_mut().millis += wait;
                workers.iter().for_each(|worker| worker.pass(wait));
            }
            let client = client.to_string();
            let decided = match what {
                // Redis counts the oldest call, or the call ends, is lost, or is abandoned.
                1 => {
                    if let Some((_, _, call, response)) =
                        pending.iter_mut().find(|(_, _, _, response)| response.is_none())
                    {
                        *response = Some(redis.borrow_mut().respond(&call.body));
                    }
                    None
                }
                2 | 3 if !pending.is_empty() => {
                    let (worker, client, call, response) = pending.remove(0);
                    let response = response.unwrap_or_else(|| redis.borrow_mut().respond(&call.body));
                    Some((client.clone(), workers[worker].end(&client, call, Ok((200, &response)))))
                }
                4 if !pending.is_empty() => {
                    pending.remove(0);
                    None
                }
                _ => match workers[worker].begin(&client) {
                    Start::Calls(call) => {
                        pending.push((worker, client, call, None));
                        None
                    }
                    Start::Decides(decision) => Some((client, decision)),
                },
            };
            if let Some((client, decision)) = decided && reason(&decision) == "allowed" {
                // A late response counts in the window in which Redis counted it.
                let at = headroom(decision).now;
                *passed.entry((client.clone(), u64::from(at) / 60)).or_default() += 1;
                *passed.entry((client, 1_000_000_000 + u64::from(at) / 3_600)).or_default() += 1;
            }
        }
        for ((client, window), count) in passed {
            let limit = if window >= 1_000_000_000 { hour } else { minute };
            prop_assert!(count <= limit, "{client} {window}: {count} of {limit}");
        }
    }
}

/// A fleet of workers, which get the requests of one client in one window.
struct Fleet {
    workers: usize,
    limit: u64,
    max: u64,
}

/// The distribution of the requests.
#[derive(Clone, Copy)]
enum Traffic {
    /// Equally often to each worker.
    Even,
    /// Nine of ten to the same worker.
    Skewed,
    /// A hundred to one worker, then a hundred to the next.
    Moving,
}

/// The result of sending three times the limit.
struct Outcome {
    /// Calls per 100 requests, until half of the limit is used.
    calls: u64,
    /// In percent of the limit.
    passed: u64,
}

impl Fleet {
    fn run(&self, traffic: Traffic) -> Outcome {
        let Self { workers, limit, max } = *self;
        let lease = format!(r#""lease": {{"share": 10, "max": {max}}}"#);
        let filter = shared(&format!(r#""hour": {limit}, {lease}, {URI}"#));
        let redis = redis();
        let mut fleet: Vec<_> = (0..workers).map(|_| Worker::new(&filter, NOW)).collect();
        let mut random = 1_u64;
        let mut draw = |bound: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize % bound
        };
        let (mut passed, mut calls) = (0, 0);
        for n in 0..limit * 3 {
            let to = match traffic {
                Traffic::Skewed if draw(10) > 0 => 0,
                Traffic::Even | Traffic::Skewed => draw(workers),
                Traffic::Moving => (n / 100) as usize % workers,
            };
            passed += u64::from(reason(&fleet[to].send("a", &redis)) == "allowed");
            if n == limit / 2 {
                calls = redis.borrow().calls;
            }
        }
        let bound = workers as u64 * max;
        assert!(passed <= limit && passed >= limit.saturating_sub(bound), "{passed} of {limit}");
        Outcome { calls: calls * 100 / (limit / 2 + 1), passed: passed * 100 / limit }
    }
}

/// The guide contains the measured table.
#[test]
fn guide_shows_measured_leases() {
    const GUIDE: &str = include_str!("../../../../../docs/reference/rate-limit.md");
    let mut lines = Vec::new();
    for limit in [100, 1_000, 10_000] {
        for workers in [4, 16, 64] {
            for max in [10, 100] {
                let fleet = Fleet { workers, limit, max };
                let [even, skewed, moving] =
                    [Traffic::Even, Traffic::Skewed, Traffic::Moving].map(|t| fleet.run(t));
                lines.push(format!(
                    "| {limit} | {workers} | {max} | {} | {} | {} | {}% | {}% | {}% |",
                    even.calls,
                    skewed.calls,
                    moving.calls,
                    even.passed,
                    skewed.passed,
                    moving.passed
                ));
            }
        }
    }
    let table = lines.join("\n");
    assert!(GUIDE.contains(&table), "update the table to\n{table}");
}
