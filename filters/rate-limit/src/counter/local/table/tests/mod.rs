use super::*;
use crate::window::Period;

mod leases;

const NOW: u32 = 1_709_213_862;
const OVERFLOW: Fingerprint = [0xff; 16];

fn per_hour(requests: u32) -> [Limit; 1] {
    [Limit { period: Period::Hour, requests }]
}

fn client(number: u8) -> Fingerprint {
    [number + 1; 16]
}

impl Admission {
    fn is_allowed(&self) -> bool {
        self.taken > 0
    }
}

/// Admits a request of cost 1.
fn request(slot: &mut Vec<u8>, who: u8, limits: &[Limit], now: u32) -> Admission {
    let before = slot.clone();
    let admission = admit(slot, client(who), OVERFLOW, limits, &Charge::without_lease(1), now);
    assert!(admission.changed || before.len() != SLOT_BYTES || *slot == before, "the slot changed");
    admission
}

#[test]
fn exactly_the_limit_passes_in_each_window() {
    let (mut slot, limits) = (Vec::new(), per_hour(3));
    for now in [NOW, NOW + 3_600, NOW + 7_200] {
        let allowed = (0..10).filter(|_| request(&mut slot, 0, &limits, now).is_allowed()).count();
        assert_eq!(allowed, 3);
    }
}

#[test]
fn all_windows_apply_and_a_refusal_counts_in_none() {
    let mut slot = Vec::new();
    let limits = [
        Limit { period: Period::Minute, requests: 2 },
        Limit { period: Period::Hour, requests: 3 },
    ];
    let minute = NOW - NOW % 3_600;
    let mut counts = |now| {
        let admission = request(&mut slot, 0, &limits, now);
        (admission.is_allowed(), admission.counts[0], admission.counts[1])
    };
    assert_eq!(counts(minute), (true, 1, 1));
    assert_eq!(counts(minute), (true, 2, 2));
    assert_eq!(counts(minute), (false, 2, 2));
    assert_eq!(counts(minute + 60), (true, 1, 3));
    assert_eq!(counts(minute + 60), (false, 1, 3));
    assert_eq!(counts(minute + 3_600), (true, 1, 1));
}

#[test]
fn request_counts_its_whole_cost_or_nothing() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    let mut request = |cost| {
        let admission =
            admit(&mut slot, client(0), OVERFLOW, &limits, &Charge::without_lease(cost), NOW);
        (admission.is_allowed(), admission.counts[0])
    };
    assert_eq!(request(7), (true, 7));
    assert_eq!(request(4), (false, 7));
    assert_eq!(request(3), (true, 10));
    assert_eq!(request(1), (false, 10));
    assert_eq!(request(u32::MAX), (false, 10));
}

#[test]
fn live_entries_are_counted() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    assert_eq!(live_entries(&slot, NOW), 0);
    for who in 0..5 {
        request(&mut slot, who, &limits, NOW);
    }
    assert_eq!(live_entries(&slot, NOW), 5);
    assert_eq!(live_entries(&slot, NOW + 3_600), 0);
}

#[test]
fn clients_do_not_share_counts() {
    let (mut slot, limits) = (Vec::new(), per_hour(1));
    for who in 0..8 {
        assert!(request(&mut slot, who, &limits, NOW).is_allowed());
        assert!(!request(&mut slot, who, &limits, NOW).is_allowed());
    }
}

#[test]
fn old_clock_reading_at_a_window_end_keeps_the_counts() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    let edge = NOW - NOW % 3_600;
    // The window is used up. At its end, workers read the clock and count in any order.
    assert_eq!(
        (0..10).filter(|_| request(&mut slot, 0, &limits, edge - 2).is_allowed()).count(),
        10
    );
    let times = [edge, edge - 1].into_iter().cycle().take(60);
    let allowed = times.filter(|now| request(&mut slot, 0, &limits, *now).is_allowed()).count();
    assert_eq!(allowed, 10);
    let admission = request(&mut slot, 0, &limits, edge - 1);
    assert_eq!((admission.is_allowed(), admission.now), (false, edge));
}

#[test]
fn clock_set_back_adds_no_quota() {
    let (mut slot, limits) = (Vec::new(), per_hour(2));
    assert!(request(&mut slot, 0, &limits, NOW).is_allowed());
    assert!(request(&mut slot, 0, &limits, NOW - 86_400).is_allowed());
    for now in [NOW - 86_400, NOW - 90_000, 0] {
        assert!(!request(&mut slot, 0, &limits, now).is_allowed());
    }
    // The client is blocked for one window at most.
    assert!(request(&mut slot, 0, &limits, NOW - 86_400 + 3_600).is_allowed());
}

#[test]
fn clock_that_was_ahead_blocks_no_client() {
    const YEAR: u32 = 366 * 86_400;
    let (mut slot, limits) = (Vec::new(), per_hour(2));
    for who in 0..9 {
        assert_eq!(
            (0..5).filter(|_| request(&mut slot, who, &limits, NOW + YEAR).is_allowed()).count(),
            2
        );
    }
    // After the correction, the counts remain until the end of the hour.
    assert!(!request(&mut slot, 0, &limits, NOW).is_allowed());
    assert!(!request(&mut slot, 0, &limits, NOW + 1).is_allowed());
    assert_eq!(
        (0..5).filter(|_| request(&mut slot, 0, &limits, NOW + 3_600).is_allowed()).count(),
        2
    );
    // The other entries do not keep new clients out.
    for who in 20..26 {
        assert!(request(&mut slot, who, &limits, NOW + 2).is_allowed(), "{who}");
        assert_ne!(request(&mut slot, who, &limits, NOW + 3).pressure, Pressure::Overflowed);
    }
}

