use super::*;
use crate::window::Period;

const NOW: u64 = 1_709_213_862_500;
const CLIENT: Fingerprint = [1; 16];
const LIMITS: [Limit; 1] = [Limit { period: Period::Minute, requests: 100 }];
const TERMS: Option<Terms> = Some(Terms { share: 10, max: 20 });

fn granted(taken: u32, count: u32) -> Granted {
    let mut counts = Counts { counts: [0; WINDOWS], at: NOW };
    counts.counts[0] = count;
    Granted { taken, counts }
}

/// How many of so many requests pass without asking.
fn pass(known: &mut Known, requests: usize, now: u64) -> usize {
    let allowed =
        |_: &usize| matches!(known.rule(&CLIENT, &LIMITS, 1, now), Some(Ruling::Allowed(_)));
    (0..requests).filter(allowed).count()
}

#[test]
fn a_lease_is_used_once_and_ends_with_its_window() {
    let mut known = Known::default();
    known.learn(&CLIENT, &LIMITS, 1, &granted(6, 6), NOW);
    assert_eq!(pass(&mut known, 3, NOW), 3);
    assert_eq!(pass(&mut known, 1, NOW + 17_500), 0, "the window has ended");
    assert_eq!(pass(&mut known, 5, NOW + 17_499), 2);
    known.learn(&CLIENT, &LIMITS, 1, &granted(6, 6), NOW);
    assert_eq!(pass(&mut known, 1, NOW - 1), 0, "the clock was set back");
}

#[test]
fn leases_double_while_they_are_used() {
    let mut known = Known::default();
    let mut sizes = Vec::new();
    for _ in 0..6 {
        let take = known.take(&CLIENT, 1, TERMS, &Rc::new(()), NOW);
        assert_eq!(take.back, 0);
        known.learn(&CLIENT, &LIMITS, 1, &granted(1 + take.lease.max, 50), NOW);
        sizes.push(pass(&mut known, 100, NOW));
    }
    assert_eq!(sizes, [2, 4, 8, 16, 20, 20]);
    known.learn(&CLIENT, &LIMITS, 1, &granted(21, 50), NOW);
    pass(&mut known, 5, NOW);
    let take = known.take(&CLIENT, 1, TERMS, &Rc::new(()), NOW);
    assert_eq!((take.back, take.lease.max), (15, 10));
    assert_eq!(pass(&mut known, 1, NOW), 0, "what goes back is not used too");
}

#[test]
fn a_request_that_costs_more_than_is_left_asks() {
    let mut known = Known::default();
    known.learn(&CLIENT, &LIMITS, 1, &granted(4, 4), NOW);
    assert_eq!(known.rule(&CLIENT, &LIMITS, 4, NOW), None);
    let take = known.take(&CLIENT, 4, TERMS, &Rc::new(()), NOW);
    assert_eq!((take.cost, take.back), (4, 3));
}

#[test]
fn what_costs_less_than_was_refused_asks() {
    let mut known = Known::default();
    known.learn(&CLIENT, &LIMITS, 5, &granted(0, 97), NOW);
    let refused = |known: &mut Known, cost, now| {
        matches!(known.rule(&CLIENT, &LIMITS, cost, now), Some(Ruling::Refused(_)))
    };
    assert!(refused(&mut known, 5, NOW) && refused(&mut known, 9, NOW + 17_499));
    assert!(!refused(&mut known, 4, NOW) && !refused(&mut known, 5, NOW + 17_500));
}

#[test]
fn clients_beyond_the_bound_have_no_lease_until_others_end() {
    let mut known = Known::default();
    let client = |n: usize| {
        let mut client = [0; 16];
        client[..8].copy_from_slice(&n.to_le_bytes());
        client
    };
    for n in 0..MOST + 1_000 {
        known.learn(&client(n), &LIMITS, 1, &granted(6, 6), NOW);
    }
    assert_eq!(known.clients.len(), MOST);
    assert_eq!(known.take(&client(MOST + 1), 1, TERMS, &Rc::new(()), NOW), Take::only(1));
    let later = NOW + 20_000;
    assert_ne!(known.take(&client(MOST + 1), 1, TERMS, &Rc::new(()), later), Take::only(1));
    assert_eq!(known.clients.len(), 1);
}
