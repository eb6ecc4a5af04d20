//! A proxy whose memory is limited, as in a container. Its supervisor starts it again if it ends.

use std::{net::SocketAddr, process::Command};

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter},
    loopback::free_address,
    standin::Standin,
    token::hs256,
    wait::until,
};
use serde_json::{Value, json};

/// The limit of a client in a year, so that no window ends.
const LIMIT: usize = 5;

/// The memory that the process may still take, in bytes. Less than the token cache of a worker.
const ROOM: u64 = 1 << 20;

/// The size of a token. The cache keeps the whole token.
const TOKEN_BYTES: usize = 12_000;

/// More tokens than fit.
const MAX_TOKENS: usize = 10_000;

/// Requests after the memory is used up.
const REQUESTS_WITHOUT_MEMORY: usize = 100;

struct Limited {
    config: EnvoyConfig,
    addr: SocketAddr,
    _standin: Standin,
}

/// The status of a response. None if the connection broke.
type Answer = Option<u16>;

impl Limited {
    fn new(native: bool) -> Result<Self> {
        let gateway = json!({
            "jwt_auth": {
                "uri_param_names": [], "cache_tokens": 100_000, "max_token_bytes": 65_536,
                "credentials": [{
                    "key": "novasphere-user", "algorithm": "HS256",
                    "secret": {"env": "NOVASPHERE_JWT_SECRET"},
                }],
            },
            "rate_limit": {"year": LIMIT, "limit_by": "header", "header_name": "x-client"},
        });
        let filter = WasmFilter { native, ..WasmFilter::new("gateway", gateway.to_string()) };
        let (standin, addr) = (Standin::start()?, free_address()?);
        let listener = Listener { port: addr.port(), ..Listener::new("api", vec![filter]) };
        let mut config = EnvoyConfig::new(standin.addr, vec![listener]);
        config.environment = chain::environment()?;
        Ok(Self { config, addr, _standin: standin })
    }

    fn send(&self, token: &str, client: &str) -> Answer {
        let request = Request::get("/api/v1/wukongs")
            .header("authorization", format!("Bearer {token}"))
            .header("x-client", client);
        Some(client::send(self.addr, &request).ok()?.head.status)
    }

    /// Sends a valid token that no cache knows, a forged one, and a request of a client over its limit.
    /// Returns the status of the valid request; the other two must not pass. Without memory, the proxy
    /// responds with 503 or breaks the connection.
    fn send_all(&self, n: usize, limited: &str) -> Result<Answer> {
        let forged =
            self.send(&hs256(claims(n), b"another secret of at least 32 bytes")?, "forger");
        ensure!(matches!(forged, Some(401 | 503) | None), "a forged token got {forged:?}");
        let over = self.send(&chain::good_token()?, limited);
        ensure!(matches!(over, Some(429 | 503) | None), "a request over the limit got {over:?}");
        let valid = self.send(&chain::token(claims(n))?, &format!("client-{n}"));
        ensure!(matches!(valid, Some(200 | 503) | None), "a valid token got {valid:?}");
        Ok(valid)
    }

    /// Uses up the limit of a client, which passes exactly.
    fn use_up(&self, client: &str) -> Result<()> {
        let token = chain::good_token()?;
        let answers: Vec<Answer> = (0..LIMIT + 2).map(|_| self.send(&token, client)).collect();
        let passed = answers.iter().filter(|answer| **answer == Some(200)).count();
        ensure!(passed == LIMIT && answers.last() == Some(&Some(429)), "{answers:?}");
        Ok(())
    }
}

/// The claims of a large token.
fn claims(n: usize) -> Value {
    let mut claims = chain::good_claims();
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("jti".to_owned(), format!("{n:0>TOKEN_BYTES$}").into());
    }
    claims
}

/// Limits the private writable memory of a process. The memory of a container counts the same pages when
/// they are used.
fn limit_memory(envoy: &Envoy) -> Result<()> {
    let limit = format!("--data={}", envoy.data_size()? + ROOM);
    let set =
        Command::new("prlimit").arg(limit).args(["--pid", &envoy.pid().to_string()]).status()?;
    ensure!(set.success(), "cannot limit the memory");
    Ok(())
}

#[test]
fn no_request_passes_unchecked_without_memory() -> Result<()> {
    check(false)
}

#[test]
fn no_request_passes_unchecked_without_memory_in_the_native_gateway() -> Result<()> {
    check(true)
}

/// The proxy may refuse requests, or end. Its supervisor then starts it, and the counts start again.
fn check(native: bool) -> Result<()> {
    let limited = Limited::new(native)?;
    let mut envoy = Envoy::start(&limited.config)?;
    limited.use_up("limited")?;
    limit_memory(&envoy)?;
    let mut is_out = false;
    for n in 0..MAX_TOKENS {
        is_out = limited.send_all(n, "limited")? != Some(200);
        if is_out {
            break;
        }
    }
    ensure!(is_out, "the memory is not used up");
    for n in 0..REQUESTS_WITHOUT_MEMORY {
        limited.send_all(MAX_TOKENS + n, "limited")?;
    }
    if envoy.exit_status()?.is_none() {
        envoy.signal("KILL")?;
    }
    ensure!(!envoy.wait_for_exit()?.success(), "{}", envoy.log()?);
    drop(envoy);
    let envoy = Envoy::start(&limited.config)?;
    limited.use_up("limited")?;
    let answer = until("a new token to pass", || {
        Ok(limited.send_all(2 * MAX_TOKENS, "limited")?.filter(|status| *status == 200))
    })?;
    ensure!(answer == 200);
    chain::ensure_no_trap(&envoy)
}
