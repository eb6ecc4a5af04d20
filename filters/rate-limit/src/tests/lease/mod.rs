//! Leases of the table of a proxy.

use super::*;

mod interleaving;

/// The workers of a proxy. Their timers were just called.
struct Workers<'f> {
    filter: &'f RateLimit,
    host: TestHost,
    states: [State; 4],
}

impl<'f> Workers<'f> {
    fn new(filter: &'f RateLimit) -> Self {
        let mut workers = Self { filter, host: host(), states: [(); 4].map(|()| State::default()) };
        workers.call_timers();
        workers
    }

    fn call_timer(&mut self, worker: usize) -> Option<u32> {
        self.filter.on_timer(&mut self.states[worker], &self.host.env()).again_in_ms
    }

    fn call_timers(&mut self) {
        for worker in 0..4 {
            self.call_timer(worker);
        }
    }

    /// Passes a second, in which all timers are called.
    fn second(&mut self) {
        self.host.advance(1);
        self.call_timers();
    }

    fn send(
        &mut self,
        worker: usize,
        lines: &[(&str, &str)],
    ) -> Decision<'f, Option<Box<Headroom>>> {
        send(&self.host, self.filter, &mut self.states[worker], lines)
    }

    /// The number of requests that pass.
    fn pass(&mut self, worker: usize, requests: usize) -> usize {
        let passes = |_: &usize| matches!(self.send(worker, &[]), Decision::Continue { .. });
        (0..requests).filter(passes).count()
    }

    /// The used part of the first window, as a worker shows it.
    fn used(&mut self, worker: usize) -> u32 {
        match self.send(worker, &[]) {
            Decision::Continue { carry: Some(headroom), .. } => headroom.counts[0],
            other => panic!("{other:?}"),
        }
    }

    fn hits(&self) -> usize {
        self.host.events.borrow().iter().filter(|event| **event == "lease_hit").count()
    }
}

