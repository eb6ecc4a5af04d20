//! The wall clock of the real Envoy steps forward and back by hours, while it counts, while tokens are
//! cached, and while requests wait for keys.

mod shifted_clock;

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    envoy::WasmFilter,
    gateway::Gateway,
    wait::until,
};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use self::shifted_clock::ShiftedClock;

/// 2030-06-15T12:10:00Z: no hour ends within 50 minutes, and no year within months.
const NOON: u64 = 1_907_755_800;
const HOUR: u64 = 3_600;
const STEP: u64 = 3 * HOUR;

/// Enough connections that both workers get some.
const CONNECTIONS: usize = 12;

/// A gateway whose clock starts at [`NOON`].
struct Stepped {
    clock: ShiftedClock,
    gateway: Gateway,
}

impl Stepped {
    fn start(config: &Value, keys: Option<&KeyServer>, native: bool) -> Result<Self> {
        let clock = ShiftedClock::start(NOON)?;
        let filter = WasmFilter { native, ..WasmFilter::new("gateway", config.to_string()) };
        let gateway = Gateway::configured(vec![filter], |mut config| {
            clock.add_to(&mut config);
            config.clusters.extend(keys.map(|keys| ("keys".to_owned(), keys.addr)));
            config.concurrency = 2;
            for listener in &mut config.listeners {
                listener.answers = true;
            }
            config
        })?;
        Ok(Self { clock, gateway })
    }

    /// Sends requests of a client over several connections at a time, so that a slow machine still sends
    /// enough in a second for leases. Returns how many pass; all others must be over the limit.
    fn passed(&self, client: &str, requests: usize) -> Result<usize> {
        let request = Request::get("/").header("x-client", client).to_bytes();
        let connections = (0..CONNECTIONS).map(|_| Connection::open(self.gateway.addr));
        let mut connections = connections.collect::<Result<Vec<_>>>()?;
        let mut passed = 0;
        for sent in (0..requests).step_by(CONNECTIONS) {
            let at_once = (requests - sent).min(CONNECTIONS);
            for connection in connections.iter_mut().take(at_once) {
                connection.write(&request)?;
            }
            for connection in connections.iter_mut().take(at_once) {
                let status = connection.read_answer()?.status;
                ensure!([200, 429].contains(&status), "{client}: status {status}");
                passed += usize::from(status == 200);
            }
        }
        Ok(passed)
    }

    /// Sends a token over several connections, and requires the same status each time.
    fn ensure_status(&self, token: &str, expected: u16, what: &str) -> Result<()> {
        for _ in 0..CONNECTIONS {
            let status = self.gateway.send(&with_token(token))?.head.status;
            ensure!(status == expected, "{what}: status {status} instead of {expected}");
        }
        Ok(())
    }
}

fn with_token(token: &str) -> Request {
    Request::get("/").header("authorization", format!("Bearer {token}"))
}

fn on_both_gateways(check: impl Fn(bool) -> Result<()>) -> Result<()> {
    check(false)?;
    check(true)
}

/// A step forward begins new windows. A step back keeps the counts, so that a client cannot gain from it,
/// and may be refused until the next window of the new time. A later step forward passes one limit more.
#[test]
fn step_of_the_clock_passes_at_most_one_limit_more() -> Result<()> {
    const LIMIT: usize = 20;
    on_both_gateways(|native| {
        let limit = json!({"hour": LIMIT, "limit_by": "header", "header_name": "x-client"});
        let stepped = Stepped::start(&json!({"rate_limit": limit}), None, native)?;
        let passed_at = |now, client: &str, expected: usize| {
            stepped.clock.set(now)?;
            let passed = stepped.passed(client, LIMIT + 10)?;
            ensure!(passed == expected, "{client}: {passed} passed, not {expected}, at {now}");
            Ok(())
        };
        passed_at(NOON, "early", LIMIT)?;
        passed_at(NOON + STEP, "early", LIMIT)?;
        passed_at(NOON, "early", 0)?;
        passed_at(NOON - STEP, "early", 0)?;
        passed_at(NOON - STEP, "late", LIMIT)?;
        passed_at(NOON - STEP + HOUR, "early", LIMIT)?;
        passed_at(NOON, "early", LIMIT)?;
        passed_at(NOON, "early", 0)?;
        chain::ensure_no_trap(&stepped.gateway.envoy)
    })
}

