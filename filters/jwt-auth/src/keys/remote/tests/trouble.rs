//! Clocks that jump, slots that change owners, and late responses.

use super::{super::record::generation_of, *};

/// Another source with the same first slot.
fn neighbour() -> KeySetSources<TextKeys> {
    source(|source| {
        let [_, rest @ ..] = &mut source.id;
        rest.fill(9);
    })
}

#[test]
fn late_response_does_not_overwrite_the_new_owner_of_a_slot() {
    let (one, two, host) = (source(|_| {}), neighbour(), TestHost::at(NOW));
    let mut late = Worker::new(&one, &host);
    let fetches = late.tick();
    // The record counts as abandoned by then, so the other source takes the slot.
    host.advance(8 * 86_400);
    let mut other = Worker::new(&two, &host);
    other.fetch_keys("key of two");
    late.respond(&fetches[0], 200, &[], "key of one");
    let mut fresh = Worker::new(&two, &host);
    fresh.tick();
    assert_eq!(fresh.keys(), Some("key of two"));
}

#[test]
fn keys_are_replaced_after_the_shared_record_is_lost() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    two.tick();
    assert_eq!(two.keys(), Some("key 1"));
    host.shared_values.borrow_mut().clear();
    one.tick();
    one.fetch_keys("key 2");
    for worker in [&mut one, &mut two] {
        worker.tick();
        assert_eq!(worker.keys(), Some("key 2"));
    }
}

#[test]
fn fetches_continue_after_a_clock_was_ahead() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW + 4 * 31_536_000));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    worker.tick();
    host.millis.set(NOW * 1_000);
    worker.fetch_keys("key 2");
    assert_eq!(worker.keys(), Some("key 2"));
    host.advance(30);
    assert_eq!(worker.availability(), KeyAvailability::Pending);
}

#[test]
fn late_response_does_not_replace_newer_keys() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut slow, mut quick) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    let old = slow.tick();
    host.advance(7);
    let new = quick.tick();
    assert_eq!((old.len(), new.len()), (1, 1));
    slow.finish(&old[0], Err(FetchError::NoResponse));
    assert_eq!(slow.tick(), [], "the second fetch is in progress");
    slow.respond(&old[0], 200, &[], "key 1");
    quick.respond(&new[0], 200, &[], "key 2");
    slow.respond(&old[0], 200, &[], "key 1");
    for worker in [&mut slow, &mut quick] {
        worker.tick();
        assert_eq!(worker.keys(), Some("key 2"));
    }
}

#[test]
fn unusable_key_set_is_logged_once() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut one = Worker::new(&sources, &host);
    one.fetch_keys("key 1");
    // A key set that another version of the filter stored.
    let slot = one.caches[0].slot.unwrap();
    slot.store_key_set([7; 16], b"no such thing", &host).unwrap();
    slot.change([7; 16], &host, |record| {
        record.generation = generation_of(b"no such thing");
        true
    });
    let mut two = Worker::new(&sources, &host);
    for _ in 0..50 {
        two.tick();
        two.availability();
    }
    assert_eq!((two.keys(), host.warnings.borrow().len()), (None, 1));
}

#[test]
fn requests_wake_only_when_a_fetch_begins_or_ends() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    two.tick();
    let wakes = |worker: &mut Worker<'_>| sources.on_timer(&mut worker.caches, &host.env()).wake;
    one.caches = std::mem::take(&mut two.caches);
    let mut other = Worker::new(&sources, &host);
    assert!(wakes(&mut other));
    assert!((0..10).all(|_| !wakes(&mut other)));
    let fetch = sources.sources[0].fetch(1, Endpoint::parse("https://issuer.test/").unwrap());
    one.respond(&fetch, 200, &[], "key 1");
    assert!(wakes(&mut other));
    assert!((0..10).all(|_| !wakes(&mut other)));
}

/// A request that did not wait may be the first to read the keys of another worker.
#[test]
fn requests_wake_even_if_another_request_loads_the_keys_first() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    let fetches = one.tick();
    two.tick();
    assert_eq!(two.availability(), KeyAvailability::Pending);
    one.respond(&fetches[0], 200, &[], "key 1");
    assert_eq!(two.availability(), KeyAvailability::Updated);
    let mut wakes = || sources.on_timer(&mut two.caches, &host.env()).wake;
    assert!(wakes());
    assert!((0..10).all(|_| !wakes()));
}

#[test]
fn arbitrary_shared_bytes_do_not_panic() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    Worker::new(&sources, &host).fetch_keys("key 1");
    let keys: Vec<Vec<u8>> = host.shared_values.borrow().keys().cloned().collect();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let good = host.shared_values.borrow()[&key].clone();
        for bad in [vec![], vec![0; 3], vec![0xff; 48], vec![0xff; 100], good.0[..8].to_vec()] {
            host.shared_values.borrow_mut().insert(key.clone(), (bad, 1));
            let mut worker = Worker::new(&sources, &host);
            worker.tick();
            worker.availability();
        }
        host.shared_values.borrow_mut().insert(key, good);
    }
}

