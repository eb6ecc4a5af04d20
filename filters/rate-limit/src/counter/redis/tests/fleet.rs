//! Many workers that share one Redis: never more than the limit, and how much less.

use proptest::prelude::*;

use super::{
    model::{First, UnderWay},
    *,
};

proptest! {
    /// Whatever the order in which requests come and calls are answered, lost or abandoned, and
    /// whatever the time between: of each client never more than the limit passes in a window.
    #[test]
    fn leases_never_let_more_than_the_limit_pass(
        steps in prop::collection::vec((0_usize..4, 0_u8..3, 0_u8..8, 0_u64..9_000), 1..400),
        minute in 1_u64..60,
        more in 0_u64..100,
        share in 1_u32..=50,
        max in 1_u32..40,
    ) {
        let hour = minute + more;
        let lease = format!(r#""lease": {{"share": {share}, "max": {max}}}"#);
        let deny = r#""redis": {"uri": "http://redis:80/", "on_error": "deny"}"#;
        let policy = shared(&format!(r#""minute": {minute}, "hour": {hour}, {lease}, {deny}"#));
        let redis = redis();
        let mut workers = [0, 1, 2, 3].map(|_| Worker::new(&policy, NOW));
        let mut under_way: Vec<(usize, String, UnderWay, Option<String>)> = Vec::new();
        let mut passed = std::collections::HashMap::<(String, u64), u64>::new();
        for (worker, client, what, wait) in steps {
            if what == 0 {
                redis.borrow_mut().millis += wait;
                workers.iter().for_each(|worker| worker.pass(wait));
            }
            let client = client.to_string();
            let decided = match what {
                // The oldest call reaches Redis, or is answered, or lost, or abandoned.
                1 => {
                    if let Some((_, _, call, answer)) =
                        under_way.iter_mut().find(|(_, _, _, answer)| answer.is_none())
                    {
                        *answer = Some(redis.borrow_mut().answer(&call.body));
                    }
                    None
                }
                2 | 3 if !under_way.is_empty() => {
                    let (worker, client, call, answer) = under_way.remove(0);
                    let answer = answer.unwrap_or_else(|| redis.borrow_mut().answer(&call.body));
                    Some((client.clone(), workers[worker].end(&client, call, Ok((200, &answer)))))
                }
                4 if !under_way.is_empty() => {
                    under_way.remove(0);
                    None
                }
                _ => match workers[worker].begin(&client) {
                    First::Asks(call) => {
                        under_way.push((worker, client, call, None));
                        None
                    }
                    First::Decides(step) => Some((client, step)),
                },
            };
            if let Some((client, step)) = decided && reason(&step) == "allowed" {
                // A call that was answered late counted in the window when Redis saw it.
                let at = headroom(step).now;
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

/// One window of one client, whose requests come to the workers of a fleet.
struct Fleet {
    workers: usize,
    limit: u64,
    max: u64,
}

/// How they come.
#[derive(Clone, Copy)]
enum Traffic {
    /// To each as often as to the others.
    Even,
    /// Nine of ten to one of them.
    Skewed,
    /// To one after another, a hundred each time.
    Moving,
}

/// What comes of three times as many requests as may pass.
struct Outcome {
    /// In 100 requests, until half of the limit is used.
    calls: u64,
    /// Percent of the limit.
    passed: u64,
}

impl Fleet {
    fn run(&self, traffic: Traffic) -> Outcome {
        let Self { workers, limit, max } = *self;
        let lease = format!(r#""lease": {{"share": 10, "max": {max}}}"#);
        let policy = shared(&format!(r#""hour": {limit}, {lease}, {URI}"#));
        let redis = redis();
        let mut fleet: Vec<_> = (0..workers).map(|_| Worker::new(&policy, NOW)).collect();
        let mut random = 1_u64;
        let mut draw = |most: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize % most
        };
        let (mut passed, mut calls) = (0, 0);
        for n in 0..limit * 3 {
            let to = match traffic {
                Traffic::Skewed if draw(10) > 0 => 0,
                Traffic::Even | Traffic::Skewed => draw(workers),
                Traffic::Moving => (n / 100) as usize % workers,
            };
            passed += u64::from(reason(&fleet[to].ask("a", &redis)) == "allowed");
            if n == limit / 2 {
                calls = redis.borrow().calls;
            }
        }
        let bound = workers as u64 * max;
        assert!(passed <= limit && passed >= limit.saturating_sub(bound), "{passed} of {limit}");
        Outcome { calls: calls * 100 / (limit / 2 + 1), passed: passed * 100 / limit }
    }
}

/// The table of the README is what comes of it.
#[test]
fn the_sizes_in_the_readme_are_measured() {
    const README: &str = include_str!("../../../../README.md");
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
    assert!(README.contains(&table), "the table is now\n{table}");
}
