//! The limit is exact in every window, also while the listener is replaced under load.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    clock,
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter},
    standin::Standin,
    wait::until,
};
use serde_json::json;

use super::{CONNECTIONS, WORKERS, ensure_several_workers_took_part};

const LIMIT: usize = 25;
/// The length of the first windows in seconds. If the machine is too slow for a window, the test starts
/// again with windows of twice the length.
const FIRST_WINDOW: u64 = 5;
const MAX_WINDOW: u64 = 80;
const CLIENTS: usize = 16;
/// Windows to check.
const WINDOWS: u32 = 4;
/// Requests before a client reconnects, so that it reaches the newest listener.
const REQUESTS_PER_CONNECTION: usize = 40;

#[test]
fn limit_is_exact_in_every_window_while_the_listener_is_replaced() -> Result<()> {
    let standin = Standin::start()?;
    let mut seconds = FIRST_WINDOW;
    while !check(&standin, seconds)? {
        seconds *= 2;
        ensure!(seconds <= MAX_WINDOW, "the machine is too slow for a window of {MAX_WINDOW} s");
    }
    Ok(())
}

/// Returns false if the machine was too slow for a window of this length.
fn check(standin: &Standin, seconds: u64) -> Result<bool> {
    let dir = tempfile::tempdir()?;
    let running = Running::start(standin, dir.path().join("listeners.json"), seconds)?;
    for generation in 2..WINDOWS + 2 {
        let Some(tally) = running.window(generation)? else { return Ok(false) };
        check_tally(&tally)?;
        if tally.values().any(|[_, refused]| *refused == 0) {
            return Ok(false);
        }
    }
    ensure_several_workers_took_part(&running.envoy)?;
    chain::ensure_no_trap(&running.envoy)?;
    Ok(true)
}

struct Running {
    seconds: u64,
    config: EnvoyConfig,
    envoy: Envoy,
    path: PathBuf,
}

/// The counts of passed and rejected requests of each client.
type Tally = BTreeMap<usize, [usize; 2]>;

impl Running {
    fn start(standin: &Standin, path: PathBuf, seconds: u64) -> Result<Self> {
        let mut config = EnvoyConfig::new(standin.addr, Vec::new());
        config.concurrency = WORKERS;
        fs::write(&path, config.listener_file_text(&[listener(1, seconds)])?)?;
        config.listener_file = Some(path.clone());
        Ok(Self { seconds, envoy: Envoy::start(&config)?, config, path })
    }

    /// Replaces the listener and waits until the new one serves.
    fn replace(&self, generation: u32) -> Result<()> {
        let fresh = self.path.with_extension("new");
        let listener = listener(generation, self.seconds);
        fs::write(&fresh, self.config.listener_file_text(&[listener])?)?;
        fs::rename(&fresh, &self.path)?;
        until("the new listener", || {
            let mut connection = Connection::open(self.envoy.listener("api")?)?;
            let response =
                connection.exchange(&Request::get("/").header("x-client", "observer"))?;
            let is_new = response.head.first("x-generation") == Some(generation.to_string());
            Ok(is_new.then_some(()))
        })
    }

    /// Runs one window under load and replaces the listener in it. Returns `None` if a request or
    /// the new listener was late.
    fn window(&self, generation: u32) -> Result<Option<Tally>> {
        let length = self.seconds * 1_000;
        let start = (clock::unix_millis() / length + 1) * length;
        until("the next window", || Ok((clock::unix_millis() >= start).then_some(())))?;
        let (addr, late) = (self.envoy.listener("api")?, AtomicBool::new(false));
        let end = start + length;
        // Clients pause at the end of a window: a request sent then could count in the next window.
        let pause = end - length / 5;
        thread::scope(|scope| {
            let start_client = |n: usize| {
                let late = &late;
                scope.spawn(move || send_until(addr, n % CLIENTS, pause, end, late))
            };
            let threads: Vec<_> = (0..CONNECTIONS).map(start_client).collect();
            self.replace(generation)?;
            late.fetch_or(clock::unix_millis() > pause, Ordering::Relaxed);
            let mut tally = Tally::new();
            for thread in threads {
                let seen = thread.join().map_err(|_| anyhow!("a client panicked"))??;
                for (client, [passed, refused]) in seen {
                    let sum = tally.entry(client).or_default();
                    *sum = [sum[0] + passed, sum[1] + refused];
                }
            }
            Ok((!late.load(Ordering::Relaxed)).then_some(tally))
        })
    }
}

/// A listener whose responses carry the generation in a header.
fn listener(generation: u32, seconds: u64) -> Listener {
    let limit = json!({
        "window": {"seconds": seconds, "requests": LIMIT}, "hour": 1_000_000,
        "limit_by": "header", "header_name": "x-client",
    })
    .to_string();
    let mark =
        format!(r#"{{"response": {{"add": {{"headers": ["x-generation:{generation}"]}}}}}}"#);
    let filters = [("header-transform", mark.as_str()), ("rate-limit", limit.as_str())];
    Listener::new("api", filters.map(|(name, config)| WasmFilter::new(name, config)).to_vec())
}

/// Sends requests of one client until `pause`.
fn send_until(
    addr: SocketAddr,
    client: usize,
    pause: u64,
    end: u64,
    late: &AtomicBool,
) -> Result<Tally> {
    let request = Request::get("/api/v1/wukongs").header("x-client", format!("client-{client}"));
    let mut seen = [0; 2];
    while clock::unix_millis() < pause {
        let mut connection = Connection::open(addr)?;
        for _ in 0..REQUESTS_PER_CONNECTION {
            if clock::unix_millis() >= pause {
                break;
            }
            let response = connection.exchange(&request)?;
            match response.head.status {
                200 => seen[0] += 1,
                429 => seen[1] += 1,
                status => bail!("status {status}"),
            }
            if response.head.first("connection").is_some_and(|value| value == "close") {
                break;
            }
        }
    }
    late.fetch_or(clock::unix_millis() >= end, Ordering::Relaxed);
    Ok(Tally::from([(client, seen)]))
}

/// A client without a refused request may have sent fewer than the limit.
fn check_tally(tally: &Tally) -> Result<()> {
    ensure!(tally.len() == CLIENTS, "{} clients", tally.len());
    let wrong: Vec<String> = tally
        .iter()
        .filter(|(_, [passed, refused])| *passed > LIMIT || (*passed < LIMIT && *refused > 0))
        .map(|(client, counts)| format!("{client}: {counts:?}"))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(anyhow!("{}", wrong.join("\n")))
        .with_context(|| format!("exactly {LIMIT} requests of each client should pass"))
}