#[test]
fn high_limits_lease_by_default_and_other_limits_do_not() {
    for (config, leases) in [
        (r#"{"minute": 10000}"#, true),
        (r#"{"minute": 10000, "hour": 10000}"#, true),
        (r#"{"minute": 9999}"#, false),
        (r#"{"minute": 9999, "hour": 10000}"#, false),
        (r#"{"minute": 10000, "lease": false}"#, false),
        (r#"{"minute": 50, "lease": true}"#, true),
        (r#"{"minute": 50, "lease": {}}"#, true),
        (r#"{"minute": 50, "rules": [{"name": "a", "path": "/a", "hour": 10000}]}"#, false),
    ] {
        let filter = build(config);
        let mut workers = Workers::new(&filter);
        assert_eq!(workers.pass(0, 20), 20, "{config}");
        workers.second();
        assert_eq!(workers.hits() > 0, leases, "{config}");
    }
    let timer = |config| Workers::new(&build(config)).call_timer(0);
    assert_eq!(timer(r#"{"minute": 9999}"#), Some(10_000));
    assert_eq!(timer(r#"{"minute": 10000}"#), Some(900));
}

/// In Envoy's native module, an idle worker could not return its lease.
#[test]
fn workers_without_timers_take_no_leases() {
    let host = TestHost { has_timer: false, ..TestHost::default() };
    for config in [r#"{"year": 10000}"#, r#"{"year": 10000, "lease": {"share": 50, "max": 1000}}"#]
    {
        let filter = RateLimit::from_json(config.as_bytes(), &host).unwrap();
        let mut workers = Workers::new(&filter);
        let burst = workers.pass(0, 100);
        assert_eq!(burst + workers.pass(1, 20_000), 10_000, "{config}");
        assert!(filter.timer_is_optional());
    }
    let wrong = RateLimit::from_json(br#"{"year": 10000, "lease": {"share": 60}}"#, &host);
    assert!(wrong.is_err(), "a size without effect is checked too");
}

#[test]
fn each_limiter_leases_by_its_own_limits() {
    let filter =
        build(r#"{"minute": 50, "rules": [{"name": "bulk", "path": "/bulk", "minute": 100000}]}"#);
    let mut workers = Workers::new(&filter);
    let passed = |workers: &mut Workers<'_>, lines: &[(&str, &str)]| {
        let decisions = (0..400).map(|n| workers.send(n % 4, lines));
        decisions.filter(|decision| reason(decision) == "allowed").count()
    };
    assert_eq!(passed(&mut workers, &[]), 50);
    assert_eq!(passed(&mut workers, &[(":path", "/bulk")]), 400);
    workers.second();
    assert!((300..400).contains(&workers.hits()), "{}", workers.hits());
}

#[test]
fn exactly_a_high_limit_passes_and_its_second_half_is_counted() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    let mut passed = 0;
    for n in 0..25_000 {
        passed += workers.pass(n % 4, 1);
        if n % 1_000 == 0 {
            workers.second();
        }
    }
    workers.second();
    assert_eq!(passed, 10_000);
    assert!((4_500..=5_000).contains(&workers.hits()), "{}", workers.hits());
}

/// A fault of the shared data shows each access to it.
#[test]
fn leased_request_needs_no_shared_data() {
    let filter = build(r#"{"minute": 1000000, "hour": 1000000, "fault_tolerant": false}"#);
    let mut workers = Workers::new(&filter);
    assert_eq!(workers.pass(0, 8 + 16 + 1), 25);
    workers.host.shared_data_fails.set(true);
    // The first leases are for 16 and 50 requests.
    assert_eq!(workers.pass(0, 100), 50);
    // The unused part of a lease that cannot be returned stays counted.
    workers.second();
    workers.host.shared_data_fails.set(false);
    assert_eq!(workers.used(0), 76);
}

/// The most that leases can do: workers hold them while one client sends the second half of its
/// limit within a second.
#[test]
fn client_is_refused_early_by_the_leases_of_one_second_at_most() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    let mut passed = 0;
    for worker in 0..4 {
        // A lease of 100 was just taken.
        passed += workers.pass(worker, 8 + 16 + 1 + 50 + 1);
    }
    passed += workers.pass(0, 20_000);
    assert_eq!(passed, 10_000 - 3 * 100);
    workers.second();
    passed += workers.pass(1, 20_000);
    assert_eq!(passed, 10_000);
}

#[test]
fn client_below_half_of_its_limit_a_second_is_never_refused_early() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    let mut passed = 0;
    while passed < 10_000 {
        for n in 0..4_800 {
            let expected = usize::from(passed < 10_000);
            assert_eq!(workers.pass(n % 4, 1), expected, "after {passed}");
            passed += expected;
        }
        workers.second();
    }
}

#[test]
fn other_workers_show_a_lease_as_used_for_a_second() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    for used in 1..=76 {
        assert_eq!(workers.used(0), used, "a worker's own requests show at once");
    }
    assert_eq!(workers.used(1), 76 + 100 + 1);
    assert_eq!(workers.used(0), 77, "without the other worker's request");
    workers.second();
    assert_eq!([workers.used(0), workers.used(1)], [79, 80 + 100], "the next lease");
    workers.second();
    assert_eq!(workers.used(1), 81);
}

#[test]
fn lost_worker_and_lost_timer_lose_only_leases() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    let mut passed = workers.pass(0, 76) + workers.pass(1, 76);
    // Worker 0 restarts. The timer of worker 1 is lost.
    workers.states[0] = State::default();
    for _ in 0..30 {
        workers.host.advance(1);
        workers.call_timer(0);
        workers.call_timer(2);
    }
    passed += workers.pass(2, 20_000) + workers.pass(3, 20_000);
    assert_eq!(passed, 10_000 - 200);
    passed += workers.pass(1, 20_000);
    assert_eq!(passed, 10_000 - 100, "the lease of worker 1 is still its own");
}

/// A chain calls the timers of its filters when one of them is due.
#[test]
fn early_calls_of_the_timer_delay_no_return() {
    let filter = build(r#"{"hour": 10000}"#);
    let mut workers = Workers::new(&filter);
    for (millis, next) in [(300, 600), (199, 401), (401, 900), (499, 401), (0, 401)] {
        workers.host.millis.set(workers.host.millis.get() + millis);
        assert_eq!(workers.call_timer(0), Some(next), "after {millis} ms");
    }
}

#[test]
fn report_only_leases_too() {
    let filter = build(r#"{"hour": 10000, "report_only": true}"#);
    let mut workers = Workers::new(&filter);
    let mut limited = 0;
    for n in 0..11_000 {
        limited += usize::from(reason(&workers.send(n % 4, &[])) == "limited");
        if n % 1_000 == 0 {
            workers.second();
        }
    }
    assert_eq!(limited, 1_000);
}
