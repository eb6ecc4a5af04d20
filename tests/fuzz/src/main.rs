//! `make fuzz`: sends mutated requests to all gateways, or to one.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use novasphere_fuzz::{ALL, Gateway, Plan, run};
use novasphere_harness::clock::{instant, unix_millis};

/// Sends mutated requests to real proxies with the shipped configurations.
#[derive(Parser)]
struct Arguments {
    /// The number of requests, divided among the gateways.
    #[arg(long, default_value_t = 60_000)]
    requests: u64,
    /// Selects the requests [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// The number of the first request.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// gateway, all, per-route, per-route-1.36, native, options or traefik [default: each of them]
    #[arg(long)]
    gateway: Option<Gateway>,
}

fn main() -> ExitCode {
    match fuzz(Arguments::parse(), &mut stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(arguments: Arguments, out: &mut impl Write) -> Result<()> {
    let Arguments { requests, seed, first, gateway } = arguments;
    let seed = seed.unwrap_or_else(unix_millis);
    let gateways = gateway.map_or_else(|| ALL.to_vec(), |gateway| vec![gateway]);
    let requests = requests.div_ceil(u64::try_from(gateways.len())?);
    writeln!(out, "seed {seed}")?;
    for gateway in gateways {
        let start = instant();
        let outcomes = run(gateway, Plan { seed, first, requests })
            .with_context(|| format!("{}, seed {seed}", gateway.name()))?;
        writeln!(
            out,
            "{}: {requests} requests in {} s",
            gateway.name(),
            start.elapsed().as_secs()
        )?;
        for (outcome, count) in outcomes {
            writeln!(out, "  {outcome}: {count}")?;
        }
    }
    Ok(())
}
