//! A bad configuration is refused with every fault named, and what was there before goes on.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use novasphere_core::{Host, Policy};
use novasphere_header_transform::HeaderTransform;
use novasphere_tests::{
    chain,
    client::{self, Request},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter, serve_until_exit, telling},
    standin::Standin,
    wait::until,
};

/// Three faults: a field that does not exist, a value without its name, another field.
const BAD: &str = r#"{
    "response": {"add": {"headers": ["x-generation"]}, "remov": {"headers": ["server"]}},
    "reqest": {}
}"#;

fn generation(n: u32) -> String {
    format!(r#"{{"response": {{"add": {{"headers": ["x-generation:{n}"]}}}}}}"#)
}

fn listener(config: &str) -> Listener {
    Listener::new("api", vec![WasmFilter::new("header-transform", config)])
}

/// The faults of [`BAD`], as the policy itself names them.
fn faults() -> Result<String> {
    struct Nothing;
    impl Host for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }

        fn variable_remedy(&self, _: &str) -> String {
            String::new()
        }

        fn warn(&self, _: &str) {}
    }
    match HeaderTransform::configure(BAD.as_bytes(), &Nothing) {
        Ok(_) => bail!("the bad configuration is accepted"),
        Err(faults) => Ok(faults.to_string()),
    }
}

/// Every fault is in the log, and each of them names the place and the way out.
fn ensure_faults_are_told(log: &str) -> Result<()> {
    let (log, faults) = (telling(log), faults()?);
    ensure!(faults.lines().count() == 3, "{faults}");
    for line in faults.lines() {
        ensure!(log.contains(line), "not in the log: {line}\nlog:\n{log}");
    }
    for part in ["remov", "did you mean \"remove\"", "reqest", "did you mean \"request\""] {
        ensure!(log.contains(part), "not in the log: {part}\nlog:\n{log}");
    }
    Ok(())
}

/// An Envoy that takes its listeners from a file.
struct Reloading {
    config: EnvoyConfig,
    envoy: Envoy,
    path: std::path::PathBuf,
}

impl Reloading {
    fn start(standin: &Standin, dir: &Path) -> Result<Self> {
        let path = dir.join("listeners.json");
        let mut config = EnvoyConfig::new(standin.addr, Vec::new());
        fs::write(&path, config.listener_file_text(&[listener(&generation(1))])?)?;
        config.listener_file = Some(path.clone());
        Ok(Self { envoy: Envoy::start(&config)?, config, path })
    }

    /// Moves a new file into place, as tools that write configurations do.
    fn update(&self, config: &str) -> Result<()> {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, self.config.listener_file_text(&[listener(config)])?)?;
        Ok(fs::rename(&fresh, &self.path)?)
    }

    fn generation(&self) -> Result<String> {
        let request = Request::get("/api/v1/wukongs");
        let answer = client::send(self.envoy.listener("api")?, &request)?;
        ensure!(answer.head.status == 200, "{answer:?}");
        answer.head.first("x-generation").context("the filter did not run")
    }
}

#[test]
fn a_bad_update_is_refused_and_the_old_configuration_stays() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let running = Reloading::start(&standin, dir.path())?;
    ensure!(running.generation()? == "1");

    running.update(BAD)?;
    running.envoy.wait_for_stat("listener_manager.lds.update_rejected", |n| n >= 1)?;
    ensure_faults_are_told(&running.envoy.log()?)?;
    for _ in 0..5 {
        ensure!(running.generation()? == "1");
    }

    running.update(&generation(2))?;
    until("the new configuration", || Ok((running.generation()? == "2").then_some(())))?;
    chain::ensure_no_trap(&running.envoy)
}

#[test]
fn a_bad_configuration_at_start_stops_envoy() -> Result<()> {
    // Nothing listens there, and nobody will ask.
    let config = EnvoyConfig::new(([127, 0, 0, 1], 9).into(), vec![listener(BAD)]);
    let exit = serve_until_exit(&config)?;
    ensure!(!exit.success, "{}", exit.log);
    ensure_faults_are_told(&exit.log)
}
