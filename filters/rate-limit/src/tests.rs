use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
};

use novasphere_core::{
    Clock, Connection, Edit, Env, Headers, Host, Metrics, Policy, Random, RequestHead,
    ResponseHead, Step, Store, StoreError, UnixTime, Version, Written,
};
use proptest::prelude::*;

use crate::{RateLimit, policy::State};

struct NoHost;

impl Host for NoHost {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
    fn variable_remedy(&self, _: &str) -> String {
        String::new()
    }
    fn warn(&self, _: &str) {}
}

/// Values and their versions.
type Values = HashMap<Vec<u8>, (Vec<u8>, u32)>;

/// A proxy's ports, and how other workers interfere.
struct World {
    seconds: Cell<u64>,
    address: Cell<Option<IpAddr>>,
    values: RefCell<Values>,
    /// How many of the next writes lose their race.
    races: Cell<u32>,
    broken: Cell<bool>,
    events: RefCell<Vec<&'static str>>,
}

impl World {
    fn new() -> Self {
        Self {
            seconds: Cell::new(1_709_213_862),
            address: Cell::new(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            values: RefCell::default(),
            races: Cell::new(0),
            broken: Cell::new(false),
            events: RefCell::default(),
        }
    }

    fn ask<'p>(
        &self,
        policy: &'p RateLimit,
        state: &mut State,
        lines: &[(&str, &str)],
    ) -> Step<'p, Option<crate::policy::Headroom>> {
        let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        let head = RequestHead { headers: Headers::borrowed(lines) };
        let env = Env { clock: self, store: self, connection: self, random: self, metrics: self };
        policy.on_request(&head, state, &env)
    }

    fn allows(&self, policy: &RateLimit, state: &mut State, lines: &[(&str, &str)]) -> bool {
        matches!(self.ask(policy, state, lines), Step::Continue { .. })
    }
}

impl Clock for World {
    fn now(&self) -> UnixTime {
        UnixTime { millis: self.seconds.get() * 1000 }
    }
}

impl Connection for World {
    fn client_address(&self) -> Option<IpAddr> {
        self.address.get()
    }
    fn service(&self) -> Option<Vec<u8>> {
        Some(b"novasphere-api".to_vec())
    }
}

impl Random for World {
    fn bytes(&self) -> [u8; 16] {
        [7; 16]
    }
}

impl Metrics for World {
    fn count(&self, event: &'static str) {
        self.events.borrow_mut().push(event);
    }
}

impl Store for World {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        if self.broken.get() {
            return Err(StoreError::Host(6));
        }
        Ok(self.values.borrow().get(key).map(|(value, cas)| (value.clone(), Version(*cas))))
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Version>,
    ) -> Result<Written, StoreError> {
        if self.races.get() > 0 {
            self.races.set(self.races.get() - 1);
            return Ok(Written::Raced);
        }
        let mut values = self.values.borrow_mut();
        let version = values.get(key).map(|(_, cas)| Version(*cas));
        if version != seen {
            return Ok(Written::Raced);
        }
        values.insert(key.to_vec(), (value.to_vec(), seen.map_or(1, |v| v.0 + 1)));
        Ok(Written::Done)
    }
}

fn limiter(config: &str) -> RateLimit {
    RateLimit::configure(config.as_bytes(), &NoHost).unwrap()
}

fn refusal(config: &str) -> String {
    RateLimit::configure(config.as_bytes(), &NoHost).unwrap_err().to_string()
}

fn headers(step: Step<'_, Option<crate::policy::Headroom>>, policy: &RateLimit) -> String {
    let lines: Vec<String> = match step {
        Step::Continue { carry, .. } => policy
            .on_response(carry, &ResponseHead::default())
            .into_iter()
            .map(|edit| match edit {
                Edit::Set(name, value) => format!("{name}={}", String::from_utf8_lossy(&value)),
                other => panic!("{other:?}"),
            })
            .collect(),
        Step::Reply { reply, .. } => reply
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
            .collect(),
    };
    lines.join(" ")
}

