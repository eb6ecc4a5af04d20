//! rate-limit with counts in Redis: the throughput of one worker of the real Envoy, with the real
//! Redis behind the front of host-config.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use novasphere_harness::{chain::ensure_no_trap, envoy::Envoy};
use novasphere_tests::redis::{Front, Redis};
use serde_json::{Value, json};

use crate::{
    filters::PLENTY,
    proxy::{
        Effort,
        bootstrap::{bootstrap, cluster},
        chain::Chain,
        latency::{self, Latency},
        load::{Load, Wrk},
        statistics::median,
        token_files::{Pool, TokenFiles},
        wasm::wasm,
    },
    say,
};

/// Redis and its front.
pub(crate) struct Store {
    front: Front,
    _redis: Redis,
}

impl Store {
    /// # Errors
    /// If a package is missing.
    pub(crate) fn start() -> Result<Self> {
        let redis = Redis::start()?;
        Ok(Self { front: Front::start(&redis)?, _redis: redis })
    }
}

const LABELS: [&str; 5] =
    ["no filter", "local without lease", "local with lease", "redis", "redis with lease"];

/// An Envoy and its measurements, one value a round.
struct Measured {
    envoy: Envoy,
    addr: SocketAddr,
    load: Vec<Load>,
    latency: Vec<Latency>,
}

/// Measures all cases in turn, in rounds. Returns a table.
///
/// # Errors
/// If a proxy does not start, or a request fails.
pub(crate) fn measure(
    store: &Store,
    upstream: SocketAddr,
    tokens: &TokenFiles,
    effort: Effort,
    dir: &Path,
) -> Result<String> {
    let wrk = Wrk::new(dir)?;
    let tokens = tokens.file("HS256", Pool::Warm)?;
    let mut all = Vec::new();
    for chain in chains(&store.front)? {
        all.push(start(&chain, upstream, store.front.addr).context(chain.id)?);
    }
    for measured in &all {
        wrk.load(measured.addr, tokens, 1, measured.envoy.pid())?;
    }
    for round in 0..effort.rounds {
        say(&format!("Redis, round {} of {}", round + 1, effort.rounds))?;
        for measured in &mut all {
            let load = wrk.load(measured.addr, tokens, effort.seconds, measured.envoy.pid())?;
            measured.load.push(load);
            measured.latency.push(latency::measure(measured.addr, tokens, effort.seconds)?);
        }
    }
    all.iter().try_for_each(|measured| ensure_no_trap(&measured.envoy))?;
    Ok(table(&all))
}

fn start(chain: &Chain, upstream: SocketAddr, front: SocketAddr) -> Result<Measured> {
    let mut config = bootstrap(chain, upstream);
    let clusters = config.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    clusters.context("no clusters")?.push(cluster("redis", front));
    let envoy = Envoy::start_bootstrap(&config, 1)?;
    let addr = envoy.listener("gateway")?;
    Ok(Measured { envoy, addr, load: Vec::new(), latency: Vec::new() })
}

/// In the order of [`LABELS`]. One client sends all requests.
fn chains(front: &Front) -> Result<Vec<Chain>> {
    let redis = json!({"policy": "redis", "redis": {
        "uri": "http://redis.test/", "cluster": "redis", "token": front.token(),
        "on_error": "deny",
    }});
    let mut lease = redis.clone();
    let more = lease.as_object_mut().context("no object")?;
    more.insert("lease".to_owned(), json!({"share": 10, "max": 100}));
    let mut chains = vec![Chain::wasm("none", Vec::new())];
    for (id, more) in [
        ("local", json!({"lease": false})),
        ("local-lease", json!({})),
        ("redis", redis),
        ("redis-lease", lease),
    ] {
        let mut config = json!({"minute": PLENTY, "hour": PLENTY, "limit_by": "ip"});
        if let (Some(config), Some(more)) = (config.as_object_mut(), more.as_object()) {
            config.extend(more.clone());
        }
        chains.push(Chain::wasm(id, vec![wasm("rate-limit", "rate-limit", &config)?]));
    }
    Ok(chains)
}

fn table(all: &[Measured]) -> String {
    let mut lines = vec![
        "| | requests a second | µs for each request | p50, µs | p99, µs |".to_owned(),
        "|---|---:|---:|---:|---:|".to_owned(),
    ];
    for (label, Measured { load, latency, .. }) in LABELS.iter().zip(all) {
        let of_load = |of: fn(&Load) -> f64| median(&load.iter().map(of).collect::<Vec<_>>());
        let of_latency =
            |of: fn(&Latency) -> f64| median(&latency.iter().map(of).collect::<Vec<_>>());
        lines.push(format!(
            "| {label} | {:.0} | {:.1} | {:.0} | {:.0} |",
            of_load(|load| load.per_second),
            of_load(|load| load.cost),
            of_latency(|latency| latency.p50),
            of_latency(|latency| latency.p99),
        ));
    }
    lines.join("\n")
}
