//! The issuer and Redis are killed, stalled, slow, cut off in mid-response or return garbage, and come
//! back. During each fault, no request is lost, wrongly admitted or wrongly refused.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain, client::Request, envoy::WasmFilter, gateway::Gateway, wait::until,
};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH, KeyServer},
    redis::{Fault, FaultyFront, Front, FrontOptions, Redis},
    test_key::TestKey,
};
use serde_json::json;

const ISSUER: &str = "https://issuer.test";
/// The limit of a client, and the requests that it sends beyond it.
const LIMIT: usize = 20;
const BEYOND: usize = 10;
/// Larger than the limits for a key set and for a response of Redis.
const HUGE: usize = 4 << 20;

/// The effect of a fault on the requests of one client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Harm {
    /// Requests without a response, or with a status from 500 to 599.
    lost: usize,
    /// Requests that passed with a token of a foreign key, or beyond the limit.
    admitted: usize,
    /// Requests within the limit, with a valid token, that were refused.
    refused: usize,
}

/// jwt-auth with keys of an issuer, then rate-limit with counts in Redis.
struct Stack {
    gateway: Gateway,
    keys: KeyServer,
    faulty: FaultyFront,
    front: Front,
    redis: Redis,
    key: TestKey,
    foreign: TestKey,
}

impl Stack {
    fn start() -> Result<Self> {
        let [key, foreign] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
        let keys = KeyServer::start(ISSUER, vec![key.jwk()])?;
        let redis = Redis::start()?;
        let timeout = Duration::from_secs(5);
        let front = Front::start_with(FrontOptions { timeout, ..FrontOptions::new(&redis) })?;
        let faulty = FaultyFront::start(front.addr)?;
        let jwt_auth = json!({"uri_param_names": [], "jwks": [{
            "issuer": ISSUER, "cluster": "keys", "path": JWKS_PATH, "refresh": 1, "timeout": 2,
            "cooldown": 1, "algorithms": ["ES256"],
        }]});
        let rate_limit = json!({
            "limit_by": "header", "header_name": "x-client", "policy": "redis", "year": LIMIT,
            "redis": {
                "uri": "http://redis.test/", "cluster": "redis", "token": front.token(),
                "secret": "only-for-tests-0123456789", "on_error": "local", "timeout_ms": 300,
                "breaker": {"failures": 2, "open_ms": 200},
            },
        });
        let filters = [("jwt-auth", jwt_auth), ("rate-limit", rate_limit)];
        let filters = filters.map(|(name, config)| WasmFilter::new(name, config.to_string()));
        let gateway = Gateway::configured(filters.to_vec(), |mut config| {
            config.clusters.insert("keys".to_owned(), keys.addr);
            config.clusters.insert("redis".to_owned(), faulty.addr);
            config.concurrency = 2;
            config
        })?;
        let stack = Self { gateway, keys, faulty, front, redis, key, foreign };
        until("the first keys", || {
            Ok((stack.status(&stack.key, "first", 0) == Some(200)).then_some(()))
        })?;
        Ok(stack)
    }

    /// The status of a request; none if there was no response. `n` makes the token unique.
    fn status(&self, key: &TestKey, client: &str, n: usize) -> Option<u16> {
        let claims = json!({"iss": ISSUER, "sub": "alice", "exp": "now+600", "jti": n.to_string()});
        let token = key.token(&claims).ok()?;
        let request = Request::get("/api/v1/wukongs")
            .header("authorization", format!("Bearer {token}"))
            .header("x-client", client);
        Some(self.gateway.send(&request).ok()?.head.status)
    }

    /// Sends requests of a new client, with valid and with foreign tokens in turn.
    fn harm(&self, client: &str) -> Harm {
        let mut harm = Harm::default();
        for n in 0..LIMIT + BEYOND {
            let within = n < LIMIT;
            match self.status(&self.key, client, n) {
                None | Some(500..) => harm.lost += 1,
                Some(200) => harm.admitted += usize::from(!within),
                Some(_) => harm.refused += usize::from(within),
            }
            match self.status(&self.foreign, client, n) {
                None | Some(500..) => harm.lost += 1,
                Some(200) => harm.admitted += 1,
                Some(_) => {}
            }
        }
        harm
    }