#[test]
fn headers_are_kongs() {
    let policy = limiter(r#"{"minute": 2, "hour": 3}"#);
    let (world, mut state) = (World::new(), State::default());
    // 37:42 past the hour.
    assert_eq!(
        headers(world.ask(&policy, &mut state, &[]), &policy),
        "x-ratelimit-limit-minute=2 x-ratelimit-remaining-minute=1 x-ratelimit-limit-hour=3 \
         x-ratelimit-remaining-hour=2 ratelimit-limit=2 ratelimit-remaining=1 ratelimit-reset=18"
    );
    world.ask(&policy, &mut state, &[]);
    assert_eq!(
        headers(world.ask(&policy, &mut state, &[]), &policy),
        "x-ratelimit-limit-minute=2 x-ratelimit-remaining-minute=0 x-ratelimit-limit-hour=3 \
         x-ratelimit-remaining-hour=1 ratelimit-limit=2 ratelimit-remaining=0 ratelimit-reset=18 \
         retry-after=18 content-type=application/json; charset=utf-8"
    );
    world.seconds.set(world.seconds.get() + 18);
    world.ask(&policy, &mut state, &[]);
    let both = headers(world.ask(&policy, &mut state, &[]), &policy);
    assert!(
        both.contains("ratelimit-limit=3 ratelimit-remaining=0 ratelimit-reset=1320"),
        "{both}"
    );
    assert!(both.contains("retry-after=1320"), "{both}");
}

#[test]
fn hidden_headers_leave_retry_after() {
    let policy = limiter(r#"{"hour": 1, "hide_client_headers": true}"#);
    let (world, mut state) = (World::new(), State::default());
    assert_eq!(headers(world.ask(&policy, &mut state, &[]), &policy), "");
    assert_eq!(
        headers(world.ask(&policy, &mut state, &[]), &policy),
        "retry-after=1338 content-type=application/json; charset=utf-8"
    );
}

#[test]
fn a_lost_race_decides_anew_and_never_twice() {
    let policy = limiter(r#"{"hour": 3}"#);
    let (world, mut state) = (World::new(), State::default());
    for _ in 0..3 {
        world.races.set(5);
        assert!(world.allows(&policy, &mut state, &[]));
    }
    world.races.set(5);
    assert!(!world.allows(&policy, &mut state, &[]));
}

#[test]
fn a_failing_store_is_answered_as_configured() {
    let world = World::new();
    world.broken.set(true);
    let tolerant = limiter(r#"{"hour": 1}"#);
    assert!(world.allows(&tolerant, &mut State::default(), &[]));
    let strict = limiter(r#"{"hour": 1, "fault_tolerant": false}"#);
    match world.ask(&strict, &mut State::default(), &[]) {
        Step::Reply { reply, decision, .. } => {
            assert_eq!((reply.status, decision), (500, "store_failed_refused"));
        }
        other => panic!("{other:?}"),
    }
    world.broken.set(false);
    world.races.set(u32::MAX);
    assert!(!world.allows(&strict, &mut State::default(), &[]), "bounded tries");
}

#[test]
fn workers_share_counts_and_other_limiters_do_not() {
    let policy = limiter(r#"{"hour": 2}"#);
    let world = World::new();
    let (mut one, mut two) = (State::default(), State::default());
    assert!(world.allows(&policy, &mut one, &[]));
    assert!(world.allows(&policy, &mut two, &[]));
    assert!(!world.allows(&policy, &mut one, &[]));
    assert!(!world.allows(&policy, &mut two, &[]));
    for other in
        [r#"{"hour": 3}"#, r#"{"hour": 2, "name": "b"}"#, r#"{"hour": 2, "limit_by": "service"}"#]
    {
        assert!(world.allows(&limiter(other), &mut State::default(), &[]), "{other}");
    }
}

#[test]
fn identities_are_told_apart() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "header", "header_name": "X-Client"}"#);
    let (world, mut state) = (World::new(), State::default());
    let mut first = |lines: &[(&str, &str)]| world.allows(&policy, &mut state, lines);
    assert!(first(&[("x-client", "a")]));
    assert!(!first(&[("X-Client", "a")]));
    assert!(first(&[("x-client", "b")]));
    assert!(first(&[("x-client", "a"), ("x-client", "b")]));
    assert!(first(&[("x-client", "ab")]));
    assert!(first(&[]), "by address");
    assert!(!first(&[("x-client", "")]), "by address");
    assert_eq!(*world.events.borrow(), ["fell_back_to_ip", "fell_back_to_ip"]);
}

#[test]
fn a_path_limit_leaves_other_paths_alone() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "path", "path": "/api/v1/wukongs"}"#);
    let (world, mut state) = (World::new(), State::default());
    let mut ask = |path| world.allows(&policy, &mut state, &[(":path", path)]);
    assert!(ask("/api/v1/wukongs?a=1"));
    assert!(!ask("/api/v1/wukongs"));
    assert!((0..5).all(|_| ask("/api/v1/wukongs/1")));
}

#[test]
fn clients_of_unknown_address_count_as_one() {
    let policy = limiter(r#"{"hour": 1}"#);
    let (world, mut state) = (World::new(), State::default());
    world.address.set(None);
    assert!(world.allows(&policy, &mut state, &[]));
    assert!(!world.allows(&policy, &mut state, &[]));
}

#[test]
fn the_table_is_sized_by_its_clients() {
    assert_eq!(limiter(r#"{"hour": 1}"#).slots, 32_768);
    assert_eq!(limiter(r#"{"hour": 1, "max_clients": 1024}"#).slots, 512);
    assert!(
        refusal(r#"{"hour": 1, "max_clients": 5}"#).starts_with("max_clients: must be 1024 to")
    );
}

#[test]
fn many_more_clients_than_places_stay_in_bounds() {
    let policy = limiter(
        r#"{"hour": 9, "limit_by": "header", "header_name": "x-client", "max_clients": 1024}"#,
    );
    let (world, mut state) = (World::new(), State::default());
    for n in 0..20_000 {
        let client = format!("client-{n}");
        assert!(world.allows(&policy, &mut state, &[("x-client", &client)]));
    }
    assert!(world.values.borrow().len() <= 512 + 1);
    assert!(world.events.borrow().contains(&"evicted"));
}

proptest! {
    /// Whatever the order of requests, clients and times (that do not go back): per client and
    /// window never more than the limit, and never a refusal below all limits.
    #[test]
    fn admitted_is_what_a_plain_count_admits(
        steps in prop::collection::vec((0_u64..40, 0_u8..6), 1..300),
        minute in 1_u32..6,
        more in 0_u32..10,
    ) {
        let hour = minute + more;
        let policy = limiter(&format!(
            r#"{{"minute": {minute}, "hour": {hour}, "limit_by": "header", "header_name": "c"}}"#
        ));
        let (world, mut state) = (World::new(), State::default());
        let mut counts: HashMap<(u8, char, u64), u32> = HashMap::new();
        for (wait, client) in steps {
            let now = world.seconds.get() + wait;
            world.seconds.set(now);
            let (in_minute, in_hour) = ((client, 'm', now / 60), (client, 'h', now / 3600));
            let expected = counts.get(&in_minute).copied().unwrap_or(0) < minute
                && counts.get(&in_hour).copied().unwrap_or(0) < hour;
            if expected {
                *counts.entry(in_minute).or_default() += 1;
                *counts.entry(in_hour).or_default() += 1;
            }
            let name = client.to_string();
            prop_assert_eq!(world.allows(&policy, &mut state, &[("c", &name)]), expected);
        }
    }

    #[test]
    fn no_head_is_too_odd(name in ".{0,20}", value in prop::collection::vec(any::<u8>(), 0..300)) {
        for by in ["ip", "consumer", "service"] {
            let policy = limiter(&format!(r#"{{"hour": 1, "limit_by": "{by}"}}"#));
            let lines = [(name.as_bytes(), value.as_slice()), (&b"x-consumer-id"[..], &value)];
            let head = RequestHead { headers: Headers::borrowed(lines) };
            let world = World::new();
            let env =
                Env { clock: &world, store: &world, connection: &world, random: &world, metrics: &world };
            policy.on_request(&head, &mut State::default(), &env);
        }
    }
}
