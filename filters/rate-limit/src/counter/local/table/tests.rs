use super::*;
use crate::window::Period;

const NOW: u32 = 1_709_213_862;
const OVERFLOW: Fingerprint = [0xff; 16];

fn per_hour(requests: u32) -> [Limit; 1] {
    [Limit { period: Period::Hour, requests }]
}

fn client(number: u8) -> Fingerprint {
    [number + 1; 16]
}

fn ask(slot: &mut Vec<u8>, who: u8, limits: &[Limit], now: u32) -> Verdict {
    let before = slot.clone();
    let verdict = admit(slot, client(who), OVERFLOW, limits, &Take::only(1), now);
    assert!(
        verdict.changed || before.len() != SLOT_BYTES || *slot == before,
        "written without a word"
    );
    verdict
}

#[test]
fn exactly_the_limit_passes_in_each_window() {
    let (mut slot, limits) = (Vec::new(), per_hour(3));
    for now in [NOW, NOW + 3_600, NOW + 7_200] {
        let allowed = (0..10).filter(|_| ask(&mut slot, 0, &limits, now).allowed).count();
        assert_eq!(allowed, 3);
    }
}

#[test]
fn all_windows_hold_and_a_refusal_counts_in_none() {
    let mut slot = Vec::new();
    let limits = [
        Limit { period: Period::Minute, requests: 2 },
        Limit { period: Period::Hour, requests: 3 },
    ];
    let minute = NOW - NOW % 3_600;
    let mut counts = |now| {
        let verdict = ask(&mut slot, 0, &limits, now);
        (verdict.allowed, verdict.counts[0], verdict.counts[1])
    };
    assert_eq!(counts(minute), (true, 1, 1));
    assert_eq!(counts(minute), (true, 2, 2));
    assert_eq!(counts(minute), (false, 2, 2));
    assert_eq!(counts(minute + 60), (true, 1, 3));
    assert_eq!(counts(minute + 60), (false, 1, 3));
    assert_eq!(counts(minute + 3_600), (true, 1, 1));
}

#[test]
fn a_request_counts_its_whole_cost_or_nothing() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    let mut ask = |cost| {
        let verdict = admit(&mut slot, client(0), OVERFLOW, &limits, &Take::only(cost), NOW);
        (verdict.allowed, verdict.counts[0])
    };
    assert_eq!(ask(7), (true, 7));
    assert_eq!(ask(4), (false, 7));
    assert_eq!(ask(3), (true, 10));
    assert_eq!(ask(1), (false, 10));
    assert_eq!(ask(u32::MAX), (false, 10));
}

#[test]
fn live_entries_are_counted() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    assert_eq!(live(&slot, NOW), 0);
    for who in 0..5 {
        ask(&mut slot, who, &limits, NOW);
    }
    assert_eq!(live(&slot, NOW), 5);
    assert_eq!(live(&slot, NOW + 3_600), 0);
}

#[test]
fn clients_do_not_share_counts() {
    let (mut slot, limits) = (Vec::new(), per_hour(1));
    for who in 0..8 {
        assert!(ask(&mut slot, who, &limits, NOW).allowed);
        assert!(!ask(&mut slot, who, &limits, NOW).allowed);
    }
}

#[test]
fn a_time_read_just_before_a_window_ends_does_not_open_the_next() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    let edge = NOW - NOW % 3_600;
    // The old window is used up; at its edge workers read the time and count in any order.
    assert_eq!((0..10).filter(|_| ask(&mut slot, 0, &limits, edge - 2).allowed).count(), 10);
    let times = [edge, edge - 1].into_iter().cycle().take(60);
    let allowed = times.filter(|now| ask(&mut slot, 0, &limits, *now).allowed).count();
    assert_eq!(allowed, 10);
    let verdict = ask(&mut slot, 0, &limits, edge - 1);
    assert_eq!((verdict.allowed, verdict.now), (false, edge));
}

#[test]
fn a_clock_that_goes_back_gives_no_quota() {
    let (mut slot, limits) = (Vec::new(), per_hour(2));
    assert!(ask(&mut slot, 0, &limits, NOW).allowed);
    assert!(ask(&mut slot, 0, &limits, NOW - 86_400).allowed);
    for now in [NOW - 86_400, NOW - 90_000, 0] {
        assert!(!ask(&mut slot, 0, &limits, now).allowed);
    }
    // Nor does it lock the client out for longer than a window.
    assert!(ask(&mut slot, 0, &limits, NOW - 86_400 + 3_600).allowed);
}

#[test]
fn a_clock_that_was_ahead_locks_nobody_out() {
    const YEAR: u32 = 366 * 86_400;
    let (mut slot, limits) = (Vec::new(), per_hour(2));
    for who in 0..9 {
        assert_eq!((0..5).filter(|_| ask(&mut slot, who, &limits, NOW + YEAR).allowed).count(), 2);
    }
    // Set right, the clock finds the counts as they are; they end with the hour.
    assert!(!ask(&mut slot, 0, &limits, NOW).allowed);
    assert!(!ask(&mut slot, 0, &limits, NOW + 1).allowed);
    assert_eq!((0..5).filter(|_| ask(&mut slot, 0, &limits, NOW + 3_600).allowed).count(), 2);
    // Nor do the others take the places of those who come now.
    for who in 20..26 {
        assert!(ask(&mut slot, who, &limits, NOW + 2).allowed, "{who}");
        assert_ne!(ask(&mut slot, who, &limits, NOW + 3).pressure, Pressure::Overflowed);
    }
}

