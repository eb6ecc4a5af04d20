//! Workers whose timer paused, as nginx pauses it after an hour without requests.

use super::*;

const TWO_HOURS: u64 = 7_200;

impl Worker<'_> {
    /// The key in use at the next request.
    fn key_in_use(&mut self) -> Option<&str> {
        self.sources.catch_up(&mut self.caches, &self.host.env());
        self.caches.first()?.keys()?.first().map(String::as_str)
    }
}

#[test]
fn paused_worker_uses_the_keys_of_other_workers_at_once() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut busy, mut paused) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    busy.fetch_keys("key 1");
    paused.tick();
    assert_eq!(paused.key_in_use(), Some("key 1"));
    host.advance(TWO_HOURS);
    busy.fetch_keys("key 2");
    assert_eq!(paused.key_in_use(), Some("key 2"));
}

#[test]
fn keys_that_expired_while_all_workers_paused_wait_for_a_fetch() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    two.tick();
    host.advance(TWO_HOURS);
    assert_eq!(one.key_in_use(), None);
    assert_eq!(one.availability(), KeyAvailability::Pending);
    let fetches = one.tick();
    // Another worker, and a new one, must not use them during the fetch either.
    let mut new = Worker::new(&sources, &host);
    for worker in [&mut one, &mut two, &mut new] {
        worker.tick();
        assert_eq!(worker.availability(), KeyAvailability::Pending);
        assert_eq!(worker.key_in_use(), None);
    }
    one.respond(&fetches[0], 200, &[], "key 2");
    for worker in [&mut one, &mut two, &mut new] {
        assert_eq!(worker.availability(), KeyAvailability::Updated);
        assert_eq!(worker.key_in_use(), Some("key 2"));
    }
}

#[test]
fn unchanged_keys_are_used_again_after_the_fetch() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    host.advance(TWO_HOURS);
    assert_eq!(worker.key_in_use(), None);
    worker.fetch_keys("key 1");
    assert_eq!(worker.availability(), KeyAvailability::Updated);
    assert_eq!(worker.key_in_use(), Some("key 1"));
    assert_eq!(worker.availability(), KeyAvailability::Unchanged);
}

#[test]
fn last_good_keys_are_used_again_after_a_failed_fetch() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    host.advance(TWO_HOURS);
    assert_eq!(worker.key_in_use(), None);
    let fetches = worker.tick();
    worker.respond(&fetches[0], 503, &[], "");
    assert_eq!(worker.availability(), KeyAvailability::Updated);
    assert_eq!(worker.key_in_use(), Some("key 1"));
    // The issuer is still down after the next pause.
    host.advance(TWO_HOURS);
    assert_eq!(worker.key_in_use(), Some("key 1"));
}

/// A worker that resumes while another one fetches has no reason to reject requests.
#[test]
fn fetch_by_a_busy_worker_keeps_the_keys_in_use() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut busy, mut paused) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    busy.fetch_keys("key 1");
    paused.tick();
    let fetch = (0..300).find_map(|_| {
        host.advance(1);
        busy.tick().pop()
    });
    host.advance(5);
    assert_eq!(paused.key_in_use(), Some("key 1"));
    busy.finish(&fetch.unwrap(), Err(FetchError::NoResponse));
    assert_eq!([busy.key_in_use(), paused.key_in_use()], [Some("key 1"); 2]);
}

/// The busy worker may have a configuration of the same source with a longer time limit.
#[test]
fn long_fetch_by_a_busy_worker_keeps_the_keys_in_use() {
    let (long, short) = (source(|source| source.timeout_ms = 30_000), source(|_| {}));
    let host = TestHost::at(NOW);
    let (mut busy, mut paused) = (Worker::new(&long, &host), Worker::new(&short, &host));
    busy.fetch_keys("key 1");
    paused.tick();
    let fetch = (0..300).find_map(|_| {
        host.advance(1);
        busy.tick().pop()
    });
    host.advance(20);
    assert_eq!(paused.key_in_use(), Some("key 1"));
    busy.respond(&fetch.unwrap(), 200, &[], "key 2");
    assert_eq!(paused.availability(), KeyAvailability::Updated);
    assert_eq!(paused.key_in_use(), Some("key 2"));
}

#[test]
fn keys_wait_for_a_fetch_if_the_record_is_lost_during_a_pause() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    host.advance(TWO_HOURS);
    host.shared_values.borrow_mut().clear();
    assert_eq!(worker.key_in_use(), None);
    assert_eq!(worker.availability(), KeyAvailability::Pending);
    worker.fetch_keys("key 2");
    assert_eq!(worker.availability(), KeyAvailability::Updated);
    assert_eq!(worker.key_in_use(), Some("key 2"));
}

/// The first worker that resumes creates a new record, which says nothing about the age of keys.
#[test]
fn keys_of_all_workers_wait_for_a_fetch_if_the_record_is_lost_during_a_pause() {
    for status in [200, 503] {
        let (sources, host) = (source(|_| {}), TestHost::at(NOW));
        let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
        one.fetch_keys("key 1");
        two.tick();
        host.advance(TWO_HOURS);
        host.shared_values.borrow_mut().clear();
        assert_eq!(one.key_in_use(), None);
        let fetches = one.tick();
        assert_eq!(two.key_in_use(), None);
        assert_eq!(two.availability(), KeyAvailability::Pending);
        one.respond(&fetches[0], status, &[], "key 2");
        assert_eq!(two.availability(), KeyAvailability::Updated);
        let expected = if status == 200 { "key 2" } else { "key 1" };
        assert_eq!(two.key_in_use(), Some(expected));
    }
}

/// The new key set may have removed a key.
#[test]
fn keys_wait_for_a_fetch_if_a_newer_key_set_is_lost_during_a_pause() {
    for timer_is_first in [false, true] {
        let (sources, host) = (source(|_| {}), TestHost::at(NOW));
        let (mut busy, mut paused) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
        busy.fetch_keys("key 1");
        paused.tick();
        host.advance(TWO_HOURS);
        busy.fetch_keys("key 2");
        evict_key_sets(&host);
        host.advance(60);
        if timer_is_first {
            paused.tick();
        }
        assert_eq!(paused.key_in_use(), None);
        assert_eq!(paused.availability(), KeyAvailability::Pending);
        busy.fetch_keys("key 2");
        assert_eq!(paused.availability(), KeyAvailability::Updated);
        assert_eq!(paused.key_in_use(), Some("key 2"));
    }
}

#[test]
fn keys_stay_in_use_if_their_own_key_set_is_lost_during_a_pause() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut busy, mut paused) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    busy.fetch_keys("key 1");
    paused.tick();
    host.advance(TWO_HOURS);
    busy.fetch_keys("key 1");
    evict_key_sets(&host);
    assert_eq!(paused.key_in_use(), Some("key 1"));
}

/// A worker without a pause finds the new key set at its next poll.
#[test]
fn keys_of_a_busy_worker_stay_in_use_while_another_one_stores_a_newer_key_set() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    let fetch = (0..300).find_map(|_| {
        host.advance(1);
        let fetch = one.tick().pop();
        two.tick();
        fetch
    });
    one.respond(&fetch.unwrap(), 200, &[], "key 2");
    let stored = host.shared_values.borrow().clone();
    evict_key_sets(&host);
    assert_eq!(two.availability(), KeyAvailability::Unchanged);
    assert_eq!(two.key_in_use(), Some("key 1"));
    *host.shared_values.borrow_mut() = stored;
    two.tick();
    assert_eq!(two.key_in_use(), Some("key 2"));
}
