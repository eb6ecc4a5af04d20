//! Updates, hot restarts, drains and crashes of the proxy, while clients send requests and others wait
//! for keys. No request is lost or wrongly admitted, and none is refused within its limit.

mod load;
mod memory;
mod restarts;
mod updates;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    clock::instant,
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter},
    standin::Standin,
    wait::until,
};
use novasphere_tests::{
    key_server::{Behaviour, KeyServer},
    test_key::TestKey,
};
use serde_json::json;

const ISSUER: &str = "https://issuer.test";

/// The requests that wait for keys at a time.
const WAITING: usize = 4;

/// The time limit of a request that waits for keys. The filter accepts no longer one.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Requests that wait for keys.
struct Waiting {
    connections: Vec<Connection>,
    since: Instant,
}

/// The upstream and the issuer's server of a gateway.
struct Servers {
    standin: Standin,
    keys: KeyServer,
    key: TestKey,
}

impl Servers {
    fn start() -> Result<Self> {
        let key = TestKey::es256("k1")?;
        let keys = KeyServer::start(ISSUER, vec![key.jwk()])?;
        Ok(Self { standin: Standin::start()?, keys, key })
    }

    /// The configuration of an Envoy with these listeners.
    fn config(&self, listeners: Vec<Listener>) -> Result<EnvoyConfig> {
        let mut config = EnvoyConfig::new(self.standin.addr, listeners);
        config.environment = chain::environment()?;
        config.clusters.insert("keys".to_owned(), self.keys.addr);
        config.concurrency = 2;
        Ok(config)
    }

    /// Sends requests of the issuer's users while its server does not respond. Returns when a fetch of
    /// the keys at `path` is in progress and the gateway has the requests.
    fn send_waiting(&self, addr: SocketAddr, envoy: &Envoy, path: &str) -> Result<Waiting> {
        let since = instant();
        let send = |n: usize| {
            let claims = json!({"iss": ISSUER, "exp": "now+600", "jti": format!("{path} {n}")});
            let request = Request::get("/api/v1/wukongs")
                .header("authorization", format!("Bearer {}", self.key.token(&claims)?))
                .header("x-client", format!("waiting {path} {n}"));
            let mut connection = Connection::open(addr)?;
            connection.write(&request.to_bytes())?;
            Ok(connection)
        };
        let connections = (0..WAITING).map(send).collect::<Result<Vec<_>>>()?;
        self.keys.wait_for_requests(path, 1)?;
        until("the gateway to hold the requests", || {
            let stats = envoy.stats()?;
            let active = |name: &str| stats.get(name).copied().unwrap_or_default();
            let all = active(&format!("http.{LISTENER}.downstream_rq_active"));
            // The load's requests are also active upstream; waiting ones are not.
            let at_the_upstream = active("cluster.novasphere-api.upstream_rq_active");
            Ok((all >= at_the_upstream + WAITING as u64).then_some(()))
        })?;
        Ok(Waiting { connections, since })
    }

    /// Lets the issuer's server respond, and checks that all waiting requests pass. Returns false if a
    /// request timed out first.
    fn release(&self, waiting: Waiting) -> Result<bool> {
        let could_time_out = waiting.since.elapsed() >= TIMEOUT - Duration::from_secs(10);
        self.keys.behave(Behaviour::Serve);
        let mut in_time = true;
        for (n, mut connection) in waiting.connections.into_iter().enumerate() {
            let head = connection.read_answer().with_context(|| format!("waiting request {n}"))?;
            let is_late = head.status == 503 && could_time_out;
            ensure!(head.status == 200 || is_late, "waiting request {n} got {}", head.status);
            in_time &= !is_late;
        }
        Ok(in_time)
    }
}

const LISTENER: &str = "api";

/// The changing parts of a listener.
#[derive(Clone, Copy)]
struct Settings<'a> {
    /// Every response has it in a header.
    generation: u32,
    /// The path of the issuer's keys.
    path: &'a str,
    /// The limit of a client in a year, so that no window ends.
    limit: usize,
    native: bool,
}

/// A listener with a gateway.
fn listener(settings: Settings<'_>) -> Listener {
    let Settings { generation, path, limit, native } = settings;
    // A separate filter, because the gateway does not change its own refusals.
    let mark = json!({"response": {"add": {"headers": [format!("x-generation:{generation}")]}}});
    let gateway = json!({
        "jwt_auth": {
            "uri_param_names": [],
            "credentials": [{
                "key": "novasphere-user", "algorithm": "HS256",
                "secret": {"env": "NOVASPHERE_JWT_SECRET"},
            }],
            "jwks": [{
                "issuer": ISSUER, "cluster": "keys", "path": path, "timeout": TIMEOUT.as_secs(),
                "algorithms": ["ES256"],
            }],
        },
        "rate_limit": {"year": limit, "limit_by": "header", "header_name": "x-client"},
    });
    let filters = [("header-transform", mark), ("gateway", gateway)];
    let filters = filters
        .map(|(name, config)| WasmFilter { native, ..WasmFilter::new(name, config.to_string()) });
    Listener::new(LISTENER, filters.to_vec())
}
