//! Slots of the shared data, which all sources of a proxy share.

use super::{super::record::SLOTS, *};

/// Sources whose slots all start at the same index.
fn sources(count: u32) -> KeySetSources<TextKeys> {
    let mut all = source(|_| {});
    let numbered = |number: u32| {
        let mut source = all.sources[0].clone();
        source.id[1..5].copy_from_slice(&number.to_le_bytes());
        source
    };
    all.sources = (0..count).map(numbered).collect();
    all
}

#[test]
fn every_source_gets_a_slot_while_one_is_free() {
    let (sources, host) = (sources(SLOTS), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    for fetch in worker.tick() {
        worker.respond(&fetch, 200, &[], "key 1");
    }
    assert!(worker.caches.iter().all(|cache| cache.keys.is_some()));
    assert_eq!(*host.warnings.borrow(), [""; 0]);
}

#[test]
fn source_without_slot_is_logged_once_and_searches_again() {
    let (sources, host) = (sources(SLOTS + 1), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    for _ in 0..3 {
        worker.tick();
        host.advance(10);
    }
    assert_eq!(
        *host.warnings.borrow(),
        [
            "the keys of https://issuer.test are not fetched: all 256 slots for key sets in the shared \
          data are taken; use fewer issuers with fetched keys, or restart the proxy if their \
          configurations changed in the last 7 days"
        ]
    );
    host.shared_values.borrow_mut().clear();
    worker.tick();
    assert!(worker.caches.last().unwrap().slot.is_some());
}

/// A key set is rarely read once every worker has it.
#[test]
fn unchanged_key_set_is_stored_again_after_the_host_lost_it() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut one = Worker::new(&sources, &host);
    one.fetch_keys("key 1");
    evict_key_sets(&host);
    let mut two = Worker::new(&sources, &host);
    two.tick();
    assert_eq!(two.keys(), None);
    host.advance(300);
    one.fetch_keys("key 1");
    two.tick();
    assert_eq!(two.keys(), Some("key 1"));
}
