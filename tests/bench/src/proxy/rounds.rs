//! Runs all cases in turn, in rounds, so that a temporary disturbance affects all cases alike.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use novasphere_harness::{chain::ensure_no_trap, envoy::Envoy};

use super::{
    Effort,
    bootstrap::bootstrap,
    cases::{BASE, Case, Table, UNIT, place},
    chain::Chain,
    latency::{self, Latency},
    load::Wrk,
    statistics::median,
    token_files::{Pool, TokenFiles},
};
use crate::say;

/// The measurements of one case, one value a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// CPU time a request, in microseconds.
    pub(crate) cost: Vec<f64>,
    /// For whole chains only.
    pub(crate) latency: Vec<Latency>,
}

/// An Envoy with one chain.
struct Running {
    envoy: Envoy,
    addr: SocketAddr,
}

/// Seconds of warm-up load. It lets V8 optimise the modules and fills pools and caches.
const WARM_UP: usize = 1;

/// Rounds before all processes restart. The memory layout of a process shifts its cost by
/// microseconds for its whole life.
pub(crate) const SAME: usize = 3;

/// Measures all cases. The results are in the order of the cases.
///
/// # Errors
/// If a proxy does not start, or a request fails.
pub(crate) fn measure(
    cases: &[Case],
    chains: &[Chain],
    upstream: SocketAddr,
    tokens: &TokenFiles,
    effort: Effort,
    dir: &Path,
) -> Result<Vec<Measured>> {
    let wrk = Wrk::new(dir)?;
    let schedule = schedule(cases);
    let mut measured = vec![Measured::default(); cases.len()];
    let mut proxies = BTreeMap::new();
    for round in 0..effort.rounds {
        if round % SAME == 0 {
            check(&proxies)?;
            proxies = start_all(cases, chains, upstream, tokens, &wrk)?;
        }
        say(&format!("round {} of {}", round + 1, effort.rounds))?;
        let proxy = |case: &Case| proxies.get(case.chain).with_context(|| case.chain);
        let mut costs = vec![Vec::new(); cases.len()];
        // Each round starts at another case, so that no case always follows the same one.
        let first = round * schedule.len() / effort.rounds;
        for place in schedule.iter().cycle().skip(first).take(schedule.len()) {
            let (Some(case), Some(costs)) = (cases.get(*place), costs.get_mut(*place)) else {
                continue;
            };
            let Running { envoy, addr } = proxy(case)?;
            let file = tokens.file(case.algorithm, case.pool)?;
            let cost = wrk.cost(*addr, file, effort.seconds, envoy.pid());
            costs.push(cost.with_context(|| case.label.clone())?);
        }
        for ((case, result), costs) in cases.iter().zip(&mut measured).zip(&costs) {
            result.cost.push(median(costs));
            if case.table == Table::Chain {
                let file = tokens.file(case.algorithm, case.pool)?;
                let latency = latency::measure(proxy(case)?.addr, file, effort.seconds);
                result.latency.push(latency.with_context(|| case.label.clone())?);
            }
        }
    }
    check(&proxies)?;
    Ok(measured)
}

/// Starts all chains and warms up each case.
fn start_all(
    cases: &[Case],
    chains: &[Chain],
    upstream: SocketAddr,
    tokens: &TokenFiles,
    wrk: &Wrk<'_>,
) -> Result<BTreeMap<&'static str, Running>> {
    let mut proxies = BTreeMap::new();
    for chain in chains {
        proxies.insert(chain.id, start(chain, upstream).with_context(|| chain.id)?);
    }
    for case in cases {
        let Running { envoy, addr } = proxies.get(case.chain).with_context(|| case.chain)?;
        let file = tokens.file(case.algorithm, case.pool)?;
        let warm = wrk.cost(*addr, file, WARM_UP, envoy.pid());
        let seen = || format!("{}: {}", case.label, envoy.log().unwrap_or_default());
        warm.with_context(seen)?;
    }
    Ok(proxies)
}

fn check(proxies: &BTreeMap<&'static str, Running>) -> Result<()> {
    proxies.iter().try_for_each(|(id, running)| ensure_no_trap(&running.envoy).context(*id))
}

/// The indices of the cases in one round. The base case repeats between the others.
fn schedule(cases: &[Case]) -> Vec<usize> {
    const EVERY: usize = 8;
    let compared = [BASE, UNIT].map(|chain| place(cases, chain));
    let mut schedule = Vec::new();
    for number in 0..cases.len() {
        if number % EVERY == 0 {
            schedule.extend(compared.iter().flatten());
        }
        if !compared.contains(&Some(number)) {
            schedule.push(number);
        }
    }
    schedule
}

fn start(chain: &Chain, upstream: SocketAddr) -> Result<Running> {
    let envoy = Envoy::start_bootstrap(&bootstrap(chain, upstream), 1)?;
    let addr = envoy.listener("gateway")?;
    Ok(Running { envoy, addr })
}

/// The start-up time and memory of a proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Time from the process start until ready, in milliseconds.
    pub(crate) start: f64,
    /// Resident memory after some load, in MiB.
    pub(crate) memory: f64,
}

/// Starts a chain with `workers` workers once.
///
/// # Errors
/// If the proxy does not start, or a request fails.
pub(crate) fn footprint(
    chain: &Chain,
    upstream: SocketAddr,
    tokens: &TokenFiles,
    workers: u32,
    dir: &Path,
) -> Result<Footprint> {
    let from = novasphere_harness::clock::instant();
    let envoy = Envoy::start_bootstrap(&bootstrap(chain, upstream), workers)?;
    let start = from.elapsed().as_secs_f64() * 1000.0;
    let addr = envoy.listener("gateway")?;
    Wrk::new(dir)?.cost(addr, tokens.file("HS256", Pool::Warm)?, 1, envoy.pid())?;
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let memory = envoy.rss()? as f64 / 1024.0 / 1024.0;
    Ok(Footprint { start, memory })
}
