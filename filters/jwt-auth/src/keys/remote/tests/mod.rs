mod pauses;
mod slots;
mod trouble;

use novasphere_core::{
    Endpoint, Env, Fetch, FetchError, FetchResponse, Headers, testing::TestHost,
};

use super::{
    issuer::Issuer,
    key_cache::KeyCache,
    key_set_sources::{KeyAvailability, KeySetReader, KeySetSources},
    source::KeySetSource,
};

const NOW: u64 = 1_800_000_000;

/// Reads any text that starts with "key" as a key.
struct TextKeys;

impl KeySetReader for TextKeys {
    type Key = String;

    fn read(&self, _: usize, _: &Issuer, text: &[u8], _: &Env<'_>) -> Result<Vec<String>, String> {
        match str::from_utf8(text) {
            Ok(text) if text.starts_with("key") => Ok(vec![text.to_owned()]),
            _ => Err("no usable key".to_owned()),
        }
    }
}

fn source(more: impl FnOnce(&mut KeySetSource)) -> KeySetSources<TextKeys> {
    let mut source = KeySetSource {
        id: [7; 16],
        issuer: Issuer::exact("https://issuer.test"),
        upstream: "keys".to_owned(),
        endpoint: Endpoint::parse("https://issuer.test/jwks.json").unwrap(),
        discovery: false,
        refresh_ms: 300_000,
        timeout_ms: 5_000,
        cooldown_ms: 30_000,
        max_waiting: 10,
    };
    more(&mut source);
    KeySetSources { sources: vec![source], reader: TextKeys }
}

/// Removes the key sets from the shared data, but not the records. nginx evicts the least recently
/// used values from a full zone.
fn evict_key_sets(host: &TestHost) {
    let is_record = |value: &[u8]| value.len() < 100;
    host.shared_values.borrow_mut().retain(|_, (value, _)| is_record(value));
}

struct Worker<'w> {
    sources: &'w KeySetSources<TextKeys>,
    host: &'w TestHost,
    caches: Vec<KeyCache<String>>,
}

impl<'w> Worker<'w> {
    fn new(sources: &'w KeySetSources<TextKeys>, host: &'w TestHost) -> Self {
        Self { sources, host, caches: Vec::new() }
    }

    fn tick(&mut self) -> Vec<Fetch> {
        self.sources.on_timer(&mut self.caches, &self.host.env()).fetches
    }

    fn respond(
        &mut self,
        fetch: &Fetch,
        status: u16,
        lines: &[(&str, &str)],
        body: &str,
    ) -> Vec<Fetch> {
        let headers = Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())));
        let response = FetchResponse { status, headers, body: body.as_bytes() };
        self.finish(fetch, Ok(response))
    }

    fn finish(
        &mut self,
        fetch: &Fetch,
        response: Result<FetchResponse<'_>, FetchError>,
    ) -> Vec<Fetch> {
        self.sources.on_fetch(fetch.purpose, response, &mut self.caches, &self.host.env()).fetches
    }

    /// Fetches this key set.
    fn fetch_keys(&mut self, body: &str) {
        let fetches = self.tick();
        assert_eq!(fetches.len(), 1, "nothing is due");
        assert_eq!(self.respond(&fetches[0], 200, &[], body), []);
    }

    fn keys(&self) -> Option<&str> {
        self.caches.first()?.keys.as_ref()?.first().map(String::as_str)
    }

    fn availability(&mut self) -> KeyAvailability {
        self.sources.availability(0, &mut self.caches, &self.host.env())
    }
}

#[test]
fn one_worker_fetches_for_all_workers() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut workers: Vec<_> = (0..4).map(|_| Worker::new(&sources, &host)).collect();
    let fetches: Vec<_> = workers.iter_mut().map(Worker::tick).collect();
    assert_eq!(fetches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0, 0]);
    let fetch = &fetches[0][0];
    assert_eq!((&*fetch.upstream, &*fetch.path), ("keys", "/jwks.json"));
    assert_eq!((&*fetch.authority, fetch.https, fetch.timeout_ms), ("issuer.test", true, 5_000));
    workers[0].respond(fetch, 200, &[], "key 1");
    for worker in &mut workers {
        assert_eq!(worker.tick(), []);
        assert_eq!(worker.keys(), Some("key 1"));
    }
    assert_eq!(*host.events.borrow(), ["keys_fetched"]);
}

#[test]
fn keys_are_refreshed_before_they_expire() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    host.advance(269);
    assert_eq!(one.tick(), []);
    host.advance(31);
    two.fetch_keys("key 2");
    assert_eq!(one.keys(), Some("key 1"));
    one.tick();
    assert_eq!(one.keys(), Some("key 2"));
}

#[test]
fn cache_control_shortens_the_lifetime_down_to_the_cooldown() {
    for (value, due_from, due_to) in [
        ("max-age=100", 90, 100),
        ("public, max-age=\"100\"", 90, 100),
        ("max-age=1", 27, 30),
        ("no-store", 27, 30),
        ("max-age=99999999999999999999", 270, 300),
        ("max-age=86400", 270, 300),
        ("max-age=nonsense", 270, 300),
    ] {
        let (sources, host) = (source(|_| {}), TestHost::at(NOW));
        let mut worker = Worker::new(&sources, &host);
        let fetches = worker.tick();
        worker.respond(&fetches[0], 200, &[("Cache-Control", value)], "key 1");
        host.advance(due_from - 1);
        assert_eq!(worker.tick(), [], "{value}");
        host.advance(due_to - due_from + 1);
        assert_eq!(worker.tick().len(), 1, "{value}");
    }
}