#[test]
fn full_slot_evicts_the_lowest_share() {
    let (mut slot, limits) = (Vec::new(), per_hour(10));
    for who in 0..8 {
        for _ in 0..=(who % 4) {
            request(&mut slot, who, &limits, NOW);
        }
    }
    // Clients 0 and 4 have used 1 of 10, the others more.
    assert_eq!(request(&mut slot, 8, &limits, NOW).pressure, Pressure::Evicted);
    for who in [1, 2, 3, 4, 5, 6, 7] {
        let admission = request(&mut slot, who, &limits, NOW);
        assert_eq!(admission.counts[0], u32::from(who % 4) + 2, "client {who} was evicted");
    }
}

#[test]
fn half_used_counts_are_never_evicted() {
    let (mut slot, limits) = (Vec::new(), per_hour(4));
    for who in 0..8 {
        request(&mut slot, who, &limits, NOW);
        request(&mut slot, who, &limits, NOW);
    }
    // From now on, new clients share one count.
    let admissions: Vec<Admission> =
        (8..14).map(|who| request(&mut slot, who, &limits, NOW)).collect();
    assert!(admissions.iter().all(|admission| admission.pressure == Pressure::Overflowed));
    assert_eq!(admissions.iter().filter(|admission| admission.is_allowed()).count(), 4);
    for who in 0..8 {
        assert_eq!(request(&mut slot, who, &limits, NOW).counts[0], 3);
    }
    // After the window, entries are free.
    assert_eq!(request(&mut slot, 14, &limits, NOW + 3_600).pressure, Pressure::None);
}

#[test]
fn own_entry_after_the_overflow_entry_adds_no_quota() {
    let (mut slot, hour) = (Vec::new(), per_hour(4));
    let minute = [Limit { period: Period::Minute, requests: 1 }];
    for who in 0..8 {
        assert!(request(&mut slot, who, &minute, NOW).is_allowed());
    }
    let mut admitted =
        |now| (0..9).filter(|_| request(&mut slot, 20, &hour, now).is_allowed()).count();
    // In the next minute the other entries are free.
    assert_eq!([NOW, NOW + 60, NOW + 3600].map(&mut admitted), [4, 0, 4]);
}

#[test]
fn overflow_entry_stays_with_its_limiter_while_it_is_in_use() {
    let (mut slot, minute) = (Vec::new(), [Limit { period: Period::Minute, requests: 4 }]);
    for who in 0..8 {
        assert!(request(&mut slot, who, &per_hour(1), NOW).is_allowed());
    }
    let other = |slot: &mut Vec<u8>, now| {
        let charge = Charge::without_lease(1);
        let admission = admit(slot, client(20), [0xee; 16], &per_hour(5), &charge, now);
        (admission.is_allowed(), admission.pressure)
    };
    for used in 1..=4 {
        let admission = request(&mut slot, 9, &minute, NOW);
        assert_eq!((admission.pressure, admission.counts[0]), (Pressure::Overflowed, used));
        assert_eq!(other(&mut slot, NOW), (false, Pressure::NoEntry));
    }
    assert!(!request(&mut slot, 10, &minute, NOW).is_allowed());
    assert_eq!(other(&mut slot, NOW + 60), (true, Pressure::Overflowed));
    // A single request of an hour keeps the entry for a minute.
    let first = |slot: &mut Vec<u8>, now| request(slot, 9, &minute, now).pressure;
    assert_eq!(first(&mut slot, NOW + 119), Pressure::NoEntry);
    assert_eq!(first(&mut slot, NOW + 120), Pressure::Overflowed);
}

#[test]
fn any_stored_bytes_are_accepted() {
    for len in [0, 1, 55, SLOT_BYTES - 1, SLOT_BYTES, SLOT_BYTES + 1] {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut slot = vec![byte; len];
            admit(&mut slot, client(0), OVERFLOW, &per_hour(5), &Charge::without_lease(1), NOW);
            assert_eq!(slot.len(), SLOT_BYTES);
            let mut slot = vec![byte; len];
            give_back(&mut slot, [byte; 16], &per_hour(5), &Charge::of_rest(9, NOW), NOW);
            assert_eq!(slot.len(), len);
        }
    }
}

#[test]
fn slot_takes_540_bytes() {
    assert_eq!(SLOT_BYTES, 540);
}

/// Ten million clients, more than a thousand for each entry. The table does not grow, and clients at
/// half of their limit or more are never evicted, so a client at its limit never passes.
#[test]
fn ten_million_clients_evict_no_client_at_its_limit() {
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
    let mut request = |number: u64, now: u32| {
        let client = fingerprint(number);
        let slot = usize::from(u16::from_le_bytes([client[0], client[1]])) % SLOTS;
        admit(&mut slots[slot], client, OVERFLOW, &limits, &Charge::without_lease(1), now)
    };
    let limited = 10_000_000_000..10_000_000_200_u64;
    for client in limited.clone() {
        assert_eq!((0..9).filter(|_| request(client, NOW).is_allowed()).count(), 4);
    }
    for number in 0..10_000_000 {
        request(number, NOW);
        if number % 1_000_000 == 0 {
            assert!(
                limited.clone().all(|client| !request(client, NOW).is_allowed()),
                "after {number}"
            );
        }
    }
    assert!(limited.clone().all(|client| !request(client, NOW + 1).is_allowed()));
    assert!(limited.clone().all(|client| request(client, NOW + 3_600).is_allowed()));
    let bytes: usize = slots.iter().map(Vec::capacity).sum();
    assert!(bytes <= SLOTS * SLOT_BYTES, "{bytes}");
}
