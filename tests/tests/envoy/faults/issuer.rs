//! Faults of the issuers' servers, one issuer for each fault, all at the same time.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use novasphere_harness::{
    chain,
    client::{Request, Response},
    gateway::Gateway,
    wait::until,
};
use novasphere_tests::{
    faults::{LIMIT, Link, LinkFault, Outcome::Complete, Part, Traffic, provider},
    key_server::KeyServer,
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::SLOW_DRIP;

/// The faults. The name is also that of the issuer's cluster.
const FAULTS: [(&str, LinkFault); 6] = [
    ("killed", LinkFault::Killed),
    ("stalled", LinkFault::Stalled),
    ("drip", SLOW_DRIP),
    ("reset-in-the-head", LinkFault::Reset(Part::Head)),
    ("reset-in-the-body", LinkFault::Reset(Part::Body)),
    ("garbage", LinkFault::Garbage),
];

/// Requests of each kind with tokens of an issuer whose keys were never fetched. Each may wait for a fetch.
const EARLY: usize = 4;

struct Issuer {
    name: &'static str,
    url: String,
    fault: LinkFault,
    link: Link,
}

struct Stack {
    gateway: Gateway,
    issuers: Vec<Issuer>,
    keys: KeyServer,
    key: TestKey,
    foreign: TestKey,
}

impl Stack {
    /// Starts a gateway. `faulty` says whether the faults are there from the start.
    fn start(native: bool, faulty: bool) -> Result<Self> {
        let [key, foreign] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
        let keys = KeyServer::start("https://issuer.test", vec![key.jwk()])?;
        let issuers = FAULTS.map(|(name, fault)| {
            let link = Link::start(keys.addr)?;
            if faulty {
                link.inject(fault)?;
            }
            Ok(Issuer { name, url: format!("https://{name}.test"), fault, link })
        });
        let issuers = issuers.into_iter().collect::<Result<Vec<_>>>()?;
        let providers: Vec<Value> =
            issuers.iter().map(|issuer| provider(&issuer.url, issuer.name, 1)).collect();
        let filter = novasphere_tests::faults::chain(native, &providers, &json!({}));
        let gateway = Gateway::configured(vec![filter], |mut config| {
            for issuer in &issuers {
                config.clusters.insert(issuer.name.to_owned(), issuer.link.addr);
            }
            config.concurrency = 2;
            config
        })?;
        Ok(Self { gateway, issuers, keys, key, foreign })
    }

    fn traffic<'a>(
        &self,
        issuer: &'a Issuer,
        key: &'a TestKey,
        foreign: &'a TestKey,
    ) -> Traffic<'a> {
        Traffic { addr: self.gateway.addr, issuer: &issuer.url, key, foreign }
    }

    /// Waits until every worker accepts `key` for every issuer. Once a second, a worker reads the keys
    /// that another one fetched.
    fn wait_for_key(&self, key: &TestKey, phase: &str) -> Result<()> {
        for issuer in &self.issuers {
            let traffic = self.traffic(issuer, key, &self.foreign);
            let mut round = 0;
            until(&format!("keys of {}", issuer.name), || {
                round += 1;
                let client = format!("{phase}-wait-{round}-{}", issuer.name);
                Ok((traffic.passed(&client, LIMIT)? == LIMIT).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Checks the requests with tokens of every issuer.
    fn check(&self, phase: &str, key: &TestKey, foreign: &TestKey) -> Result<()> {
        for issuer in &self.issuers {
            let client = format!("{phase}-{}", issuer.name);
            let harm = self.traffic(issuer, key, foreign).harm(&client, Complete(200))?;
            ensure!(harm.is_none(), "{client}: {harm:?}");
        }
        Ok(())
    }

    /// Injects the faults and waits until each has failed at least one fetch.
    fn inject(&self) -> Result<()> {
        let fetches = |issuer: &Issuer| {
            let stats = self.gateway.envoy.stats()?;
            let count = |name| stats.get(&format!("cluster.{}.{name}", issuer.name)).copied();
            // Envoy counts a request once it has a connection.
            let counts = ["upstream_rq_total", "upstream_cx_connect_fail"].map(count);
            Ok::<_, anyhow::Error>(counts.into_iter().flatten().sum::<u64>())
        };
        let mut before = Vec::new();
        for issuer in &self.issuers {
            issuer.link.inject(issuer.fault)?;
            before.push(fetches(issuer)?);
        }
        for (issuer, before) in self.issuers.iter().zip(before) {
            // A second fetch starts after the first has failed.
            until(&format!("two failed fetches of {}", issuer.name), || {
                Ok((fetches(issuer)? >= before + 2).then_some(()))
            })?;
        }
        Ok(())
    }

    fn recover(&self) -> Result<()> {
        self.issuers.iter().try_for_each(|issuer| issuer.link.inject(LinkFault::None))
    }

    /// Sends a request with a token.
    fn send(&self, issuer: &Issuer, key: &TestKey, n: usize) -> Result<Response> {
        let claims = json!({"iss": issuer.url, "sub": "a", "exp": "now+600", "jti": n.to_string()});
        let token = format!("Bearer {}", key.token(&claims)?);
        self.gateway.send(&Request::get("/api/v1/wukongs").header("authorization", token))
    }

    /// Checks requests with tokens of an issuer whose keys were never fetched.
    fn check_early(&self, issuer: &Issuer) -> Result<()> {
        for n in 0..EARLY {
            for key in [&self.key, &self.foreign] {
                let response = self.send(issuer, key, n)?;
                let retry_after = response.head.first("retry-after");
                ensure!(
                    response.head.status == 503 && retry_after.is_some(),
                    "{}: {response:?} {}",
                    issuer.name,
                    response.text()
                );
            }
        }
        Ok(())
    }
}

fn check_faults_after_the_first_keys(native: bool) -> Result<()> {
    let stack = Stack::start(native, false)?;
    let next = TestKey::es256("k1")?;
    stack.wait_for_key(&stack.key, "before")?;
    stack.check("before", &stack.key, &stack.foreign)?;
    stack.inject()?;
    // The issuers replace their key during the faults.
    stack.keys.set(|setup| setup.keys = vec![next.jwk()]);
    stack.check("during", &stack.key, &stack.foreign)?;
    stack.recover()?;
    stack.wait_for_key(&next, "after")?;
    stack.check("after", &next, &stack.key)?;
    chain::ensure_no_trap(&stack.gateway.envoy)
}

fn check_faults_before_the_first_keys(native: bool) -> Result<()> {
    let stack = Stack::start(native, true)?;
    thread::scope(|scope| {
        let stack = &stack;
        let issuers = stack.issuers.iter();
        let checks: Vec<_> =
            issuers.map(|issuer| scope.spawn(move || stack.check_early(issuer))).collect();
        let check = |check: thread::ScopedJoinHandle<'_, Result<()>>| {
            check.join().map_err(|_| anyhow!("a client panicked"))?
        };
        checks.into_iter().try_for_each(check)
    })?;
    stack.recover()?;
    stack.wait_for_key(&stack.key, "after")?;
    stack.check("after", &stack.key, &stack.foreign).context("after the faults")?;
    chain::ensure_no_trap(&stack.gateway.envoy)
}

#[test]
fn faults_after_the_first_keys_harm_no_request() -> Result<()> {
    check_faults_after_the_first_keys(false)
}

#[test]
fn faults_after_the_first_keys_harm_no_request_in_the_native_gateway() -> Result<()> {
    check_faults_after_the_first_keys(true)
}

#[test]
fn requests_get_503_until_the_first_keys() -> Result<()> {
    check_faults_before_the_first_keys(false)
}

#[test]
fn requests_get_503_until_the_first_keys_in_the_native_gateway() -> Result<()> {
    check_faults_before_the_first_keys(true)
}
