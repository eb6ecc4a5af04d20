//! Requests, timers and losses in any order.

use std::collections::HashMap;

use super::*;

/// One step of a random run. The times are in milliseconds.
#[derive(Clone, Debug)]
enum Step {
    /// Requests to a worker whose clock is `late`.
    Send { worker: usize, client: u8, requests: usize, costly: bool, late: u64 },
    /// Time passes.
    Wait { millis: u64 },
    /// The timer of a worker whose clock is `late`.
    Timer { worker: usize, late: u64 },
    /// A worker starts again.
    Restart { worker: usize },
    /// The next writes lose a race.
    Race { times: u32 },
    /// The shared data starts or stops failing.
    Fail { fails: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let (worker, late) = (0_usize..4, 0_u64..2_500);
    prop_oneof![
        12 => (worker.clone(), 0_u8..3, 1_usize..40, any::<bool>(), late.clone()).prop_map(
            |(worker, client, requests, costly, late)| {
                Step::Send { worker, client, requests, costly, late }
            }
        ),
        4 => prop_oneof![0_u64..1_500, 0_u64..40_000].prop_map(|millis| Step::Wait { millis }),
        8 => (worker.clone(), late).prop_map(|(worker, late)| Step::Timer { worker, late }),
        1 => worker.prop_map(|worker| Step::Restart { worker }),
        1 => (0_u32..4).prop_map(|times| Step::Race { times }),
        2 => prop_oneof![1 => Just(true), 3 => Just(false)].prop_map(|fails| Step::Fail { fails }),
    ]
}

proptest! {
    /// At most the limit passes per client and window, for any order of requests and timers on
    /// workers whose clocks differ, and whatever is lost.
    #[test]
    fn leases_never_exceed_the_limit(
        steps in prop::collection::vec(step(), 1..300),
        minute in 3_u32..400,
        more in 0_u32..800,
        share in 1_u32..=50,
        max in 1_u32..200,
    ) {
        let hour = minute + more;
        let filter = build(&format!(
            r#"{{"minute": {minute}, "hour": {hour}, "limit_by": "header", "header_name": "c",
            "lease": {{"share": {share}, "max": {max}}}, "fault_tolerant": false,
            "rules": [{{"name": "costly", "path": "/costly", "cost": 3}}]}}"#
        ));
        let mut workers = Workers::new(&filter);
        let mut clock = workers.host.millis.get();
        let mut passed = HashMap::<(u8, u32, u32), u32>::new();
        for step in steps {
            workers.host.millis.set(clock);
            match step {
                Step::Wait { millis } => clock += millis,
                Step::Restart { worker } => workers.states[worker] = State::default(),
                Step::Race { times } => workers.host.cas_mismatches.set(times),
                Step::Fail { fails } => workers.host.shared_data_fails.set(fails),
                Step::Timer { worker, late } => {
                    workers.host.millis.set(clock - late);
                    workers.call_timer(worker);
                }
                Step::Send { worker, client, requests, costly, late } => {
                    workers.host.millis.set(clock - late);
                    let (name, path) = (client.to_string(), if costly { "/costly" } else { "/" });
                    let cost = if costly { 3 } else { 1 };
                    for _ in 0..requests {
                        let decision = workers.send(worker, &[("c", &name), (":path", path)]);
                        if let Decision::Continue { carry: Some(headroom), .. } = decision {
                            for (length, limit) in [(60, minute), (3_600, hour)] {
                                let window = (client, length, headroom.now / length);
                                let count = passed.entry(window).or_default();
                                *count += cost;
                                prop_assert!(*count <= limit, "{window:?}: {count} of {limit}");
                            }
                        }
                    }
                }
            }
        }
    }

    /// However requests and timers alternate, every rest returns: in the end exactly the limit has
    /// passed.
    #[test]
    fn every_rest_returns(
        steps in prop::collection::vec((0_usize..4, 1_usize..200, any::<bool>()), 1..40),
        hour in 100_usize..20_000,
        max in 1_u32..200,
    ) {
        let filter = build(&format!(r#"{{"hour": {hour}, "lease": {{"max": {max}}}}}"#));
        let mut workers = Workers::new(&filter);
        let mut passed = 0;
        for (worker, requests, is_second) in steps {
            passed += workers.pass(worker, requests);
            if is_second {
                workers.second();
            }
        }
        workers.second();
        passed += workers.pass(0, hour + 1);
        prop_assert_eq!(passed, hour);
    }
}
