//! Envoy rejects an update with any of the invalid configurations, and logs the errors in the
//! file beside it.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    envoy::{EnvoyConfig, Listener, WasmFilter},
    wait::until,
};
use novasphere_tests::cases::invalid::{configurations, messages, without_remedy};

use super::reload::Reloading;

fn listener(filter: &str, config: &str) -> Listener {
    Listener::new("api", vec![WasmFilter::new(filter, config)])
}

/// A valid configuration. While it is in use, Envoy keeps the compiled module.
fn valid(filter: &str) -> Result<String> {
    if filter == "gateway" {
        return Ok(format!("{{\"cors\": {}}}", chain::CORS));
    }
    let (_, config) =
        chain::FILTERS.iter().find(|(name, _)| *name == filter).context("no such filter")?;
    Ok((*config).to_owned())
}

/// The accepted and the rejected updates.
fn updates(running: &Reloading) -> Result<[Option<u64>; 2]> {
    let stats = running.envoy.stats()?;
    let count = |name| stats.get(&format!("listener_manager.lds.{name}")).copied();
    Ok(["update_success", "update_rejected"].map(count))
}

/// Updates the configuration, and checks the log of the update.
fn check_update(running: &Reloading, filter: &str, config: &str, faults: &[String]) -> Result<()> {
    let (before, logged) = (updates(running)?, running.envoy.log()?.len());
    running.replace(&listener(filter, config))?;
    let after = until("the update", || Ok(Some(updates(running)?).filter(|n| *n != before)))?;
    ensure!(after[0] == before[0], "Envoy accepted the configuration");
    let log = running.envoy.log()?;
    let log = log.get(logged..).context("the log became shorter")?;
    for fault in faults.iter().map(|fault| without_remedy(fault)) {
        ensure!(log.contains(fault), "not logged: {fault}\nbut:\n{log}");
    }
    Ok(())
}

fn check(filter: &str) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let upstream = ([127, 0, 0, 1], 9).into(); // never called
    let environment = chain::environment()?;
    let config = EnvoyConfig { environment, ..EnvoyConfig::new(upstream, Vec::new()) };
    let text = config.listener_file_text(&[listener(filter, &valid(filter)?)])?;
    let running = Reloading::start_with(config, dir.path(), &text)?;
    let mut failures = Vec::new();
    for (path, config) in configurations(filter)? {
        if let Err(error) = check_update(&running, filter, &config, &messages(&path)?) {
            failures.push(format!("{path}: {error:#}"));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    chain::ensure_no_trap(&running.envoy)
}

#[test]
fn cors() -> Result<()> {
    check("cors")
}

#[test]
fn gateway() -> Result<()> {
    check("gateway")
}

#[test]
fn header_transform() -> Result<()> {
    check("header-transform")
}

#[test]
fn jwt_auth() -> Result<()> {
    check("jwt-auth")
}

#[test]
fn rate_limit() -> Result<()> {
    check("rate-limit")
}
