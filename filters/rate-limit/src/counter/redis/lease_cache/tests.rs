use super::*;
use crate::window::Period;

const NOW: u64 = 1_709_213_862_500;
const CLIENT: Fingerprint = [1; 16];
const LIMITS: [Limit; 1] = [Limit { period: Period::Minute, requests: 100 }];
const LEASE: Option<LeaseConfig> = Some(LeaseConfig { share: 10, max: 20 });

fn grant(taken: u32, count: u32) -> Grant {
    let mut counts = Counts { counts: [0; MAX_WINDOWS], at: NOW };
    counts.counts[0] = count;
    Grant { taken, counts }
}

/// Whether a request is refused without a charge.
fn refuses(cache: &mut LeaseCache, cost: u32, now: u64) -> bool {
    matches!(cache.verdict(&CLIENT, &LIMITS, cost, now), Some(CachedVerdict::Refused(_)))
}

/// The number of requests that pass without a charge.
fn pass(cache: &mut LeaseCache, requests: usize, now: u64) -> usize {
    let allowed = |_: &usize| {
        matches!(cache.verdict(&CLIENT, &LIMITS, 1, now), Some(CachedVerdict::Allowed(_)))
    };
    (0..requests).filter(allowed).count()
}

#[test]
fn lease_is_used_once_and_ends_with_its_window() {
    let mut cache = LeaseCache::default();
    cache.learn(&CLIENT, &LIMITS, 1, &grant(6, 6), NOW);
    assert_eq!(pass(&mut cache, 3, NOW), 3);
    assert_eq!(pass(&mut cache, 1, NOW + 17_500), 0, "the window has ended");
    assert_eq!(pass(&mut cache, 5, NOW + 17_499), 2);
    cache.learn(&CLIENT, &LIMITS, 1, &grant(6, 6), NOW);
    assert_eq!(pass(&mut cache, 1, NOW - 1), 0, "the clock was set back");
}

#[test]
fn leases_double_while_they_are_used() {
    let mut cache = LeaseCache::default();
    let mut sizes = Vec::new();
    for _ in 0..6 {
        let charge = cache.charge(&CLIENT, 1, LEASE, &Rc::new(()), NOW);
        assert_eq!(charge.returned, 0);
        cache.learn(&CLIENT, &LIMITS, 1, &grant(1 + charge.lease.max, 50), NOW);
        sizes.push(pass(&mut cache, 100, NOW));
    }
    assert_eq!(sizes, [2, 4, 8, 16, 20, 20]);
    cache.learn(&CLIENT, &LIMITS, 1, &grant(21, 50), NOW);
    pass(&mut cache, 5, NOW);
    let charge = cache.charge(&CLIENT, 1, LEASE, &Rc::new(()), NOW);
    assert_eq!((charge.returned, charge.lease.max), (15, 10));
    assert_eq!(pass(&mut cache, 1, NOW), 0, "the returned rest cannot be used");
}

#[test]
fn request_over_the_rest_of_the_lease_is_charged() {
    let mut cache = LeaseCache::default();
    cache.learn(&CLIENT, &LIMITS, 1, &grant(4, 4), NOW);
    assert_eq!(cache.verdict(&CLIENT, &LIMITS, 4, NOW), None);
    let charge = cache.charge(&CLIENT, 4, LEASE, &Rc::new(()), NOW);
    assert_eq!((charge.cost, charge.returned), (4, 3));
}

#[test]
fn cheaper_request_than_the_refused_one_is_charged() {
    let mut cache = LeaseCache::default();
    cache.learn(&CLIENT, &LIMITS, 5, &grant(0, 97), NOW);
    assert!(refuses(&mut cache, 5, NOW) && refuses(&mut cache, 9, NOW + 17_499));
    assert!(!refuses(&mut cache, 4, NOW) && !refuses(&mut cache, 5, NOW + 17_500));
}

#[test]
fn refusal_does_not_return_after_the_clock_was_set_back() {
    let mut cache = LeaseCache::default();
    let ahead = NOW + 10_800_000;
    cache.learn(&CLIENT, &LIMITS, 1, &grant(0, 100), ahead);
    assert!(refuses(&mut cache, 1, ahead));
    assert!(!refuses(&mut cache, 1, NOW), "the clock is corrected");
    assert!(!refuses(&mut cache, 1, ahead), "the window has ended");
}

