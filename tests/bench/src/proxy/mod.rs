//! `bench proxy`: the real Envoy under load, with this project's filters, with its own, and with none.

pub(crate) mod bootstrap;
mod cases;
pub(crate) mod chain;
mod footprints;
pub(crate) mod latency;
pub(crate) mod load;
pub(crate) mod native;
mod plot;
mod report;
mod rounds;
pub(crate) mod statistics;
mod tables;
pub(crate) mod token_files;
pub(crate) mod upstream;
pub(crate) mod wasm;

use std::{fs, path::Path};

use anyhow::{Context, Result};
use novasphere_harness::paths;

use self::token_files::TokenFiles;
use crate::{
    say,
    shared_counts::{self, Store},
    tokens::Issuer,
    traefik,
};

/// The number and length of the measurements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Measurements of each case.
    pub(crate) rounds: usize,
    /// Length of one measurement.
    pub(crate) seconds: usize,
}

/// The minimum for a published result. A shorter run prints its result only.
const ENOUGH: Effort = Effort { rounds: 7, seconds: 1 };

/// Measures, prints, and writes `docs/benchmarks-time.md` and its plot. `modules` is the directory of the
/// empty modules.
///
/// # Errors
/// If a program or module is missing, or a request fails.
pub(crate) fn run(effort: Effort, modules: &Path) -> Result<()> {
    let modules = modules.canonicalize().with_context(|| modules.display().to_string())?;
    let dir = tempfile::Builder::new().prefix("novasphere-bench-").tempdir()?;
    let issuer = Issuer::new()?;
    let files = TokenFiles::write(&issuer, dir.path())?;
    let chains = chain::chains(issuer.jwks(), &modules)?;
    // First, because it fails if packages are missing.
    let store = Store::start()?;
    let upstream = upstream::start()?;
    let cases = cases::all();
    let measured = rounds::measure(&cases, &chains, upstream, &files, effort, dir.path())?;
    let footprints = footprints::measure(&chains, upstream, &files, effort, dir.path())?;
    let results = tables::Results::new(&cases, &measured)?;
    let traefik = traefik::measure(issuer.jwks(), upstream, &files, effort, dir.path())?;
    let redis = shared_counts::measure(&store, upstream, &files, effort, dir.path())?;
    let tables = tables::all(&results, &footprints, &redis, &traefik)?;
    say(&tables)?;
    if effort.rounds < ENOUGH.rounds || effort.seconds < ENOUGH.seconds {
        return say("A try: docs/benchmarks-time.md is left as it is.");
    }
    let docs = paths::repository().join("docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("benchmarks-time.md"), report::text(&tables, effort)?)?;
    fs::write(docs.join("benchmarks-time.svg"), plot::svg(&results))?;
    say("Written: docs/benchmarks-time.md and docs/benchmarks-time.svg.")
}