#[test]
fn failing_shared_data_does_not_panic_and_gives_no_key() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    host.shared_data_fails.set(true);
    let mut worker = Worker::new(&sources, &host);
    assert_eq!(worker.tick(), []);
    assert_eq!(worker.availability(), KeyAvailability::Pending);
}

/// The end of the warning after a fetch with this result.
fn failure(discovery: bool, result: Result<(u16, &[u8]), FetchError>) -> String {
    let (sources, host) = (source(|source| source.discovery = discovery), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    let fetches = worker.tick();
    let response =
        result.map(|(status, body)| FetchResponse { status, headers: Headers::default(), body });
    assert_eq!(worker.finish(&fetches[0], response), []);
    let warnings = host.warnings.take();
    let start = "the keys of https://issuer.test from keys could not be fetched: ";
    warnings[0].strip_prefix(start).unwrap_or_else(|| panic!("{warnings:?}")).to_owned()
}

#[test]
fn log_says_why_a_fetch_failed() {
    let connect = b"upstream connect error or disconnect/reset before headers. reset reason: \
                    connection timeout\n";
    for (discovery, result, expected) in [
        (false, Ok((503, &b"busy"[..])), "status 503"),
        (
            false,
            Ok((503, &connect[..])),
            "the proxy could not connect to the upstream: check its address, port and TLS settings; \
             the proxy says \"reset reason: connection timeout\\n\"",
        ),
        (false, Ok((504, b"upstream request timeout")), "the upstream did not respond in time"),
        (false, Ok((302, b"")), "status 302, a redirect, which is not followed; use the final URL"),
        (
            false,
            Err(FetchError::NotSent(2)),
            "the proxy did not send the request (host status 2); check that the upstream exists and \
             has a usable endpoint",
        ),
        (
            true,
            Ok((200, br#"{"issuer": "https://o\n.test", "jwks_uri": "https://k.test/a"}"#)),
            "the discovery document is of another issuer: 'https://o%0A.test', expected \
             'https://issuer.test'",
        ),
        (true, Ok((200, b"{}")), "the discovery document has no issuer"),
        (
            true,
            Ok((200, br#"{"issuer": "https://issuer.test", "jwks_uri": "https://u:p@k.test/?s"}"#)),
            "the discovery document has a jwks_uri that is not an http or https URL",
        ),
        (
            true,
            Ok((200, br#"{"issuer": "https://issuer.test", "jwks_uri": "http://k.test/?secret"}"#)),
            "the discovery document has a jwks_uri without TLS, but was itself fetched with TLS",
        ),
        (
            true,
            Ok((200, b"\x1f\x8b\x08\0")),
            "the discovery document is compressed with gzip; the server must send it without \
             Content-Encoding, since the request asks for none",
        ),
    ] {
        assert_eq!(failure(discovery, result), expected);
    }
}

/// A listener may be replaced while its first fetch is in flight.
#[test]
fn next_configuration_fetches_at_once_after_an_abandoned_fetch() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut old = Worker::new(&sources, &host);
    let abandoned = old.tick();
    assert_eq!(abandoned.len(), 1);
    let mut new = Worker::new(&sources, &host);
    assert_eq!(new.tick(), []);
    old.sources.abandon_fetches(&old.caches, &host.env());
    new.fetch_keys("key 1");
    assert_eq!(*host.events.borrow(), ["keys_fetched"]);
    assert_eq!(*host.warnings.borrow(), [""; 0]);
}

/// An old listener may drain while the new one fetches with a longer time limit.
#[test]
fn lease_of_a_configuration_with_a_longer_timeout_is_kept() {
    let (long, short) = (source(|source| source.timeout_ms = 30_000), source(|_| {}));
    let host = TestHost::at(NOW);
    let (mut new, mut old) = (Worker::new(&long, &host), Worker::new(&short, &host));
    let fetches = new.tick();
    assert_eq!(old.tick(), []);
    host.advance(20);
    assert_eq!(old.tick(), []);
    new.respond(&fetches[0], 200, &[], "key 1");
    assert_eq!((new.keys(), host.warnings.borrow().len()), (Some("key 1"), 0));
}

#[test]
fn lease_of_a_clock_that_was_ahead_does_not_block_fetches() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW + 400));
    assert_eq!(Worker::new(&sources, &host).tick().len(), 1);
    host.millis.set(NOW * 1_000);
    assert_eq!(Worker::new(&sources, &host).tick().len(), 1);
}

/// Only the worker that fetches may release the lease.
#[test]
fn worker_releases_no_lease_of_another_one() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    host.advance(300);
    assert_eq!(two.tick().len(), 1);
    let idle = Worker::new(&sources, &host);
    for worker in [&one, &idle] {
        sources.abandon_fetches(&worker.caches, &host.env());
    }
    assert_eq!(one.tick(), []);
}