#[test]
fn a_full_slot_forgets_the_lowest_share_first() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    for who in 0..8 {
        for _ in 0..=(who % 4) {
            ask(&mut slot, who, &limits, NOW);
        }
    }
    // 0 and 4 have used 1 of 10, the others more.
    assert_eq!(ask(&mut slot, 8, &limits, NOW).pressure, Pressure::Evicted);
    for who in [1, 2, 3, 4, 5, 6, 7] {
        let verdict = ask(&mut slot, who, &limits, NOW);
        assert_eq!(verdict.counts[0], u32::from(who % 4) + 2, "client {who} was forgotten");
    }
}

#[test]
fn half_used_counts_are_never_forgotten() {
    let (mut slot, limits) = (Vec::new(), per_hour(4));
    for who in 0..8 {
        ask(&mut slot, who, &limits, NOW);
        ask(&mut slot, who, &limits, NOW);
    }
    // Newcomers share one count from now on.
    let verdicts: Vec<Verdict> = (8..14).map(|who| ask(&mut slot, who, &limits, NOW)).collect();
    assert!(verdicts.iter().all(|verdict| verdict.pressure == Pressure::Overflowed));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.allowed).count(), 4);
    for who in 0..8 {
        assert_eq!(ask(&mut slot, who, &limits, NOW).counts[0], 3);
    }
    // When the window ends there is room again.
    assert_eq!(ask(&mut slot, 14, &limits, NOW + 3_600).pressure, Pressure::None);
}

#[test]
fn a_place_of_its_own_gives_no_client_of_the_overflow_a_new_limit() {
    let (mut slot, hour) = (Vec::new(), per_hour(4));
    let minute = [Limit { period: Period::Minute, requests: 1 }];
    for who in 0..8 {
        assert!(ask(&mut slot, who, &minute, NOW).allowed);
    }
    let mut admitted = |now| (0..9).filter(|_| ask(&mut slot, 20, &hour, now).allowed).count();
    // In the next minute the others' places are free.
    assert_eq!([NOW, NOW + 60, NOW + 3600].map(&mut admitted), [4, 0, 4]);
}

#[test]
fn another_limiters_overflow_is_not_forgotten_either() {
    let (mut slot, limits) = (Vec::new(), per_hour(1));
    for who in 0..9 {
        assert!(ask(&mut slot, who, &limits, NOW).allowed);
    }
    let other = admit(&mut slot, client(20), [0xee; 16], &per_hour(5), &Take::only(1), NOW);
    assert_eq!((other.allowed, other.pressure), (false, Pressure::Lost));
    assert!(!ask(&mut slot, 9, &limits, NOW).allowed);
}

#[test]
fn any_stored_bytes_are_read_without_harm() {
    for len in [0, 1, 55, SLOT_BYTES - 1, SLOT_BYTES, SLOT_BYTES + 1] {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut slot = vec![byte; len];
            admit(&mut slot, client(0), OVERFLOW, &per_hour(5), &Take::only(1), NOW);
            assert_eq!(slot.len(), SLOT_BYTES);
        }
    }
}

#[test]
fn a_slot_takes_540_bytes() {
    assert_eq!(SLOT_BYTES, 540);
}

/// Ten million clients, more than a thousand for each entry: memory is that of the table, those at
/// half of their limit or more are never forgotten, and nobody passes who is at the limit.
#[test]
fn ten_million_clients_leave_those_at_their_limit_where_they_are() {
    const SLOTS: usize = 1_024;
    let limits = per_hour(4);
    let fingerprint = |number: u64| -> Fingerprint {
        // splitmix64, twice: distinct numbers give distinct fingerprints.
        let mix = |seed: u64| {
            let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let halves = [mix(number), mix(number ^ 0x5555)];
        halves.map(u64::to_le_bytes).concat().try_into().unwrap()
    };
    let mut slots = vec![Vec::new(); SLOTS];
    let mut ask = |number: u64, now: u32| {
        let client = fingerprint(number);
        let slot = usize::from(u16::from_le_bytes([client[0], client[1]])) % SLOTS;
        admit(&mut slots[slot], client, OVERFLOW, &limits, &Take::only(1), now)
    };
    let limited = 10_000_000_000..10_000_000_200_u64;
    for client in limited.clone() {
        assert_eq!((0..9).filter(|_| ask(client, NOW).allowed).count(), 4);
    }
    for number in 0..10_000_000 {
        ask(number, NOW);
        if number % 1_000_000 == 0 {
            assert!(limited.clone().all(|client| !ask(client, NOW).allowed), "after {number}");
        }
    }
    assert!(limited.clone().all(|client| !ask(client, NOW + 1).allowed));
    assert!(limited.clone().all(|client| ask(client, NOW + 3_600).allowed));
    let bytes: usize = slots.iter().map(Vec::capacity).sum();
    assert!(bytes <= SLOTS * SLOT_BYTES, "{bytes}");
}
