//! Redis and its HTTP front end are killed, stall, drip, reset connections or respond with garbage, and
//! come back. The tests count the requests that the fault harms.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, gateway::Gateway, wait::until};
use novasphere_tests::{
    faults::{BEYOND, LIMIT, Link, LinkFault, Outcome::Complete, Part, Traffic, number, provider},
    key_server::KeyServer,
    redis::{Fault as FrontFault, FaultyFront, Front, Redis},
    test_key::TestKey,
};
use serde_json::json;

const ISSUER: &str = "https://issuer.test";
/// Larger than the limit for a response of Redis.
const HUGE: usize = 4 << 20;

/// A fault between the gateway and the counts.
#[derive(Clone, Debug)]
enum Fault {
    /// The connections to the front end fail.
    Link(LinkFault),
    /// The front end returns wrong responses.
    Response(FrontFault),
    /// The front end's process is killed.
    FrontKilled,
    /// Redis is killed.
    RedisKilled,
    /// The process of Redis is stopped.
    RedisStopped,
}

/// Faults during which no call to Redis succeeds.
fn faults() -> Vec<Fault> {
    vec![
        Fault::Link(LinkFault::Killed),
        Fault::Link(LinkFault::Stalled),
        Fault::Link(LinkFault::Drip { bytes: 1, pause: Duration::from_millis(50) }),
        Fault::Link(LinkFault::Reset(Part::Head)),
        Fault::Link(LinkFault::Reset(Part::Body)),
        Fault::Link(LinkFault::Garbage),
        Fault::Response(FrontFault::Status(500)),
        Fault::Response(FrontFault::Garbage),
        Fault::Response(FrontFault::Huge(HUGE)),
        Fault::Response(FrontFault::OthersAnswer),
        Fault::FrontKilled,
        Fault::RedisKilled,
        Fault::RedisStopped,
    ]
}

/// A gateway with counts in Redis, and all servers between them.
struct Stack {
    gateway: Gateway,
    link: Link,
    faulty: FaultyFront,
    front: Front,
    redis: Redis,
    key: TestKey,
    foreign: TestKey,
    _keys: KeyServer,
}

impl Stack {
    fn start(native: bool, on_error: &str) -> Result<Self> {
        let [key, foreign] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
        let keys = KeyServer::start(ISSUER, vec![key.jwk()])?;
        let redis = Redis::start()?;
        let front = Front::start(&redis)?;
        let faulty = FaultyFront::start(front.addr)?;
        let link = Link::start(faulty.addr)?;
        let counts = json!({
            "policy": "redis",
            "redis": {
                "uri": "http://redis.test/", "cluster": "redis", "token": front.token(),
                "secret": "only-for-tests-0123456789", "on_error": on_error, "timeout_ms": 300,
                "breaker": {"failures": 2, "open_ms": 200},
            },
        });
        let providers = [provider(ISSUER, "keys", 300)];
        let filter = novasphere_tests::faults::chain(native, &providers, &counts);
        let gateway = Gateway::configured(vec![filter], |mut config| {
            config.clusters.insert("keys".to_owned(), keys.addr);
            config.clusters.insert("redis".to_owned(), link.addr);
            config.concurrency = 2;
            config
        })?;
        let stack = Self { gateway, link, faulty, front, redis, key, foreign, _keys: keys };
        until("the first keys", || Ok((stack.traffic().passed("first", 1)? == 1).then_some(())))?;
        Ok(stack)
    }

