//! Clocks that jump.

use super::*;

#[test]
fn a_clock_that_steps_back_or_jumps_gives_no_more_than_a_window() {
    let policy = limiter(r#"{"minute": 3, "hour": 5}"#);
    let (host, mut state) = (host(), State::default());
    let start = host.millis.get();
    let mut at = |offset: i64| {
        host.millis.set(start.checked_add_signed(offset * 1000).unwrap());
        (0..10).filter(|_| allows(&host, &policy, &mut state, &[])).count()
    };
    assert_eq!(at(0), 3);
    assert_eq!(at(-3_600), 0, "an hour back");
    assert_eq!(at(-3_500), 2, "that hour's rest, in its next minute");
    assert_eq!(at(0), 3, "right again: one window more than there was");
    assert_eq!(at(60), 2, "the hour's rest");
    assert_eq!(at(-86_400), 0, "a day back");
    assert_eq!(at(7_200), 3, "another hour");
    assert_eq!(at(7_190), 0, "a little back");
}

#[test]
fn a_clock_that_was_years_ahead_locks_nobody_out() {
    let policy =
        limiter(r#"{"minute": 3, "limit_by": "header", "header_name": "c", "max_clients": 1024}"#);
    let (host, mut state) = (host(), State::default());
    let right = host.millis.get();
    host.advance(3 * 366 * 86_400);
    for n in 0..20_000 {
        ask(&host, &policy, &mut state, &[("c", &(n % 10_000).to_string())]);
    }
    host.millis.set(right);
    let mut first = |name: &str| allows(&host, &policy, &mut state, &[("c", name)]);
    assert_eq!((0..500).filter(|n| first(&format!("new-{n}"))).count(), 500);
    for n in 0..10 {
        first(&n.to_string());
    }
    host.advance(60);
    for n in 0..10 {
        assert!(allows(&host, &policy, &mut state, &[("c", &n.to_string())]), "{n}");
    }
}

proptest! {
    /// However the clock moves, as long as it stays in one hour no more than the limit passes; and
    /// nothing panics at any time.
    #[test]
    fn moves_within_a_window_admit_its_limit(moves in prop::collection::vec(0_u64..3_600, 1..100)) {
        let policy = limiter(r#"{"hour": 7}"#);
        let (host, mut state) = (TestHost::default(), State::default());
        let mut allowed = 0;
        for second in moves {
            host.millis.set((1_709_211_600 + second) * 1000);
            allowed += u32::from(allows(&host, &policy, &mut state, &[]));
        }
        prop_assert!(allowed <= 7, "{allowed}");
    }

    #[test]
    fn no_time_is_too_odd(times in prop::collection::vec(any::<u64>(), 1..20)) {
        let policy = limiter(
            r#"{"second": 1, "minute": 2, "hour": 3, "day": 4, "month": 5, "year": 6,
                "window": {"seconds": 31622400, "requests": 7}}"#,
        );
        let (host, mut state) = (TestHost::default(), State::default());
        for millis in times {
            host.millis.set(millis);
            headers(ask(&host, &policy, &mut state, &[]), &policy);
        }
    }
}
