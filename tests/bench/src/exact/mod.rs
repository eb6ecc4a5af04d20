//! `bench exact`: instructions in the real Envoy, counted by callgrind.

mod callgrind;
mod calls;
#[cfg(all(test, feature = "system"))]
mod native_module;
mod objects;
mod probe;
mod profile;
mod record;
mod report;
mod rows;

use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::paths;
use serde_json::{Value, json};

use self::{
    callgrind::{Client, Counted},
    calls::{CallCosts, HostCalls},
    objects::Objects,
    profile::Profile,
    record::{Counts, Record},
    rows::{Row, Table},
};
use crate::{
    proxy::{
        bootstrap::{bootstrap_of, listener},
        chain::Chain,
        upstream,
        wasm::wasm_file,
    },
    say,
    tokens::Issuer,
};

/// The tokens that requests have in turn. Every cache holds all of them.
const TOKENS: usize = 100;

/// Requests with each token before the measurement. They fill caches and pools. V8 needs no warm-up:
/// Envoy compiles modules with V8's optimising compiler when it loads them.
const WARM_UP: usize = 4;

/// Requests with each token in each part of a measurement.
const ROUNDS: usize = 2;

/// The parts of a measurement. The two cheapest count: timers of the modules make others dearer. Under
/// valgrind, few requests pass between two timer events, so one event would look like a cost of requests.
const PARTS: usize = 4;

/// The maximum difference between the two cheapest parts of a measurement, in percent.
const TOLERANCE: f64 = 1.0;

/// The number of chains in one Envoy. Valgrind limits the address space of a process to a few terabytes,
/// of which V8 reserves much for each VM. Envoy does not run a filter whose VM it cannot create.
const TOGETHER: usize = 3;

/// The name of the probe's listener.
const PROBE: &str = "probe";

/// A row's instructions for each request.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) table: Table,
    pub(crate) is_native: bool,
    pub(crate) instructions: f64,
    /// The difference between the two cheapest parts of the measurement, in percent.
    pub(crate) difference: f64,
    /// In the order of [`objects::Part::ALL`].
    pub(crate) parts: [f64; 4],
    /// Empty if the rows were measured without the probe.
    pub(crate) calls: CallCosts,
}

/// Counts and prints. Fails if counts grew, or records them and writes `docs/benchmarks.md`. `modules`
/// is the directory of the modules that do nothing.
///
/// # Errors
/// If a program or module is missing, a request fails, or counts grew.
pub(crate) fn run(update: bool, modules: &Path) -> Result<()> {
    let modules = modules.canonicalize().with_context(|| modules.display().to_string())?;
    let issuer = Issuer::new()?;
    let measured = measure(&rows::all(issuer.jwks(), &modules)?, &issuer, true)?;
    let counts = Counts::new(&measured)?;
    say(&report::tables(&measured, &counts)?)?;
    if !update {
        return record::ensure_not_grown(&counts);
    }
    Record::update(&counts)?;
    let docs = paths::repository().join("docs");
    fs::write(docs.join("benchmarks.md"), report::text(&measured, &counts)?)?;
    fs::write(docs.join("benchmarks.svg"), report::plot(&measured, &counts))?;
    say("Written: tests/bench/exact.json, docs/benchmarks.md and docs/benchmarks.svg.")
}

/// Measures the rows in turn, and their host calls if wanted.
fn measure(rows: &[Row], issuer: &Issuer, with_calls: bool) -> Result<Vec<Measured>> {
    let expiry = json!("now+36000");
    let tokens = (0..TOKENS).map(|number| issuer.token("HS256", number, &expiry));
    let tokens: Vec<String> = tokens.collect::<Result<_>>()?;
    let upstream = upstream::start()?;
    say("Envoy starts under valgrind, which takes some minutes in all.")?;
    let names = if with_calls { Some(find_calls(upstream, &tokens)?) } else { None };
    let mut measured = Vec::new();
    for group in rows.chunks(TOGETHER) {
        measured.extend(measure_group(group, upstream, &tokens, names.as_ref())?);
    }
    Ok(measured)
}