    fn traffic(&self) -> Traffic<'_> {
        Traffic { addr: self.gateway.addr, issuer: ISSUER, key: &self.key, foreign: &self.foreign }
    }

    fn inject(&mut self, fault: &Fault) -> Result<()> {
        match fault {
            Fault::Link(fault) => self.link.inject(*fault)?,
            Fault::Response(fault) => self.faulty.fail(fault.clone()),
            Fault::FrontKilled => self.front.kill()?,
            Fault::RedisKilled => self.redis.kill()?,
            Fault::RedisStopped => self.redis.pause()?,
        }
        Ok(())
    }

    fn recover(&mut self, fault: &Fault) -> Result<()> {
        match fault {
            Fault::Link(_) => self.link.inject(LinkFault::None)?,
            Fault::Response(_) => self.faulty.fail(FrontFault::None),
            Fault::FrontKilled => self.front.restart()?,
            Fault::RedisKilled => self.redis.restart()?,
            Fault::RedisStopped => self.redis.resume()?,
        }
        self.wait_for_redis()
    }

    /// Checks the requests of a new client while no call to Redis succeeds: the proxy counts exactly.
    fn check_local(&self, client: &str) -> Result<()> {
        let harm = self.traffic().harm(client, Complete(200))?;
        ensure!(harm.is_none(), "{client}: {harm:?}");
        Ok(())
    }

    /// Checks the requests of a new client while Redis decides them. A call that exceeds the timeout,
    /// on a busy machine, counts in the proxy instead: it may admit a request beyond the limit.
    fn check_shared(&self, client: &str) -> Result<()> {
        let before = self.failures()?;
        let harm = self.traffic().harm(client, Complete(200))?;
        let admitted = u64::try_from(harm.admitted)?;
        ensure!(harm.lost + harm.refused + harm.unreadable == 0, "{client}: {harm:?}");
        until(&format!("{admitted} failed calls that explain admitted requests"), || {
            Ok((self.failures()? >= before + admitted).then_some(()))
        })
    }

    /// The number of requests that Redis did not decide.
    fn failures(&self) -> Result<u64> {
        let start = "wasmcustom.novasphere_redis_failures_total.filter=rate-limit.kind=";
        let stats = self.gateway.envoy.stats()?;
        Ok(stats.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, count)| count).sum())
    }

    /// The number of requests with a decision of rate-limit.
    fn decided(&self, decision: &str) -> Result<u64> {
        let name =
            format!("wasmcustom.novasphere_decisions_total.filter=rate-limit.decision={decision}");
        Ok(self.gateway.envoy.stat(&name)?.unwrap_or_default())
    }

    fn event(&self, event: &str) -> Result<u64> {
        let name = format!("wasmcustom.novasphere_events_total.filter=rate-limit.event={event}");
        Ok(self.gateway.envoy.stat(&name)?.unwrap_or_default())
    }

    /// Waits until Redis decides the requests of every worker again.
    fn wait_for_redis(&self) -> Result<()> {
        until("Redis to decide requests again", || {
            let called = self.event("redis_called")?;
            for n in 0..4 {
                self.traffic().passed(&format!("probe-{called}-{n}"), 1)?;
            }
            let opened = self.event("breaker_opened")?;
            let closed = self.event("breaker_closed")? == opened;
            Ok((closed && self.event("redis_called")? >= called + 4).then_some(()))
        })
    }

    /// Injects a fault and checks the requests during and after it. One more client sends requests
    /// before, during and after it: Redis and the proxy each admit at most its limit.
    fn check(&mut self, fault: &Fault) -> Result<()> {
        let both = format!("both-{fault:?}");
        let before = self.traffic().passed(&both, LIMIT / 2)?;
        let failures = self.failures()?;
        self.inject(fault)?;
        self.check_local(&format!("during-{fault:?}"))?;
        until("failed calls to Redis", || Ok((self.failures()? > failures).then_some(())))?;
        let during = self.traffic().passed(&both, LIMIT + BEYOND)?;
        self.recover(fault)?;
        self.check_shared(&format!("after-{fault:?}"))?;
        let after = self.traffic().passed(&both, LIMIT + BEYOND)?;
        ensure!(before == LIMIT / 2 && during >= LIMIT / 2, "refused: {before} {during}");
        ensure!(before + during + after <= 2 * LIMIT, "{before} + {during} + {after}");
        Ok(())
    }
}

