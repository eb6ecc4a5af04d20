//! Envoy rejects an invalid configuration with all its errors, and keeps the old one.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use novasphere_core::{Filter, testing::TestHost};
use novasphere_harness::{
    chain,
    client::{self, Request},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter, serve_until_exit, telling},
    paths,
    standin::Standin,
    wait::until,
};
use novasphere_header_transform::HeaderTransform;

/// Three faults: an unknown field, a header without a value, and another unknown field.
const BAD: &str = r#"{
    "response": {"add": {"headers": ["x-generation"]}, "remov": {"headers": ["server"]}},
    "reqest": {}
}"#;

/// A configuration of header-transform that marks responses with a number.
pub(super) fn generation(n: u32) -> String {
    format!(r#"{{"response": {{"add": {{"headers": ["x-generation:{n}"]}}}}}}"#)
}

fn listener(config: &str) -> Listener {
    Listener::new("api", vec![WasmFilter::new("header-transform", config)])
}

/// The faults of [`BAD`], as the native filter reports them.
fn faults() -> Result<String> {
    match HeaderTransform::from_json(BAD.as_bytes(), &TestHost::default()) {
        Ok(_) => bail!("the bad configuration is accepted"),
        Err(faults) => Ok(faults.to_string()),
    }
}

/// Checks that the log contains every fault with its path and remedy.
fn ensure_faults_are_logged(log: &str) -> Result<()> {
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

/// An Envoy that reads its listeners from a file.
pub(super) struct Reloading {
    config: EnvoyConfig,
    pub(super) envoy: Envoy,
    path: std::path::PathBuf,
}

impl Reloading {
    fn start(standin: &Standin, dir: &Path) -> Result<Self> {
        let config = EnvoyConfig::new(standin.addr, Vec::new());
        let text = config.listener_file_text(&[listener(&generation(1))])?;
        Self::start_with(config, dir, &text)
    }

    /// Starts with a file of listeners, one of which is `api`.
    pub(super) fn start_with(mut config: EnvoyConfig, dir: &Path, text: &str) -> Result<Self> {
        let path = dir.join("listeners.json");
        fs::write(&path, text)?;
        config.listener_file = Some(path.clone());
        Ok(Self { envoy: Envoy::start(&config)?, config, path })
    }

    fn update(&self, config: &str) -> Result<()> {
        self.replace(&listener(config))
    }

    /// Replaces the listener.
    pub(super) fn replace(&self, listener: &Listener) -> Result<()> {
        self.write(&self.config.listener_file_text(std::slice::from_ref(listener))?)
    }

    /// Replaces the file atomically, as tools that write configurations do.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, text)?;
        Ok(fs::rename(&fresh, &self.path)?)
    }

    /// The `x-generation` of a response.
    pub(super) fn generation(&self) -> Result<String> {
        let request = Request::get("/api/v1/wukongs");
        let response = client::send(self.envoy.listener("api")?, &request)?;
        ensure!(response.head.status == 200, "{response:?}");
        response.head.first("x-generation").context("the filter did not run")
    }
}

#[test]
fn invalid_update_is_refused_and_the_old_configuration_stays() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let running = Reloading::start(&standin, dir.path())?;
    ensure!(running.generation()? == "1");

    running.update(BAD)?;
    running.envoy.wait_for_stat("listener_manager.lds.update_rejected", |n| n >= 1)?;
    ensure_faults_are_logged(&running.envoy.log()?)?;
    for _ in 0..5 {
        ensure!(running.generation()? == "1");
    }

    running.update(&generation(2))?;
    until("the new configuration", || Ok((running.generation()? == "2").then_some(())))?;
    chain::ensure_no_trap(&running.envoy)
}

/// The steps of deploy/README.md for a machine without Kubernetes: a file under another name, a file that
/// is not a module, and back.
#[test]
fn module_under_another_name_replaces_the_running_one() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let running = Reloading::start(&standin, dir.path())?;
    let (first, module) = (fs::read_to_string(&running.path)?, paths::wasm("header-transform")?);
    let name = module.to_str().context("not UTF-8")?;
    ensure!(first.contains(name), "{name} is not in {first}");
    let under = |file: &str, generation: &str| {
        let text = first.replace(name, &dir.path().join(file).display().to_string());
        text.replace("x-generation:1", &format!("x-generation:{generation}"))
    };
    fs::copy(&module, dir.path().join("header-transform-2.wasm"))?;
    running.write(&under("header-transform-2.wasm", "2"))?;
    until("the new module", || Ok((running.generation()? == "2").then_some(())))?;

    fs::write(dir.path().join("header-transform-3.wasm"), "not a module")?;
    running.write(&under("header-transform-3.wasm", "3"))?;
    running.envoy.wait_for_stat("listener_manager.lds.update_rejected", |n| n >= 1)?;
    ensure!(running.generation()? == "2");

    running.write(&first)?;
    until("the old module", || Ok((running.generation()? == "1").then_some(())))?;
    chain::ensure_no_trap(&running.envoy)
}

/// An example of each kind of fault: filter, configuration, expected log text.
const FAULT_KINDS: &[(&str, &str, &str)] = &[
    (
        "jwt-auth",
        r#"{"credentials": [{"key": "k", "secret": "kept-quiet"}]}"#,
        "credentials[0].secret: must be at least 32 bytes for HS256 (RFC 7518 3.2), got 10; use a \
         longer secret, or set allow_weak_secret",
    ),
    (
        "jwt-auth",
        r#"{"credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_NOWHERE"}}]}"#,
        "credentials[0].secret.env: environment variable NOVASPHERE_NOWHERE not found; set \
         NOVASPHERE_NOWHERE in the proxy's environment and list it in the filter's \
         vm_config.environment_variables.host_env_keys",
    ),
    ("jwt-auth", r#"{"credentials": []}"#, "credentials: configure at least one key"),
    (
        "rate-limit",
        r#"{"minute": 5, "hour": 4}"#,
        "hour: must be 5 or more, the limit of minute, got 4",
    ),
    (
        "rate-limit",
        r#"{"minute": "five"}"#,
        "minute: expected a whole number from 1 to 4,294,967,295, got \"five\"",
    ),
    ("cors", r#"{"origns": ["https://a.example"]}"#, "did you mean \"origins\"?"),
];

#[test]
fn every_kind_of_invalid_update_is_refused() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let running = Reloading::start(&standin, dir.path())?;
    for (n, (filter, config, fault)) in (1..).zip(FAULT_KINDS) {
        running.replace(&Listener::new("api", vec![WasmFilter::new(filter, *config)]))?;
        running.envoy.wait_for_stat("listener_manager.lds.update_rejected", |count| count >= n)?;
        let log = running.envoy.log()?;
        ensure!(log.contains(fault), "not in the log: {fault}\n{}", telling(&log));
        ensure!(!log.contains("kept-quiet"), "a secret is in the log");
        ensure!(running.generation()? == "1", "{fault}: the old configuration is gone");
    }
    Ok(())
}

#[test]
fn invalid_configuration_at_start_stops_envoy() -> Result<()> {
    // No upstream listens there: the test sends no request.
    let config = EnvoyConfig::new(([127, 0, 0, 1], 9).into(), vec![listener(BAD)]);
    let exit = serve_until_exit(&config)?;
    ensure!(!exit.success, "{}", exit.log);
    ensure_faults_are_logged(&exit.log)
}
