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

use super::{CONNECTIONS, WORKERS, ensure_several_workers_took_part};

const LIMIT: usize = 25;
const WINDOW_MS: u64 = 5_000;
const CONFIG: &str = r#"{
    "window": {"seconds": 5, "requests": 25}, "hour": 1000000,
    "limit_by": "header", "header_name": "x-client"
}"#;
const CLIENTS: usize = 16;
/// Windows to check.
const WINDOWS: u32 = 4;
/// Windows that may be discarded because the machine stalled.
const MAX_DISCARDED: u32 = 4;
/// Clients pause at the end of a window: a request sent then could count in the next window.
const QUIET_MS: u64 = 1_000;
/// Requests before a client reconnects, so that it reaches the newest listener.
const REQUESTS_PER_CONNECTION: usize = 40;

#[test]
fn limit_is_exact_in_every_window_while_the_listener_is_replaced() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let running = Running::start(&standin, dir.path().join("listeners.json"))?;
    let (mut checked, mut discarded) = (0, 0);
    while checked < WINDOWS {
        let generation = checked + discarded + 2;
        match running.window(generation)? {
            Some(passed) => {
                check_tally(&passed)?;
                checked += 1;
            }
            None => discarded += 1,
        }
        ensure!(discarded <= MAX_DISCARDED, "the machine stalled in too many windows");
    }
    ensure_several_workers_took_part(&running.envoy)?;
    chain::ensure_no_trap(&running.envoy)
}

struct Running {
    config: EnvoyConfig,
    envoy: Envoy,
    path: PathBuf,
}

/// The counts of passed and rejected requests of each client.
type Tally = BTreeMap<usize, [usize; 2]>;

impl Running {
    fn start(standin: &Standin, path: PathBuf) -> Result<Self> {
        let mut config = EnvoyConfig::new(standin.addr, Vec::new());
        config.concurrency = WORKERS;
        fs::write(&path, config.listener_file_text(&[listener(1)])?)?;
        config.listener_file = Some(path.clone());
        Ok(Self { envoy: Envoy::start(&config)?, config, path })
    }

    /// Replaces the listener and waits until the new one serves.
    fn replace(&self, generation: u32) -> Result<()> {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, self.config.listener_file_text(&[listener(generation)])?)?;
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
        let start = (clock::unix_millis() / WINDOW_MS + 1) * WINDOW_MS;
        until("the next window", || Ok((clock::unix_millis() >= start).then_some(())))?;
        let (addr, late) = (self.envoy.listener("api")?, AtomicBool::new(false));
        let end = start + WINDOW_MS;
        thread::scope(|scope| {
            let start_client = |n: usize| {
                let late = &late;
                scope.spawn(move || send_until(addr, n % CLIENTS, end, late))
            };
            let threads: Vec<_> = (0..CONNECTIONS).map(start_client).collect();
            self.replace(generation)?;
            late.fetch_or(clock::unix_millis() + QUIET_MS > end, Ordering::Relaxed);
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
fn listener(generation: u32) -> Listener {
    let mark =
        format!(r#"{{"response": {{"add": {{"headers": ["x-generation:{generation}"]}}}}}}"#);
    let filters = [("header-transform", mark.as_str()), ("rate-limit", CONFIG)];
    Listener::new("api", filters.map(|(name, config)| WasmFilter::new(name, config)).to_vec())
}

/// Sends requests of one client until shortly before `end`.
fn send_until(addr: SocketAddr, client: usize, end: u64, late: &AtomicBool) -> Result<Tally> {
    let request = Request::get("/api/v1/wukongs").header("x-client", format!("client-{client}"));
    let mut seen = [0; 2];
    while clock::unix_millis() + QUIET_MS < end {
        let mut connection = Connection::open(addr)?;
        for _ in 0..REQUESTS_PER_CONNECTION {
            if clock::unix_millis() + QUIET_MS >= end {
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

fn check_tally(tally: &Tally) -> Result<()> {
    ensure!(tally.len() == CLIENTS, "{} clients", tally.len());
    let wrong: Vec<String> = tally
        .iter()
        .filter(|(_, [passed, refused])| *passed != LIMIT || *refused == 0)
        .map(|(client, counts)| format!("{client}: {counts:?}"))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(anyhow!("{}", wrong.join("\n")))
        .with_context(|| format!("exactly {LIMIT} requests of each client should pass"))
}
