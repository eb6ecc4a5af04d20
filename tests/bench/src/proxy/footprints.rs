//! Memory and start-up time.

use std::{net::SocketAddr, path::Path};

use anyhow::Result;

use super::{
    Effort,
    cases::{self, Case},
    chain::Chain,
    rounds::{Footprint, footprint},
    statistics::median,
    token_files::TokenFiles,
};
use crate::say;

/// Medians of one chain.
#[derive(Clone, Debug)]
pub(crate) struct Footprints {
    pub(crate) label: String,
    /// Milliseconds until ready, with one worker.
    pub(crate) start: f64,
    /// MiB with one worker.
    pub(crate) one: f64,
    /// MiB with two.
    pub(crate) two: f64,
}

/// The chains to measure. Chains with equal modules count once.
const WHOLE: [&str; 6] =
    ["none", "nothing", "native-four-cache", "gateway-ietf", "one-vm", "four-vms"];

/// Maximum number of starts of a chain.
const STARTS: usize = 3;

/// Starts each chain with one worker and with two.
///
/// # Errors
/// If a proxy does not start, or a request fails.
pub(crate) fn measure(
    chains: &[Chain],
    upstream: SocketAddr,
    tokens: &TokenFiles,
    effort: Effort,
    dir: &Path,
) -> Result<Vec<Footprints>> {
    say("memory and start-up")?;
    let cases = cases::all();
    let whole: Vec<(&Chain, &Case)> = WHOLE
        .iter()
        .filter_map(|id| {
            let chain = chains.iter().find(|chain| chain.id == *id)?;
            Some((chain, cases.get(cases::place(&cases, id)?)?))
        })
        .collect();
    let mut found: Vec<[Vec<Footprint>; 2]> = vec![Default::default(); whole.len()];
    for _ in 0..STARTS.min(effort.rounds) {
        for ((chain, _), [one, two]) in whole.iter().zip(&mut found) {
            one.push(footprint(chain, upstream, tokens, 1, dir)?);
            two.push(footprint(chain, upstream, tokens, 2, dir)?);
        }
    }
    let middle = |all: &[Footprint], of: fn(&Footprint) -> f64| {
        median(&all.iter().map(of).collect::<Vec<_>>())
    };
    let medians = whole.iter().zip(&found).map(|((_, case), [one, two])| Footprints {
        label: case.label.clone(),
        start: middle(one, |footprint| footprint.start),
        one: middle(one, |footprint| footprint.memory),
        two: middle(two, |footprint| footprint.memory),
    });
    Ok(medians.collect())
}
