//! Measures the cost of the filters.
//!
//! - `proxy`: CPU time a request, latency, memory and start-up time in the real Envoy, against Envoy's
//!   own filters;
//! - `exact`: instructions a request in the real Envoy, counted by callgrind;
//! - `soak`: growth over millions of requests;
//! - `micro`: instructions of single requests in an emulated host;
//! - `check`: the time of `filterctl check` for a large configuration;
//! - `profile`: the functions those instructions belong to.

mod artifacts;
mod check;
mod exact;
mod filters;
mod micro;
mod plot;
mod provenance;
mod proxy;
mod shared_counts;
mod soak;
mod tokens;
mod traefik;
mod traffic;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["proxy", rounds, seconds, modules] => proxy::run(
            proxy::Effort { rounds: number(rounds)?, seconds: number(seconds)? },
            modules.as_ref(),
        ),
        ["exact", modules] => exact::run(false, modules.as_ref()),
        ["exact", modules, "update"] => exact::run(true, modules.as_ref()),
        ["soak", host, requests] => soak::run(host, u64::try_from(number(requests)?)?),
        ["micro"] => micro::run(false),
        ["micro", "update"] => micro::run(true),
        ["check"] => check::run(),
        ["profile", filter, case] => micro::profile(filter, case),
        other => bail!(
            "{other:?} is none of `proxy ROUNDS SECONDS DIRECTORY`, `exact DIRECTORY [update]`, \
             `soak HOST REQUESTS`, `micro [update]`, `check`, `profile FILTER CASE`"
        ),
    }
}

fn number(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.with_context(|| format!("{text:?} is not a number from 1"))
}

/// Writes to standard output.
fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").context("standard output")
}
