//! Clocks that jump.

use super::*;

#[test]
fn clock_jump_adds_at_most_one_window() {
    let filter = build(r#"{"minute": 3, "hour": 5}"#);
    let (host, mut state) = (host(), State::default());
    let start = host.millis.get();
    let mut at = |offset: i64| {
        host.millis.set(start.checked_add_signed(offset * 1000).unwrap());
        (0..10).filter(|_| passes(&host, &filter, &mut state, &[])).count()
    };
    assert_eq!(at(0), 3);
    assert_eq!(at(-3_600), 0, "an hour back");
    assert_eq!(at(-3_500), 2, "the rest of that hour, in its next minute");
    assert_eq!(at(0), 3, "correct again: one more window");
    assert_eq!(at(60), 2, "the rest of the hour");
    assert_eq!(at(-86_400), 0, "a day back");
    assert_eq!(at(7_200), 3, "another hour");
    assert_eq!(at(7_190), 0, "a little back");
}

#[test]
fn clock_that_was_years_ahead_blocks_no_client() {
    let filter =
        build(r#"{"minute": 3, "limit_by": "header", "header_name": "c", "max_clients": 1024}"#);
    let (host, mut state) = (host(), State::default());
    let correct = host.millis.get();
    host.advance(3 * 366 * 86_400);
    for n in 0..20_000 {
        send(&host, &filter, &mut state, &[("c", &(n % 10_000).to_string())]);
    }
    host.millis.set(correct);
    let mut passes_for = |name: &str| passes(&host, &filter, &mut state, &[("c", name)]);
    assert_eq!((0..500).filter(|n| passes_for(&format!("new-{n}"))).count(), 500);
    for n in 0..10 {
        passes_for(&n.to_string());
    }
    host.advance(60);
    for n in 0..10 {
        assert!(passes(&host, &filter, &mut state, &[("c", &n.to_string())]), "{n}");
    }
}

proptest! {
    /// While the clock stays within one hour, at most the limit passes, however the clock moves.
    #[test]
    fn clock_moves_within_a_window_pass_its_limit(moves in prop::collection::vec(0_u64..3_600, 1..100)) {
        let filter = build(r#"{"hour": 7}"#);
        let (host, mut state) = (TestHost::default(), State::default());
        let mut allowed = 0;
        for second in moves {
            host.millis.set((1_709_211_600 + second) * 1000);
            allowed += u32::from(passes(&host, &filter, &mut state, &[]));
        }
        prop_assert!(allowed <= 7, "{allowed}");
    }

    #[test]
    fn any_time_is_decided(times in prop::collection::vec(any::<u64>(), 1..20)) {
        let filter = build(
            r#"{"second": 1, "minute": 2, "hour": 3, "day": 4, "month": 5, "year": 6,
                "window": {"seconds": 31622400, "requests": 7}}"#,
        );
        let (host, mut state) = (TestHost::default(), State::default());
        for millis in times {
            host.millis.set(millis);
            headers(send(&host, &filter, &mut state, &[]), &filter);
        }
    }
}
