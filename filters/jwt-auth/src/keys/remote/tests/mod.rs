mod trouble;

use novasphere_core::{Endpoint, Fetch, Headers, testing::TestHost};

use super::*;

const NOW: u64 = 1_800_000_000;

/// Takes any text that starts with "key" for a key.
struct Texts;

impl Reader for Texts {
    type Key = String;

    fn read(&self, _: usize, text: &[u8], _: &Env<'_>) -> Result<Vec<String>, String> {
        match str::from_utf8(text) {
            Ok(text) if text.starts_with("key") => Ok(vec![text.to_owned()]),
            _ => Err("no usable key".to_owned()),
        }
    }
}

fn source(more: impl FnOnce(&mut Source)) -> Sources<Texts> {
    let mut source = Source {
        identity: [7; 16],
        issuer: "https://issuer.test".to_owned(),
        upstream: "keys".to_owned(),
        endpoint: Endpoint::parse("https://issuer.test/jwks.json").unwrap(),
        discovery: false,
        refresh_ms: 300_000,
        timeout_ms: 5_000,
        cooldown_ms: 30_000,
        max_waiting: 10,
    };
    more(&mut source);
    Sources { sources: vec![source], reader: Texts }
}

/// One worker.
struct Worker<'w> {
    sources: &'w Sources<Texts>,
    host: &'w TestHost,
    known: Vec<Known<String>>,
}

impl<'w> Worker<'w> {
    fn new(sources: &'w Sources<Texts>, host: &'w TestHost) -> Self {
        Self { sources, host, known: Vec::new() }
    }

    fn tick(&mut self) -> Vec<Fetch> {
        self.sources.on_timer(&mut self.known, &self.host.env()).fetches
    }

    fn answer(
        &mut self,
        fetch: &Fetch,
        status: u16,
        lines: &[(&str, &str)],
        body: &str,
    ) -> Vec<Fetch> {
        let headers = Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())));
        let response = FetchResponse { status, headers, body: body.as_bytes() };
        self.ended(fetch, Ok(response))
    }

    fn ended(
        &mut self,
        fetch: &Fetch,
        response: Result<FetchResponse<'_>, FetchError>,
    ) -> Vec<Fetch> {
        self.sources.on_fetch(fetch.purpose, response, &mut self.known, &self.host.env()).fetches
    }

    /// Fetches and gets this key set.
    fn gets(&mut self, body: &str) {
        let fetches = self.tick();
        assert_eq!(fetches.len(), 1, "nothing is due");
        assert_eq!(self.answer(&fetches[0], 200, &[], body), []);
    }

    fn keys(&self) -> Option<&str> {
        self.known.first()?.keys.as_ref()?.first().map(String::as_str)
    }

    fn prospect(&mut self) -> Prospect {
        self.sources.prospect(0, &mut self.known, &self.host.env())
    }
}

#[test]
fn one_worker_fetches_and_all_have_the_keys() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut workers: Vec<_> = (0..4).map(|_| Worker::new(&sources, &host)).collect();
    let fetches: Vec<_> = workers.iter_mut().map(Worker::tick).collect();
    assert_eq!(fetches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0, 0]);
    let fetch = &fetches[0][0];
    assert_eq!((&*fetch.upstream, &*fetch.path), ("keys", "/jwks.json"));
    assert_eq!((&*fetch.authority, fetch.https, fetch.timeout_ms), ("issuer.test", true, 5_000));
    workers[0].answer(fetch, 200, &[], "key 1");
    for worker in &mut workers {
        assert_eq!(worker.tick(), []);
        assert_eq!(worker.keys(), Some("key 1"));
    }
    assert_eq!(*host.events.borrow(), ["keys_fetched"]);
}

#[test]
fn keys_are_fetched_anew_before_they_get_old() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.gets("key 1");
    host.advance(269);
    assert_eq!(one.tick(), []);
    host.advance(31);
    two.gets("key 2");
    assert_eq!(one.keys(), Some("key 1"));
    one.tick();
    assert_eq!(one.keys(), Some("key 2"));
}

#[test]
fn cache_control_counts_within_bounds() {
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
        worker.answer(&fetches[0], 200, &[("Cache-Control", value)], "key 1");
        host.advance(due_from - 1);
        assert_eq!(worker.tick(), [], "{value}");
        host.advance(due_to - due_from + 1);
        assert_eq!(worker.tick().len(), 1, "{value}");
    }
}