    /// Checks the requests while Redis decides them. A call that takes longer than the timeout, on a
    /// busy machine, counts in the proxy instead, so that some requests beyond the limit may pass.
    fn ensure_within_bound(&self, client: &str) -> Result<()> {
        let harm = self.harm(client);
        ensure!(harm.lost + harm.refused == 0 && harm.admitted <= BEYOND, "{client}: {harm:?}");
        Ok(())
    }

    fn event(&self, filter: &str, event: &str) -> Result<u64> {
        let name = format!("wasmcustom.novasphere_events_total.filter={filter}.event={event}");
        Ok(self.gateway.envoy.stat(&name)?.unwrap_or_default())
    }

    /// Waits until Redis decides the requests of every worker again.
    fn wait_for_redis(&self) -> Result<()> {
        until("Redis to decide requests again", || {
            let called = self.event("rate-limit", "redis_called")?;
            for n in 0..4 {
                self.status(&self.key, &format!("probe-{called}-{n}"), n);
            }
            let opened = self.event("rate-limit", "breaker_opened")?;
            let closed = self.event("rate-limit", "breaker_closed")? == opened;
            Ok((closed && self.event("rate-limit", "redis_called")? >= called + 4).then_some(()))
        })
    }
}

#[test]
fn faults_of_the_issuer_harm_no_request() -> Result<()> {
    let mut stack = Stack::start()?;
    let faults = [
        Behaviour::Status(500),
        Behaviour::Garbage,
        Behaviour::Huge(HUGE),
        Behaviour::Slow(Duration::from_millis(1_500)),
        Behaviour::Held,
        Behaviour::Down,
    ];
    for fault in faults {
        let (failed, asked) =
            (stack.event("jwt-auth", "key_fetch_failed")?, stack.keys.requests(JWKS_PATH));
        stack.keys.behave(fault);
        until(&format!("a fetch during {fault:?}"), || {
            let failed = stack.event("jwt-auth", "key_fetch_failed")? > failed;
            let slow =
                matches!(fault, Behaviour::Slow(_)) && stack.keys.requests(JWKS_PATH) > asked;
            Ok((failed || slow).then_some(()))
        })?;
        let harm = stack.harm(&format!("{fault:?}"));
        ensure!(harm == Harm::default(), "{fault:?}: {harm:?}");
        stack.keys.behave(Behaviour::Serve);
    }
    let failed = stack.event("jwt-auth", "key_fetch_failed")?;
    stack.keys.unbind()?;
    until("a failed fetch", || {
        Ok((stack.event("jwt-auth", "key_fetch_failed")? > failed).then_some(()))
    })?;
    let harm = stack.harm("killed");
    ensure!(harm == Harm::default(), "killed: {harm:?}");
    stack.keys.bind()?;
    let fetched = stack.event("jwt-auth", "keys_fetched")?;
    until("a fetch", || Ok((stack.event("jwt-auth", "keys_fetched")? > fetched).then_some(())))?;
    let harm = stack.harm("back");
    ensure!(harm == Harm::default(), "back: {harm:?}");
    chain::ensure_no_trap(&stack.gateway.envoy)
}

#[test]
fn faults_of_redis_harm_no_request() -> Result<()> {
    let mut stack = Stack::start()?;
    let faults = [
        Fault::Status(500),
        Fault::Garbage,
        Fault::Huge(HUGE),
        Fault::OthersAnswer,
        Fault::Stall,
        Fault::Close,
        Fault::BreakOff,
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        stack.faulty.fail(fault);
        let harm = stack.harm(&name);
        ensure!(harm == Harm::default(), "{name}: {harm:?}");
        stack.faulty.fail(Fault::None);
        stack.wait_for_redis().context(name)?;
    }
    stack.faulty.fail(Fault::Slow(Duration::from_millis(50)));
    stack.ensure_within_bound("slow")?;
    stack.faulty.fail(Fault::None);
    stack.redis.kill()?;
    let harm = stack.harm("Redis killed");
    ensure!(harm == Harm::default(), "Redis killed: {harm:?}");
    stack.redis.restart()?;
    stack.ensure_within_bound("Redis back")?;
    stack.wait_for_redis()?;
    stack.front.kill()?;
    let harm = stack.harm("front killed");
    ensure!(harm == Harm::default(), "front killed: {harm:?}");
    stack.front.restart()?;
    stack.wait_for_redis()?;
    stack.ensure_within_bound("front back")?;
    chain::ensure_no_trap(&stack.gateway.envoy)
}