/// Measures rows in one Envoy.
fn measure_group(
    rows: &[Row],
    upstream: SocketAddr,
    tokens: &[String],
    names: Option<&HostCalls>,
) -> Result<Vec<Measured>> {
    let listeners = rows.iter().map(|row| listener(row.id(), &row.chain)).collect();
    let mut envoy = Counted::start(bootstrap_of(listeners, upstream))?;
    let objects = Objects::of(envoy.pid())?;
    let mut clients = Vec::new();
    for row in rows {
        let mut client = Client::connect(envoy.listener(row.id())?, tokens)?;
        client.send(WARM_UP).context(row.label)?;
        clients.push(client);
    }
    envoy.instrument()?;
    let mut measured = Vec::new();
    for (row, client) in rows.iter().zip(&mut clients) {
        let found = measure_row(row, &mut envoy, client, &objects, names).context(row.label)?;
        say(&format!("{:60} {:9.0}", row.label, found.instructions))?;
        measured.push(found);
    }
    envoy.ensure_no_trap()?;
    Ok(measured)
}

/// Finds the host calls with an Envoy that runs the probe only. The addresses are offsets in Envoy's
/// file, so they are the same in all processes.
fn find_calls(upstream: SocketAddr, tokens: &[String]) -> Result<HostCalls> {
    let dir = tempfile::Builder::new().prefix("novasphere-probe-").tempdir()?;
    let file = dir.path().join("probe.wasm");
    fs::write(&file, probe::module())?;
    let chain = Chain::wasm(PROBE, vec![wasm_file(PROBE, PROBE, &file, &Value::Null)]);
    let mut envoy = Counted::start(bootstrap_of(vec![listener(PROBE, &chain)], upstream))?;
    let mut client = Client::connect(envoy.listener(PROBE)?, tokens)?;
    client.send(1)?;
    envoy.instrument()?;
    let profile = envoy.count(|| client.send(1))?;
    HostCalls::find(&profile, &Objects::of(envoy.pid())?, u64::try_from(tokens.len())?)
}

#[allow(clippy::cast_precision_loss)] // far below 2^52
fn measure_row(
    row: &Row,
    envoy: &mut Counted,
    client: &mut Client,
    objects: &Objects,
    names: Option<&HostCalls>,
) -> Result<Measured> {
    // Valgrind translates the code of this chain.
    client.send(1)?;
    let parts = (0..PARTS).map(|_| envoy.count(|| client.send(ROUNDS)));
    let mut parts = parts.collect::<Result<Vec<_>>>()?;
    parts.sort_by_key(Profile::total);
    let [first, second, ..] = parts.as_slice() else { bail!("too few parts") };
    let requests = (ROUNDS * TOKENS) as u64;
    let (a, b) = (first.total() as f64, second.total() as f64);
    let difference = (a - b).abs() / a * 100.0;
    ensure!(difference < TOLERANCE, "two parts differ by {difference:.1}%: {a} and {b}");
    let (parts, others) = (objects.split(first), objects.split(second));
    let [_, _, in_module, _] = parts;
    let has_module = row.chain.filters.iter().any(is_module);
    // Timers of the other chains' modules run too, but take few instructions.
    let runs = in_module > requests * 10;
    ensure!(runs || !has_module, "the module did not run: {in_module} instructions");
    let both = requests as f64 * 2.0;
    let mut part = parts.into_iter().zip(others).map(|(a, b)| (a + b) as f64 / both);
    Ok(Measured {
        id: row.id(),
        label: row.label,
        table: row.table,
        is_native: row.is_native(),
        instructions: (a + b) / both,
        difference,
        parts: std::array::from_fn(|_| part.next().unwrap_or_default()),
        calls: names.map(|names| names.costs(second, objects, requests)).unwrap_or_default(),
    })
}

fn is_module(filter: &Value) -> bool {
    let has = |pointer| filter.pointer(pointer).is_some();
    has("/typed_config/config/vm_config") || has("/typed_config/dynamic_module_config")
}

#[cfg(all(test, feature = "system"))]
mod tests {
    use super::*;

    #[test]
    fn gateway_does_not_grow() {
        let issuer = Issuer::new().unwrap();
        let rows = rows::guarded(issuer.jwks()).unwrap();
        let measured = measure(&rows, &issuer, false).unwrap();
        record::ensure_not_grown(&Counts::new(&measured).unwrap()).unwrap();
    }
}