#[test]
fn later_grant_of_the_refused_cost_drops_the_refusal() {
    let mut cache = LeaseCache::default();
    let granted = |cost, at| {
        let Grant { taken, counts } = grant(cost, 99);
        Grant { taken, counts: Counts { at, ..counts } }
    };
    cache.learn(&CLIENT, &LIMITS, 3, &grant(0, 98), NOW);
    cache.learn(&CLIENT, &LIMITS, 3, &granted(3, NOW - 1), NOW);
    assert!(refuses(&mut cache, 3, NOW), "the grant is older");
    cache.learn(&CLIENT, &LIMITS, 2, &granted(2, NOW + 1), NOW);
    assert!(refuses(&mut cache, 3, NOW), "the grant is cheaper");
    cache.learn(&CLIENT, &LIMITS, 3, &granted(3, NOW + 1), NOW);
    assert!(!refuses(&mut cache, 3, NOW));
}

#[test]
fn older_grant_after_a_refusal_does_not_lend_it_its_counts() {
    let mut cache = LeaseCache::default();
    cache.learn(&CLIENT, &LIMITS, 1, &grant(0, 100), NOW);
    let Grant { taken, counts } = grant(3, 3);
    let older = Grant { taken, counts: Counts { at: NOW - 1, ..counts } };
    cache.learn(&CLIENT, &LIMITS, 1, &older, NOW - 1);
    assert_eq!(pass(&mut cache, 5, NOW), 2, "the lease is counted");
    assert_eq!(cache.verdict(&CLIENT, &LIMITS, 1, NOW), None, "3 of 100 is no refusal");
    cache.learn(&CLIENT, &LIMITS, 1, &grant(0, 100), NOW);
    let refused = CachedVerdict::Refused(grant(0, 100).counts);
    assert_eq!(cache.verdict(&CLIENT, &LIMITS, 1, NOW), Some(refused));
}

#[test]
fn unused_lease_that_makes_room_is_returned_before_a_refusal() {
    let limits = [Period::Minute, Period::Hour].map(|period| Limit { period, requests: 100 });
    let grant = |taken, minute, hour| {
        let Grant { taken, mut counts } = grant(taken, minute);
        counts.counts[1] = hour;
        Grant { taken, counts }
    };
    let mut cache = LeaseCache::default();
    cache.learn(&CLIENT, &limits, 1, &grant(6, 6, 96), NOW);
    cache.learn(&CLIENT, &limits, 1, &grant(0, 10, 100), NOW);
    assert_eq!(cache.verdict(&CLIENT, &limits, 1, NOW + 17_500), None, "the minute has ended");
    let charge = cache.charge(&CLIENT, 1, LEASE, &Rc::new(()), NOW + 17_500);
    assert_eq!(charge.returned, 5);
    // A request that the unused part is too small for is refused, with the windows that are full.
    cache.learn(&CLIENT, &limits, 1, &grant(6, 6, 96), NOW);
    cache.learn(&CLIENT, &limits, 6, &grant(0, 10, 100), NOW);
    let refused = CachedVerdict::Refused(grant(0, 5, 95).counts);
    assert_eq!(cache.verdict(&CLIENT, &limits, 6, NOW), Some(refused));
}

#[test]
fn clients_beyond_the_maximum_get_no_lease() {
    let mut cache = LeaseCache::default();
    let client = |n: usize| {
        let mut client = [0; 16];
        client[..8].copy_from_slice(&n.to_le_bytes());
        client
    };
    for n in 0..MAX_CLIENTS + 1_000 {
        cache.learn(&client(n), &LIMITS, 1, &grant(6, 6), NOW);
    }
    assert_eq!(cache.clients.len(), MAX_CLIENTS);
    assert_eq!(
        cache.charge(&client(MAX_CLIENTS + 1), 1, LEASE, &Rc::new(()), NOW),
        Charge::without_lease(1)
    );
    let later = NOW + 20_000;
    assert_ne!(
        cache.charge(&client(MAX_CLIENTS + 1), 1, LEASE, &Rc::new(()), later),
        Charge::without_lease(1)
    );
    assert_eq!(cache.clients.len(), 1);
}