#[test]
fn last_good_keys_stay_in_use_and_retries_back_off() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    host.advance(300);
    let mut delays = Vec::new();
    for failure in 0..8 {
        let start = host.millis.get();
        let fetches = loop {
            let fetches = worker.tick();
            if !fetches.is_empty() {
                break fetches;
            }
            host.millis.set(host.millis.get() + 100);
            assert!(host.millis.get() < start + 120_000, "no further try");
        };
        delays.push((host.millis.get() - start) / 1_000);
        match failure {
            0 => worker.finish(&fetches[0], Err(FetchError::NoResponse)),
            1 => worker.finish(&fetches[0], Err(FetchError::TooLarge(1_000_000))),
            2 => worker.respond(&fetches[0], 503, &[], "key 2"),
            3 => worker.finish(&fetches[0], Err(FetchError::NotSent(2))),
            _ => worker.respond(&fetches[0], 200, &[], "garbage"),
        };
        assert_eq!(worker.keys(), Some("key 1"));
    }
    assert_eq!(delays[0], 0);
    for (failures, delay) in (1..).zip(&delays[1..]) {
        let min = 2_u64.pow(failures - 1).min(60);
        assert!(*delay >= min && *delay <= min * 5 / 4 + 1, "{delays:?}");
    }
    let warnings = host.warnings.borrow();
    assert_eq!(warnings.len(), 8);
    assert!(warnings[2].contains("status 503; the last good keys stay in use"), "{}", warnings[2]);
}

#[test]
fn lease_of_a_dead_worker_expires() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut dead = Worker::new(&sources, &host);
    assert_eq!(dead.tick().len(), 1);
    let mut worker = Worker::new(&sources, &host);
    host.advance(5);
    assert_eq!(worker.tick(), []);
    host.advance(1);
    worker.fetch_keys("key 1");
}

#[test]
fn unknown_kids_cause_at_most_one_fetch_per_cooldown() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.fetch_keys("key 1");
    two.tick();
    for _ in 0..100 {
        assert_eq!(two.availability(), KeyAvailability::Unchanged);
    }
    host.advance(30);
    for _ in 0..100 {
        assert_eq!(two.availability(), KeyAvailability::Pending);
    }
    let fetches = one.tick();
    assert_eq!(fetches.len(), 1);
    assert_eq!(two.availability(), KeyAvailability::Pending);
    assert_eq!(two.tick(), []);
    one.respond(&fetches[0], 200, &[], "key 2");
    assert_eq!(two.availability(), KeyAvailability::Updated);
    assert_eq!(two.keys(), Some("key 2"));
    for _ in 0..100 {
        assert_eq!(two.availability(), KeyAvailability::Unchanged);
        assert_eq!(one.tick(), []);
    }
}

#[test]
fn unchanged_key_set_keeps_its_generation() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.fetch_keys("key 1");
    let generation = worker.caches[0].generation;
    host.advance(300);
    worker.fetch_keys("key 1");
    assert_eq!(worker.caches[0].generation, generation);
}

#[test]
fn discovery_document_of_another_issuer_is_refused() {
    let (sources, host) = (source(|source| source.discovery = true), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    let fetches = worker.tick();
    let document = r#"{"issuer": "https://issuer.test", "jwks_uri": "https://k.test/a?b=c"}"#;
    let next = worker.respond(&fetches[0], 200, &[], document);
    assert_eq!(next.len(), 1);
    let Fetch { upstream, authority, path, .. } = &next[0];
    assert_eq!((&**upstream, &**authority, &**path), ("keys", "k.test", "/a?b=c"));
    worker.respond(&next[0], 200, &[], "key 1");
    assert_eq!(worker.keys(), Some("key 1"));

    for bad in [
        r#"{"issuer": "https://other.test", "jwks_uri": "https://k.test/a"}"#,
        r#"{"issuer": "https://issuer.test"}"#,
        r#"{"issuer": "https://issuer.test", "jwks_uri": "file:///etc/passwd"}"#,
        r#"{"issuer": "https://issuer.test", "jwks_uri": "https://a@b.test/"}"#,
        "[]",
        "",
    ] {
        host.advance(400);
        let fetches = worker.tick();
        assert_eq!(worker.respond(&fetches[0], 200, &[], bad), [], "{bad}");
        assert_eq!(worker.keys(), Some("key 1"));
    }
}

#[test]
fn sources_with_the_same_first_slot_stay_apart() {
    let (one, two) = (
        source(|_| {}),
        source(|source| source.id = [7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    );
    let host = TestHost::at(NOW);
    let (mut first, mut second) = (Worker::new(&one, &host), Worker::new(&two, &host));
    first.fetch_keys("key 1");
    second.fetch_keys("key 2");
    first.tick();
    second.tick();
    assert_eq!((first.keys(), second.keys()), (Some("key 1"), Some("key 2")));
}