#[test]
fn the_last_good_keys_go_on_and_retries_back_off() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.gets("key 1");
    host.advance(300);
    let mut pauses = Vec::new();
    for failure in 0..8 {
        let start = host.millis.get();
        let fetches = loop {
            let fetches = worker.tick();
            if !fetches.is_empty() {
                break fetches;
            }
            host.millis.set(host.millis.get() + 100);
            assert!(host.millis.get() < start + 120_000, "no more tries");
        };
        pauses.push((host.millis.get() - start) / 1_000);
        match failure {
            0 => worker.ended(&fetches[0], Err(FetchError::NoResponse)),
            1 => worker.ended(&fetches[0], Err(FetchError::TooLarge(1_000_000))),
            2 => worker.answer(&fetches[0], 503, &[], "key 2"),
            3 => worker.ended(&fetches[0], Err(FetchError::NotSent(2))),
            _ => worker.answer(&fetches[0], 200, &[], "garbage"),
        };
        assert_eq!(worker.keys(), Some("key 1"));
    }
    assert_eq!(pauses[0], 0);
    for (failures, pause) in (1..).zip(&pauses[1..]) {
        let back_off = 2_u64.pow(failures - 1).min(60);
        assert!(*pause >= back_off && *pause <= back_off * 5 / 4 + 1, "{pauses:?}");
    }
    let warnings = host.warnings.borrow();
    assert_eq!(warnings.len(), 8);
    assert!(warnings[2].contains("status 503; the last good keys go on"), "{}", warnings[2]);
}

#[test]
fn a_worker_that_dies_does_not_keep_the_lease() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut dead = Worker::new(&sources, &host);
    assert_eq!(dead.tick().len(), 1);
    let mut worker = Worker::new(&sources, &host);
    host.advance(5);
    assert_eq!(worker.tick(), []);
    host.advance(1);
    worker.gets("key 1");
}

#[test]
fn unknown_kids_cause_no_more_than_a_fetch_a_cooldown() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let (mut one, mut two) = (Worker::new(&sources, &host), Worker::new(&sources, &host));
    one.gets("key 1");
    two.tick();
    for _ in 0..100 {
        assert_eq!(two.prospect(), Prospect::None);
    }
    host.advance(30);
    for _ in 0..100 {
        assert_eq!(two.prospect(), Prospect::Coming);
    }
    let fetches = one.tick();
    assert_eq!(fetches.len(), 1);
    assert_eq!(two.prospect(), Prospect::Coming);
    assert_eq!(two.tick(), []);
    one.answer(&fetches[0], 200, &[], "key 2");
    assert_eq!(two.prospect(), Prospect::Newer);
    assert_eq!(two.keys(), Some("key 2"));
    for _ in 0..100 {
        assert_eq!(two.prospect(), Prospect::None);
        assert_eq!(one.tick(), []);
    }
}

#[test]
fn a_set_that_is_the_same_changes_nothing() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    worker.gets("key 1");
    let generation = worker.known[0].generation;
    host.advance(300);
    worker.gets("key 1");
    assert_eq!(worker.known[0].generation, generation);
}

#[test]
fn discovery_names_the_key_set_of_its_own_issuer_only() {
    let (sources, host) = (source(|source| source.discovery = true), TestHost::at(NOW));
    let mut worker = Worker::new(&sources, &host);
    let fetches = worker.tick();
    let document = r#"{"issuer": "https://issuer.test", "jwks_uri": "https://k.test/a?b=c"}"#;
    let next = worker.answer(&fetches[0], 200, &[], document);
    assert_eq!(next.len(), 1);
    let Fetch { upstream, authority, path, .. } = &next[0];
    assert_eq!((&**upstream, &**authority, &**path), ("keys", "k.test", "/a?b=c"));
    worker.answer(&next[0], 200, &[], "key 1");
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
        assert_eq!(worker.answer(&fetches[0], 200, &[], bad), [], "{bad}");
        assert_eq!(worker.keys(), Some("key 1"));
    }
}

#[test]
fn sources_that_fall_on_one_place_keep_apart() {
    let (one, two) = (
        source(|_| {}),
        source(|source| source.identity = [7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    );
    let host = TestHost::at(NOW);
    let (mut first, mut second) = (Worker::new(&one, &host), Worker::new(&two, &host));
    first.gets("key 1");
    second.gets("key 2");
    first.tick();
    second.tick();
    assert_eq!((first.keys(), second.keys()), (Some("key 1"), Some("key 2")));
}

#[test]
fn any_shared_bytes_are_read_without_harm() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    Worker::new(&sources, &host).gets("key 1");
    let keys: Vec<Vec<u8>> = host.shared_values.borrow().keys().cloned().collect();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let good = host.shared_values.borrow()[&key].clone();
        for bad in [vec![], vec![0; 3], vec![0xff; 48], vec![0xff; 100], good.0[..8].to_vec()] {
            host.shared_values.borrow_mut().insert(key.clone(), (bad, 1));
            let mut worker = Worker::new(&sources, &host);
            worker.tick();
            worker.prospect();
        }
        host.shared_values.borrow_mut().insert(key, good);
    }
}

#[test]
fn without_shared_data_there_is_no_panic_and_no_key() {
    let (sources, host) = (source(|_| {}), TestHost::at(NOW));
    host.shared_data_fails.set(true);
    let mut worker = Worker::new(&sources, &host);
    assert_eq!(worker.tick(), []);
    assert_eq!(worker.prospect(), Prospect::Coming);
}