/// Leases are taken, spent and returned across the steps. The native module counts each request.
#[test]
fn steps_of_the_clock_within_a_window_pass_exactly_the_limit_with_leases() -> Result<()> {
    const LIMIT: usize = 3_000;
    const PART: usize = 400;
    on_both_gateways(|native| {
        let limit = json!({"year": LIMIT, "limit_by": "constant", "lease": {"max": 50}});
        let stepped = Stepped::start(&json!({"rate_limit": limit}), None, native)?;
        let mut passed = 0;
        for step in [0, STEP, 0, 2 * STEP, STEP, 0] {
            stepped.clock.set(NOON + step)?;
            passed += stepped.passed("one", PART)?;
        }
        if !native {
            let leased = "wasmcustom.novasphere_events_total.filter=rate-limit.event=lease_hit";
            stepped.gateway.envoy.wait_for_stat(leased, |hits| hits > 100)?;
        }
        until("all of the limit to pass", || {
            passed += stepped.passed("one", PART)?;
            Ok((passed >= LIMIT).then_some(()))
        })?;
        passed += stepped.passed("one", PART)?;
        ensure!(passed == LIMIT, "{passed} passed");
        chain::ensure_no_trap(&stepped.gateway.envoy)
    })
}

/// Cached tokens are valid only between their times, also after the clock comes back.
#[test]
fn cached_token_is_valid_only_by_the_current_clock() -> Result<()> {
    on_both_gateways(|native| {
        let jwt_auth = json!({
            "uri_param_names": [], "claims_to_verify": ["exp", "nbf"], "leeway": 0,
            "credentials": [{
                "key": "novasphere-user", "algorithm": "HS256",
                "secret": {"env": "NOVASPHERE_JWT_SECRET"},
            }],
        });
        let stepped = Stepped::start(&json!({"jwt_auth": jwt_auth}), None, native)?;
        let token = |not_before: u64, expires: u64| {
            let iss = "novasphere-user";
            chain::token(json!({"iss": iss, "sub": "alice", "nbf": not_before, "exp": expires}))
        };
        let current = token(NOON - 60, NOON + HOUR)?;
        let expired = token(NOON - STEP - 60, NOON - HOUR)?;
        let future = token(NOON + STEP - 60, NOON + STEP + HOUR)?;
        let ensure = |now, [past, present, coming]: [u16; 3]| {
            stepped.clock.set(now)?;
            stepped.ensure_status(&expired, past, &format!("the token of the past at {now}"))?;
            stepped.ensure_status(&current, present, &format!("the current token at {now}"))?;
            stepped.ensure_status(&future, coming, &format!("the token of the future at {now}"))
        };
        for _ in 0..2 {
            ensure(NOON, [401, 200, 401])?;
            ensure(NOON + STEP, [401, 401, 200])?;
            ensure(NOON, [401, 200, 401])?;
            ensure(NOON - STEP, [200, 401, 401])?;
        }
        ensure(NOON, [401, 200, 401])?;
        chain::ensure_no_trap(&stepped.gateway.envoy)
    })
}

/// A request that waits for keys gets its answer after its time limit, or earlier if the clock steps
/// forward. New keys are fetched after each step.
#[test]
fn waiting_requests_and_fetches_survive_steps_of_the_clock() -> Result<()> {
    const ISSUER: &str = "https://issuer.test";
    on_both_gateways(|native| {
        let keys = [TestKey::es256("k0")?, TestKey::es256("k1")?, TestKey::es256("k2")?];
        let server = KeyServer::start(ISSUER, vec![keys[0].jwk()])?;
        server.behave(Behaviour::Held);
        let jwks = json!([{
            "issuer": ISSUER, "cluster": "keys", "path": JWKS_PATH, "algorithms": ["ES256"],
            "timeout": 10, "cooldown": 1,
        }]);
        let config = json!({"jwt_auth": {"uri_param_names": [], "jwks": jwks}});
        let stepped = Stepped::start(&config, Some(&server), native)?;
        let token = |key: usize| keys[key].token(&json!({"iss": ISSUER, "exp": NOON + 100 * HOUR}));
        for now in [NOON - STEP, NOON + STEP] {
            let mut connection = Connection::open(stepped.gateway.addr)?;
            connection.write(&with_token(&token(0)?).to_bytes())?;
            let active = "http.gateway.downstream_rq_active";
            stepped.gateway.envoy.wait_for_stat(active, |active| active == 1)?;
            stepped.clock.set(now)?;
            let head = connection.read_answer()?;
            ensure!(head.status == 503, "at {now}: status {}", head.status);
            ensure!(head.first("retry-after").is_some(), "at {now}: {head:?}");
        }
        server.behave(Behaviour::Serve);
        for (key, now) in [(0, NOON), (1, NOON - STEP), (2, NOON + STEP), (0, NOON)] {
            server.set(|setup| setup.keys = vec![keys[key].jwk()]);
            stepped.clock.set(now)?;
            until(&format!("key {key} at {now}"), || {
                let status = stepped.gateway.send(&with_token(&token(key)?))?.head.status;
                ensure!([200, 401, 503].contains(&status), "status {status}");
                Ok((status == 200).then_some(()))
            })?;
        }
        chain::ensure_no_trap(&stepped.gateway.envoy)
    })
}
