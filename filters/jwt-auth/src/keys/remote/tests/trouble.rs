//! Clocks, places and replies that do not behave.

use super::*;

/// Another source that falls on the same place.
fn neighbour() -> Sources<Texts> {
    source(|source| {
        let [_, rest @ ..] = &mut source.identity;
        rest.fill(9);
    })
}

#[test]
fn a_place_that_changed_hands_gives_nobody_elses_keys() {
    let (one, two, host) = (source(|_| {}), neighbour(), TestHost::at(NOW));
    let mut late = Worker::new(&one, &host);
    let fetches = late.tick();
    // So long that the record counts as abandoned, and the other source takes the place.
    host.advance(8 * 86_400);
    let mut other = Worker::new(&two, &host);
    other.gets("key of two");
    late.answer(&fetches[0], 200, &[], "key of one");
    let mut fresh = Worker::new(&two, &host);
    fresh.tick();
    assert_eq!(fresh.keys(), Some("key of two"));
}

#[test]
fn a_record_that_began_anew_does_not_keep_old_keys_alive() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.gets("key 1");
    two.tick();
    assert_eq!(two.keys(), Some("key 1"));
    host.shared_values.borrow_mut().clear();
    one.tick();
    one.gets("key 2");
    for worker in [&mut one, &mut two] {
        worker.tick();
        assert_eq!(worker.keys(), Some("key 2"));
    }
}

#[test]
fn a_clock_that_was_ahead_once_does_not_stop_the_fetches() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW + 4 * 31_536_000));
    let mut worker = Worker::new(&sources, &host);
    worker.gets("key 1");
    worker.tick();
    host.millis.set(NOW * 1_000);
    worker.gets("key 2");
    assert_eq!(worker.keys(), Some("key 2"));
    host.advance(30);
    assert_eq!(worker.prospect(), Prospect::Coming);
}

#[test]
fn a_reply_that_comes_too_late_undoes_nothing() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut slow, mut quick) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    let old = slow.tick();
    host.advance(7);
    let new = quick.tick();
    assert_eq!((old.len(), new.len()), (1, 1));
    slow.ended(&old[0], Err(FetchError::NoResponse));
    assert_eq!(slow.tick(), [], "a third fetch while the second is under way");
    slow.answer(&old[0], 200, &[], "key 1");
    quick.answer(&new[0], 200, &[], "key 2");
    slow.answer(&old[0], 200, &[], "key 1");
    for worker in [&mut slow, &mut quick] {
        worker.tick();
        assert_eq!(worker.keys(), Some("key 2"));
    }
}

#[test]
fn a_set_of_no_use_is_read_and_told_of_once() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut one = Worker::new(&sources, &host);
    one.gets("key 1");
    // As if another program had stored what only it can read.
    let slot = one.known[0].slot.unwrap();
    slot.store_key_set([7; 16], b"no such thing", &host).unwrap();
    slot.change([7; 16], &host, |record| {
        record.generation = generation_of(b"no such thing");
        true
    });
    let mut two = Worker::new(&sources, &host);
    for _ in 0..50 {
        two.tick();
        two.prospect();
    }
    assert_eq!((two.keys(), host.warnings.borrow().len()), (None, 1));
}

#[test]
fn requests_are_woken_when_a_fetch_begins_or_ends_and_not_else() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    two.tick();
    let wakes = |worker: &mut Worker<'_>| sources.on_timer(&mut worker.known, &host.env()).wake;
    one.known = std::mem::take(&mut two.known);
    let mut other = Worker::new(&sources, &host);
    assert!(wakes(&mut other));
    assert!((0..10).all(|_| !wakes(&mut other)));
    let fetch = sources.sources[0].fetch(1, Endpoint::parse("https://issuer.test/").unwrap());
    one.answer(&fetch, 200, &[], "key 1");
    assert!(wakes(&mut other));
    assert!((0..10).all(|_| !wakes(&mut other)));
}
