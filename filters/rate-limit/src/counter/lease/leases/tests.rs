use super::*;
use crate::window::{MAX_WINDOWS, Period};

const NOW: u64 = 1_709_213_862_500;
const CLIENT: Fingerprint = [1; 16];
const LIMITS: [Limit; 1] = [Limit { period: Period::Minute, requests: 10_000 }];
const SIZE: LeaseConfig = LeaseConfig { share: 10, max: 100 };

/// The leases of a worker whose timer was just called.
fn leases() -> Leases {
    let mut leases = Leases::default();
    assert!(leases.begin_period(NOW));
    leases
}

fn charge(leases: &mut Leases, cost: u32, now: u64) -> Charge {
    leases.charge(&CLIENT, 0, cost, SIZE, now)
}

/// Sends a request at `now`. The table grants any lease. Returns the size of a new lease.
fn send(leases: &mut Leases, now: u64) -> Option<u32> {
    if leases.spend(&CLIENT, 1, now).is_some() {
        return None;
    }
    let lease = charge(leases, 1, now).lease.max;
    let counts = Counts { counts: [500; MAX_WINDOWS], at: now };
    leases.learn(&CLIENT, &LIMITS, 1, &Grant { taken: 1 + lease, counts }, now);
    Some(lease)
}

fn rests(leases: &mut Leases) -> Vec<(u32, u32)> {
    let mut rests = Vec::new();
    leases.take_rests(|_, _, rest| rests.push((rest.returned, rest.leased_at)));
    rests
}

#[test]
fn busy_client_gets_growing_leases() {
    let mut leases = leases();
    let sizes: Vec<u32> = (0..300).filter_map(|_| send(&mut leases, NOW)).collect();
    assert_eq!(sizes, [0, 0, 0, 0, 0, 0, 0, 16, 50, 100, 100, 100]);
    assert_eq!(leases.take_hits(), 300 - 12);
    assert_eq!(leases.take_hits(), 0);
}

#[test]
fn slow_client_gets_no_lease_and_is_forgotten() {
    let mut leases = leases();
    for second in 1..20 {
        let now = NOW + second * 1_000;
        assert!(leases.begin_period(now));
        assert_eq!(rests(&mut leases), []);
        assert!(leases.clients.is_empty(), "second {second}");
        assert_eq!([(); 7].map(|()| send(&mut leases, now)), [Some(0); 7]);
    }
}

#[test]
fn timer_returns_each_rest_once() {
    let mut leases = leases();
    for _ in 0..10 {
        send(&mut leases, NOW);
    }
    assert!(!leases.begin_period(NOW + 499), "too soon");
    assert!(leases.begin_period(NOW + 900));
    assert_eq!(rests(&mut leases), [(14, 1_709_213_862)]);
    assert_eq!(leases.spend(&CLIENT, 1, NOW + 900), None);
    assert_eq!(rests(&mut leases), []);
    // The client was busy, so its next lease starts with that rate.
    assert!(leases.clients.is_empty(), "not busy in the second period");
}

#[test]
fn busy_client_continues_at_its_rate() {
    let mut leases = leases();
    for _ in 0..30 {
        send(&mut leases, NOW);
    }
    assert!(leases.begin_period(NOW + 900));
    rests(&mut leases);
    assert_eq!(send(&mut leases, NOW + 900), Some(60));
}

#[test]
fn lease_ends_with_the_window() {
    let mut leases = leases();
    for _ in 0..8 {
        send(&mut leases, NOW);
    }
    assert!(leases.spend(&CLIENT, 1, NOW + 17_499).is_some());
    assert_eq!(leases.spend(&CLIENT, 1, NOW + 17_500), None, "the window has ended");
    assert_eq!(leases.spend(&CLIENT, 1, NOW - 1), None, "the clock was set back");
    let charge = charge(&mut leases, 1, NOW + 17_500);
    assert_eq!((charge.returned, charge.leased_at), (15, 1_709_213_862));
}

/// The table was last changed by a worker whose clock is 2 seconds ahead.
#[test]
fn lease_does_not_outlive_the_window_of_its_counts() {
    let mut leases = leases();
    for _ in 0..8 {
        charge(&mut leases, 1, NOW);
    }
    let counts = Counts { counts: [9; MAX_WINDOWS], at: NOW + 2_000 };
    leases.learn(&CLIENT, &LIMITS, 1, &Grant { taken: 3, counts }, NOW);
    let counts = leases.spend(&CLIENT, 1, NOW + 100).unwrap();
    assert_eq!((counts.counts[0], counts.at), (8, NOW + 2_100));
    assert_eq!(leases.spend(&CLIENT, 1, NOW + 15_500), None);
}

#[test]
fn request_over_the_rest_returns_it() {
    let mut leases = leases();
    for _ in 0..8 {
        send(&mut leases, NOW);
    }
    assert_eq!(leases.spend(&CLIENT, 17, NOW), None);
    let charge = charge(&mut leases, 17, NOW);
    assert_eq!((charge.cost, charge.returned), (17, 16));
    assert_eq!(charge.lease.max, 0, "8 requests of this cost are not busy");
}

#[test]
fn cost_counts_for_the_size() {
    let mut leases = leases();
    let sizes = [(); 9].map(|()| charge(&mut leases, 5, NOW).lease.max);
    assert_eq!(sizes, [0, 0, 0, 0, 0, 0, 0, 80, 90]);
}

#[test]
fn worker_without_timer_takes_no_lease() {
    let mut never = Leases::default();
    assert_eq!([(); 20].map(|()| send(&mut never, NOW)), [Some(0); 20]);
    let mut lost = leases();
    let lease = |leases: &mut Leases, now| (0..20).any(|_| send(leases, now) > Some(0));
    assert!(lease(&mut lost, NOW + 2_000));
    let rest = charge(&mut lost, 1, NOW + 2_001);
    assert!(rest.returned > 0, "the last lease returns");
    assert!(!lease(&mut lost, NOW + 2_001));
    assert!(!lease(&mut lost, NOW - 2_001), "the clock was set back");
}

#[test]
fn clients_are_bounded() {
    let mut leases = leases();
    let client = |n: usize| {
        let mut client = [0; 16];
        client[8..].copy_from_slice(&n.to_le_bytes());
        client
    };
    for _ in 0..20 {
        for n in 0..MAX_CLIENTS + 100 {
            leases.charge(&client(n), 0, 1, SIZE, NOW);
        }
    }
    assert_eq!(leases.clients.len(), MAX_CLIENTS);
    assert_eq!(leases.charge(&client(MAX_CLIENTS), 0, 1, SIZE, NOW), Charge::without_lease(1));
    assert!(leases.begin_period(NOW + 1_000) && leases.begin_period(NOW + 2_000));
    rests(&mut leases);
    rests(&mut leases);
    assert!(leases.clients.is_empty());
}
