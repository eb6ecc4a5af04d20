//! Faults of the upstream. Envoy itself responds to the requests that the upstream cannot serve; the
//! filters decide all requests as before.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, gateway::Gateway, wait::until};
use novasphere_tests::{
    faults::{
        BEYOND, INVALID, LIMIT, Link, LinkFault,
        Outcome::{self, BrokenOff, Complete},
        Part, Traffic, provider,
    },
    key_server::KeyServer,
    test_key::TestKey,
};
use serde_json::json;

const ISSUER: &str = "https://issuer.test";
/// The upstream's time limit on the second listener.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Starts the lines of the access log.
pub(super) const LOGGED: &str = "faults: ";

/// A fault, and how a request that passes the filters ends.
pub(super) struct Case {
    name: &'static str,
    pub(super) fault: LinkFault,
    passed: Outcome,
    /// The response flags in Envoy's access log.
    flags: &'static str,
}

pub(super) const CASES: [Case; 6] = [
    Case { name: "killed", fault: LinkFault::Killed, passed: Complete(503), flags: "UF" },
    Case { name: "stalled", fault: LinkFault::Stalled, passed: Complete(504), flags: "UT" },
    Case {
        name: "drip",
        fault: LinkFault::Drip { bytes: 16, pause: Duration::from_millis(5) },
        passed: Complete(200),
        flags: "-",
    },
    Case {
        name: "reset-in-the-head",
        fault: LinkFault::Reset(Part::Head),
        passed: Complete(502),
        flags: "UPE",
    },
    Case {
        name: "reset-in-the-body",
        fault: LinkFault::Reset(Part::Body),
        passed: BrokenOff(200),
        flags: "UPE",
    },
    Case { name: "garbage", fault: LinkFault::Garbage, passed: Complete(502), flags: "UPE" },
];

pub(super) const NO_FAULT: Case =
    Case { name: "none", fault: LinkFault::None, passed: Complete(200), flags: "-" };

pub(super) struct Stack {
    pub(super) gateway: Gateway,
    /// The address of the listener with a time limit.
    impatient: SocketAddr,
    pub(super) link: Link,
    key: TestKey,
    foreign: TestKey,
    _keys: KeyServer,
}

impl Stack {
    pub(super) fn start(native: bool) -> Result<Self> {
        let [key, foreign] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
        let keys = KeyServer::start(ISSUER, vec![key.jwk()])?;
        let providers = [provider(ISSUER, "keys", 300)];
        let filter = novasphere_tests::faults::chain(native, &providers, &json!({}));
        let mut link = None;
        let gateway = Gateway::configured(vec![filter], |mut config| {
            let started = Link::start(config.upstream);
            config.upstream = started.as_ref().map_or(config.upstream, |link| link.addr);
            link = Some(started);
            config.clusters.insert("keys".to_owned(), keys.addr);
            config.concurrency = 2;
            for listener in &mut config.listeners {
                listener.access_log =
                    Some(format!("{LOGGED}%REQ(x-client)% %RESPONSE_CODE% %RESPONSE_FLAGS%"));
            }
            let mut impatient = config.listeners.clone();
            for listener in &mut impatient {
                listener.name = "impatient".to_owned();
                listener.upstream_timeout = Some(TIMEOUT);
            }
            config.listeners.extend(impatient);
            config
        })?;
        let impatient = gateway.envoy.listener("impatient")?;
        let link = link.context("no link")??;
        let stack = Self { gateway, impatient, link, key, foreign, _keys: keys };
        until("the first keys", || {
            Ok((stack.traffic(&NO_FAULT).passed("first", 1)? == 1).then_some(()))
        })?;
        Ok(stack)
    }

    pub(super) fn traffic(&self, case: &Case) -> Traffic<'_> {
        // Only a stalled upstream needs the time limit, which a busy machine could exceed otherwise.
        let addr =
            if case.fault == LinkFault::Stalled { self.impatient } else { self.gateway.addr };
        Traffic { addr, issuer: ISSUER, key: &self.key, foreign: &self.foreign }
    }

    /// Injects the fault and checks the requests of a new client.
    pub(super) fn check(&self, case: &Case, client: &str) -> Result<()> {
        self.link.inject(case.fault)?;
        // Envoy could use a closed connection until it notices.
        let open = "cluster.novasphere-api.upstream_cx_active";
        self.gateway.envoy.wait_for_stat(open, |open| open == 0)?;
        let hits = self.link.hits();
        let harm = self.traffic(case).harm(client, case.passed)?;
        let logged = self.logged(client)?;
        ensure!(harm.is_none(), "{client}: {harm:?} {logged:?}");
        let is_hit = !matches!(case.fault, LinkFault::None | LinkFault::Killed);
        // Envoy gives up on a stalled upstream, which may not have read the request yet.
        until("all requests to meet the fault", || {
            Ok((!is_hit || self.link.hits() >= hits + LIMIT).then_some(()))
        })?;
        let (Complete(status) | BrokenOff(status)) = case.passed else { return Ok(()) };
        let expected = [
            (format!("{status} {}", case.flags), LIMIT),
            ("429 -".to_owned(), BEYOND),
            ("401 -".to_owned(), INVALID),
        ];
        ensure!(logged == BTreeMap::from(expected), "{client}: {logged:?}");
        Ok(())
    }

    /// The statuses and flags of a client's requests in Envoy's access log.
    fn logged(&self, client: &str) -> Result<BTreeMap<String, usize>> {
        let start = format!("{LOGGED}{client} ");
        self.gateway.envoy.wait_for_log_lines(&start, LIMIT + BEYOND + INVALID)?;
        let mut counts = BTreeMap::new();
        for line in self.gateway.envoy.log()?.lines() {
            if let Some(logged) = line.strip_prefix(&start) {
                *counts.entry(logged.to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }
}

fn check_faults(native: bool) -> Result<()> {
    let stack = Stack::start(native)?;
    stack.check(&NO_FAULT, "before")?;
    for case in &CASES {
        stack.check(case, case.name)?;
        stack.check(&NO_FAULT, &format!("after-{}", case.name))?;
    }
    chain::ensure_no_trap(&stack.gateway.envoy)
}

#[test]
fn only_the_upstream_fails_requests() -> Result<()> {
    check_faults(false)
}

#[test]
fn only_the_upstream_fails_requests_in_the_native_gateway() -> Result<()> {
    check_faults(true)
}
