//! Leases from the table.

use super::*;
use crate::config::LeaseConfig;

/// A charge of one request with a lease of up to `max`.
fn leasing(max: u32) -> Charge {
    let lease = LeaseConfig { share: 50, max };
    Charge { lease, ..Charge::without_lease(1) }
}

#[test]
fn leases_come_from_the_first_half_of_every_window() {
    let limits = [
        Limit { period: Period::Minute, requests: 100 },
        Limit { period: Period::Hour, requests: 101 },
    ];
    let mut slot = Vec::new();
    let mut taken = |max| admit(&mut slot, client(0), OVERFLOW, &limits, &leasing(max), NOW).taken;
    assert_eq!([30, 30, 30, 30, 30].map(&mut taken), [31, 19, 1, 1, 1]);
    // A new minute, and half of the hour is used.
    let mut taken =
        |max| admit(&mut slot, client(0), OVERFLOW, &limits, &leasing(max), NOW + 60).taken;
    assert_eq!(taken(30), 1);
}

#[test]
fn rest_returns_to_the_windows_of_its_lease() {
    let limits = [
        Limit { period: Period::Minute, requests: 100 },
        Limit { period: Period::Hour, requests: 100 },
    ];
    let minute = NOW - NOW % 3_600;
    let mut slot = Vec::new();
    assert_eq!(admit(&mut slot, client(0), OVERFLOW, &limits, &leasing(20), minute).taken, 21);
    let counts = |slot: &mut Vec<u8>, now| {
        let Admission { counts, .. } = request(slot, 0, &limits, now);
        (counts[0], counts[1])
    };
    let returns = |slot: &mut Vec<u8>, rest, now| {
        give_back(slot, client(0), &limits, &Charge::of_rest(rest, minute), now)
    };
    assert!(returns(&mut slot, 5, minute));
    assert_eq!(counts(&mut slot, minute), (17, 17));
    assert!(returns(&mut slot, 5, minute + 60), "only to the hour");
    assert_eq!(counts(&mut slot, minute + 60), (1, 13));
    let before = slot.clone();
    assert!(!returns(&mut slot, 5, minute + 3_600), "both windows have ended");
    assert!(!give_back(&mut slot, client(1), &limits, &Charge::of_rest(5, minute), minute));
    assert_eq!(slot, before);
    assert!(!returns(&mut Vec::new(), 5, minute), "an empty slot");
}

/// The clients of the overflow entry share its counts: one of them must not gain from the lease that
/// another one took before it lost its own entry.
#[test]
fn overflow_entry_takes_part_in_no_lease() {
    let (mut slot, limits) = (Vec::new(), per_hour(100));
    assert_eq!(admit(&mut slot, client(0), OVERFLOW, &limits, &leasing(20), NOW).taken, 21);
    let one = per_hour(2);
    for who in 1..9 {
        assert!(request(&mut slot, who, &one, NOW).is_allowed());
    }
    let admission = admit(&mut slot, client(30), OVERFLOW, &limits, &leasing(20), NOW);
    assert_eq!((admission.taken, admission.pressure), (1, Pressure::Overflowed));
    let rest = Charge { returned: 15, leased_at: NOW, ..leasing(20) };
    let admission = admit(&mut slot, client(0), OVERFLOW, &limits, &rest, NOW);
    assert_eq!((admission.taken, admission.counts[0]), (1, 2));
    assert!(!give_back(&mut slot, client(0), &limits, &Charge::of_rest(15, NOW), NOW));
}
