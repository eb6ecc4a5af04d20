//! Pages in a real Chromium call the API through the real Envoy with its shipped configuration.
//! `tests/browser/<name>.test.js` are the pages. Each file has a separate gateway and browser, so
//! that files share no quota and no cache.
//!
//! `playground` tests the page in `docs/playground`, which needs no gateway.

mod playground;

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    envoy::{Envoy, Substitutions, Tls},
    paths::{self, repository},
    standin::Standin,
    wait::{until, within},
};
use novasphere_tests::cases::{Key, TokenSpec, mint};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

/// Time limit for all tests of a file. Each test has its own shorter limit.
const DEADLINE: Duration = Duration::from_secs(7_200);

/// A running Node.js, killed on drop. The browser reads its commands from a pipe, so it exits with
/// Node.js.
struct Node(Child);

impl Node {
    fn wait(&mut self) -> Result<ExitStatus> {
        within(DEADLINE, "the pages", || Ok(self.0.try_wait()?))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both calls fail only if the process has already exited.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder of the browser's profile. It is deleted after the browser has exited.
struct Profile(TempDir);

impl Profile {
    /// Whether a process has the folder among its arguments, as every Chromium process has.
    fn is_in_use(&self) -> Result<bool> {
        let path = self.0.path().as_os_str().as_bytes();
        for entry in fs::read_dir("/proc")? {
            // A process may exit at any time, and not every entry is a process.
            let arguments = fs::read(entry?.path().join("cmdline")).unwrap_or_default();
            if arguments.windows(path.len()).any(|window| window == path) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // If the browser still runs after the wait, the folder stays: not worth a panic.
        let _ = until("the browser to exit", || Ok((!self.is_in_use()?).then_some(())));
    }
}

/// Runs a file. `filters` holds its changes to the shipped filter configurations.
fn run(name: &str, filters: Value) -> Result<()> {
    let (tls, chromium) = (tls(), paths::chromium()?);
    let standin = Standin::start()?;
    let substitutions = Substitutions {
        tls: Some(tls.clone()),
        filters: serde_json::from_value(filters)?,
        ..Substitutions::new(standin.addr, chain::environment()?)
    };
    let file = repository().join("host-config/envoy/all.yaml");
    let envoy = Envoy::start_file(&file, &substitutions)?;
    let setting = json!({
        "chromium": chromium,
        "certificate": tls.certificate,
        "privateKey": tls.private_key,
        "gateway": envoy.listener("gateway")?,
        "admin": envoy.admin,
        "standin": standin.addr,
        "token": token("now+36000")?,
        "expiredToken": token("now-600")?,
    });
    run_node(name, &setting)?;
    chain::ensure_no_trap(&envoy)
}

/// Runs a file with settings. The error has the output of Node.js.
fn run_node(name: &str, setting: &Value) -> Result<()> {
    let profile = Profile(tempfile::Builder::new().prefix("novasphere-chromium-").tempdir()?);
    let log = NamedTempFile::new()?;
    let output = log.reopen()?;
    let mut command = Command::new("node");
    command
        .arg("--test-reporter=spec")
        .arg(repository().join("tests/browser").join(format!("{name}.test.js")))
        .env("NOVASPHERE_SETTING", setting.to_string())
        .env("TMPDIR", profile.0.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let mut node = Node(command.spawn().context("cannot run node: install the package nodejs")?);
    let status = node.wait();
    let output = || fs::read_to_string(log.path()).unwrap_or_default();
    let status = status.with_context(|| format!("{name}.test.js:\n{}", output()))?;
    ensure!(status.success(), "{name}.test.js: node exited with {status}:\n{}", output());
    Ok(())
}

fn tls() -> Tls {
    let keys = repository().join("tests/keys");
    Tls { certificate: keys.join("tls-certificate.pem"), private_key: keys.join("tls-key.pem") }
}

fn token(expiry: &str) -> Result<String> {
    let spec = TokenSpec {
        algorithm: "HS256".to_owned(),
        secret: Key::variable("NOVASPHERE_JWT_SECRET"),
        private_key: None,
        header: serde_json::Map::default(),
        padding: None,
        claims: json!({"iss": "novasphere-user", "sub": "alice", "exp": expiry}),
    };
    mint(&spec, &chain::environment()?)
}

#[test]
fn requests() -> Result<()> {
    run("requests", json!({}))
}

#[test]
fn preflights() -> Result<()> {
    run("preflights", json!({}))
}

#[test]
fn random_requests() -> Result<()> {
    run("model", json!({"rate-limit": {"minute": 100_000, "hour": 100_000}}))
}

#[test]
fn uncached() -> Result<()> {
    run("uncached", json!({"cors": {"max_age": 0}}))
}

#[test]
fn refusals() -> Result<()> {
    run("refusals", json!({"rate-limit": {"minute": 10}}))
}

#[test]
fn disallowed_origins() -> Result<()> {
    run("foreign", json!({}))
}

#[test]
fn session() -> Result<()> {
    run("session", json!({"jwt-auth": {"cookie_names": ["session"]}}))
}

#[test]
fn streams() -> Result<()> {
    run("streams", json!({}))
}

#[test]
fn console() -> Result<()> {
    let protocols = json!(["base64url.bearer.authorization.k8s.io."]);
    run("console", json!({"jwt-auth": {"websocket_protocols": protocols}}))
}

/// The second example in the guide of cors.
#[test]
fn public() -> Result<()> {
    let cors = json!({
        "origins": ["*"],
        "methods": null,
        "headers": ["*"],
        "exposed_headers": ["*"],
        "credentials": null,
        "max_age": 86400,
    });
    run("public", json!({"cors": cors}))
}

#[test]
fn every_browser_test_file_is_run() -> Result<()> {
    let tests = concat!(include_str!("main.rs"), include_str!("playground.rs"));
    for entry in fs::read_dir(repository().join("tests/browser"))? {
        let file = entry?.file_name().into_string().unwrap_or_default();
        if let Some(name) = file.strip_suffix(".test.js") {
            ensure!(tests.contains(&format!("(\"{name}\", ")), "{file} is not run");
        }
    }
    Ok(())
}
