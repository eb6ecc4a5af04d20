//! Tests of the native module in the real Envoy: its cost, its memory, and its memory errors.

use std::fs;

use anyhow::{Context, Result};
use novasphere_harness::{clock, envoy::Envoy};
use serde_json::json;

use super::{
    TOKENS,
    callgrind::{self, Counted},
    measure,
    profile::{Function, Profile},
    rows,
};
use crate::{
    proxy::{bootstrap::bootstrap, chain::Chain, upstream},
    say,
    soak::{load::Load, mix::Mix, usage::Usage},
    tokens::Issuer,
};

/// The unit is what Envoy's own four filters add.
#[test]
fn native_module_costs_less_than_the_filters_of_envoy() {
    const MAX: f64 = 0.9;
    let issuer = Issuer::new().unwrap();
    let rows = rows::native_module(issuer.jwks()).unwrap();
    let measured = measure(&rows, &issuer, false).unwrap();
    let [base, unit, module] = measured.as_slice() else { panic!("{measured:?}") };
    let unit = unit.instructions - base.instructions;
    let cost = (module.instructions - base.instructions) / unit;
    say(&format!("{}: {cost:.2} A, {:?}", module.label, module.parts)).unwrap();
    assert!(cost <= MAX, "{}: {cost:.2} A", module.label);
}

/// Chains without a filter and with the native module, and requests of all kinds.
fn chains() -> Result<(Chain, Chain, Vec<String>)> {
    let issuer = Issuer::new()?;
    let expiry = json!("now+36000");
    let tokens = (0..TOKENS).map(|number| issuer.token("HS256", number, &expiry));
    let tokens = tokens.collect::<Result<_>>()?;
    let mut chains = rows::native_module(issuer.jwks())?.into_iter().map(|row| row.chain);
    let none = chains.next().context("no row without a filter")?;
    let module = chains.nth(1).context("no row with the module")?;
    Ok((none, module, tokens))
}

/// The resident memory in bytes after a thousand requests, and the milliseconds until Envoy is ready:
/// the lowest of three processes.
fn footprint(chain: &Chain, tokens: &[String]) -> Result<(u64, u128)> {
    let upstream = upstream::start()?;
    let measure = |_| -> Result<(u64, u128)> {
        let from = clock::instant();
        let envoy = Envoy::start_bootstrap(&bootstrap(chain, upstream), 1)?;
        let ready = from.elapsed().as_millis();
        let mut load = Load::new(envoy.listener("gateway")?, Mix::new(tokens.to_vec(), 1))?;
        load.send(1_000)?;
        Ok((Usage::of(envoy.pid())?.resident, ready))
    };
    let found = (0..3).map(measure).collect::<Result<Vec<_>>>()?;
    let memory = found.iter().map(|(memory, _)| *memory).min();
    let ready = found.iter().map(|(_, ready)| *ready).min();
    memory.zip(ready).context("nothing measured")
}

/// The time depends on other work on the machine, so it is only printed.
#[test]
fn native_module_needs_little_memory() {
    const MAX: u64 = 8 << 20;
    let (none, module, tokens) = chains().unwrap();
    let (without, ready_without) = footprint(&none, &tokens).unwrap();
    let (with, ready) = footprint(&module, &tokens).unwrap();
    let added = with.saturating_sub(without);
    say(&format!(
        "no filter: {without} bytes, ready after {ready_without} ms; native module: {added} bytes \
         more, ready after {ready} ms"
    ))
    .unwrap();
    assert!(added <= MAX, "{added} bytes");
}

/// The module may delay Envoy's start by 100 ms, or 100 million instructions at one per nanosecond. The
/// bound leaves most of this time for reading the file from a disk.
#[test]
fn native_module_adds_little_work_to_the_start() {
    const MAX: u64 = 25_000_000;
    let (none, module, _) = chains().unwrap();
    let upstream = upstream::start().unwrap();
    let start = |chain: &Chain| Counted::until_ready(bootstrap(chain, upstream)).unwrap();
    let (without, with) = (start(&none), start(&module));
    let in_hooks = with.iter().map(in_hooks).sum::<u64>();
    let [without, with] = [without, with].map(|all| all.iter().map(Profile::total).sum::<u64>());
    let added = with.saturating_sub(without);
    say(&format!(
        "start: {without} instructions, {added} more with the native module, {in_hooks} of them in \
         its hooks"
    ))
    .unwrap();
    assert!(in_hooks > 0, "the module was not loaded");
    assert!(added.max(in_hooks) <= MAX, "{added} instructions, {in_hooks} in the hooks");
}

/// The instructions of a thread in calls from Envoy to the module.
fn in_hooks(profile: &Profile) -> u64 {
    let is_hook = |function: &Function| function.name.starts_with("envoy_dynamic_module_on_");
    profile.calls_between(|_| true, is_hook).values().map(|calls| calls.cost).sum()
}

/// Memcheck replaces the allocator of Envoy, which the module uses too. Envoy itself has findings when
/// it starts, without a frame of the module.
#[test]
fn memcheck_finds_nothing_in_the_native_module() {
    let (_, module, tokens) = chains().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("memcheck");
    let under = [
        "valgrind".to_owned(),
        "--soname-synonyms=somalloc=NONE".to_owned(),
        "--leak-check=no".to_owned(),
        "--error-limit=no".to_owned(),
        format!("--log-file={}", log.display()),
    ];
    let mut bootstrap = bootstrap(&module, upstream::start().unwrap());
    callgrind::quiet(&mut bootstrap);
    let envoy = Envoy::start_under(&under, callgrind::START, &bootstrap).unwrap();
    let mut load = Load::new(envoy.listener("gateway").unwrap(), Mix::new(tokens, 1)).unwrap();
    load.send(1_000).unwrap();
    drop(envoy);
    let found = fs::read_to_string(&log).unwrap();
    assert!(found.contains("Memcheck"), "{found}");
    assert!(!found.contains("novasphere_gateway"), "{found}");
}