fn check_faults(native: bool) -> Result<()> {
    let mut stack = Stack::start(native, "local")?;
    stack.check_shared("before")?;
    for fault in faults() {
        stack.check(&fault).with_context(|| format!("{fault:?}"))?;
    }
    stack.faulty.fail(FrontFault::Slow(Duration::from_millis(50)));
    stack.check_shared("slow")?;
    chain::ensure_no_trap(&stack.gateway.envoy)
}

/// During each fault, `on_error` decides the outcome of requests with a valid token.
fn check_on_error(native: bool) -> Result<()> {
    for (on_error, expected, decision) in [
        ("allow", Complete(200), "store_failed_allowed"),
        ("deny", Complete(503), "store_failed_refused"),
    ] {
        let mut stack = Stack::start(native, on_error)?;
        for fault in faults() {
            stack.inject(&fault)?;
            let before = stack.decided(decision)?;
            let client = format!("during-{fault:?}");
            let outcomes = stack.traffic().outcomes(&client, LIMIT + BEYOND)?;
            let are_expected = outcomes.iter().all(|outcome| *outcome == expected);
            ensure!(are_expected, "{on_error}, {fault:?}: {outcomes:?}");
            let all = before + u64::try_from(outcomes.len())?;
            until(decision, || Ok((stack.decided(decision)? >= all).then_some(())))?;
            stack.recover(&fault).with_context(|| format!("{on_error}, {fault:?}"))?;
        }
        chain::ensure_no_trap(&stack.gateway.envoy)?;
    }
    Ok(())
}

/// Faults of the connections come and go while requests are in progress. Redis and the proxy each admit
/// at most the limit of one client, however many faults there are.
fn check_flapping(native: bool) -> Result<()> {
    let stack = Stack::start(native, "local")?;
    let storm = stack.traffic().storm(|sent| {
        for fault in faults() {
            let Fault::Link(fault) = fault else { continue };
            let (failures, before) = (stack.failures()?, sent());
            stack.link.inject(fault)?;
            until(&format!("failed calls during {fault:?}"), || {
                let is_met = stack.failures()? > failures && sent() >= before + BEYOND;
                Ok(is_met.then_some(()))
            })?;
            let (called, before) = (stack.event("redis_called")?, sent());
            stack.link.inject(LinkFault::None)?;
            until(&format!("calls after {fault:?}"), || {
                let is_over = stack.event("redis_called")? > called && sent() >= before + BEYOND;
                Ok(is_over.then_some(()))
            })?;
        }
        Ok(())
    })?;
    let harmed = number(&storm.within, |outcome| outcome != Complete(200))
        + number(&storm.invalid, |outcome| outcome != Complete(401))
        + number(&storm.one_client, |outcome| !matches!(outcome, Complete(200 | 429)));
    let one_client = number(&storm.one_client, |outcome| outcome == Complete(200));
    ensure!(harmed == 0 && (LIMIT..=2 * LIMIT).contains(&one_client), "{one_client} {storm:?}");
    ensure!(!storm.within.is_empty() && !storm.invalid.is_empty(), "{storm:?}");
    chain::ensure_no_trap(&stack.gateway.envoy)
}

#[test]
fn flapping_redis_harms_no_request() -> Result<()> {
    check_flapping(false)
}

#[test]
fn flapping_redis_harms_no_request_in_the_native_gateway() -> Result<()> {
    check_flapping(true)
}

#[test]
fn faults_of_redis_harm_no_request() -> Result<()> {
    check_faults(false)
}

#[test]
fn faults_of_redis_harm_no_request_in_the_native_gateway() -> Result<()> {
    check_faults(true)
}

#[test]
fn on_error_decides_requests_during_each_fault() -> Result<()> {
    check_on_error(false)
}

#[test]
fn on_error_decides_requests_during_each_fault_in_the_native_gateway() -> Result<()> {
    check_on_error(true)
}
