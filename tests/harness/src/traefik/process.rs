//! Traefik processes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Line, TraefikConfig,
    config::{FILTERS, READY, ready},
};
use crate::{
    client::{self, Request, Response},
    loopback::free_address,
    paths,
    startup::StartSlot,
    wait::until,
};

/// A running Traefik. Dropping it kills the process and removes its files.
#[derive(Debug)]
pub struct Traefik {
    /// The address for clients.
    pub addr: SocketAddr,
    child: Child,
    dir: TempDir,
    /// The number of the configuration.
    number: u32,
}

/// The dynamic configuration, which Traefik watches, and the static one.
pub(super) const DYNAMIC: &str = "dynamic.yaml";
const STATIC: &str = "static.yaml";

/// A folder with several dynamic configurations.
const FOLDER: &str = "dynamic";

/// Traefik 3.6 logs this warning at each start, also where the characters are rejected.
const ADVICE: &str = "Traefik can reject some encoded characters";

impl Traefik {
    /// Starts a Traefik and waits until it has applied its configuration.
    ///
    /// # Errors
    /// Fails with the log if it does not start.
    pub fn start(config: &TraefikConfig) -> Result<Self> {
        let _slot = StartSlot::acquire()?;
        let dir = folder()?;
        let addr = free_address()?;
        fs::write(dir.path().join(STATIC), yaml(&config.fixed(addr, DYNAMIC)))?;
        fs::write(dir.path().join(DYNAMIC), dynamic_file(&config.dynamic(1)))?;
        let child = spawn(dir.path(), &config.environment)?;
        let mut traefik = Self { addr, child, dir, number: 1 };
        traefik.wait_until_taken_over()?;
        Ok(traefik)
    }

    /// Starts a Traefik with a static and a dynamic configuration. The caller must wait until it is
    /// ready.
    ///
    /// # Errors
    /// Fails if the program cannot be run.
    pub(super) fn start_files(
        fixed: &Value,
        dynamic: &Value,
        addr: SocketAddr,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let dir = folder()?;
        fs::write(dir.path().join(STATIC), yaml(fixed))?;
        fs::write(dir.path().join(DYNAMIC), dynamic_file(dynamic))?;
        let child = spawn(dir.path(), environment)?;
        Ok(Self { addr, child, dir, number: 1 })
    }

    /// Starts a Traefik with a static configuration and the text of a dynamic one, which a router for
    /// [`READY`] accompanies.
    ///
    /// # Errors
    /// Fails if the program cannot be run.
    pub(super) fn start_folder(
        mut fixed: Value,
        dynamic: &str,
        addr: SocketAddr,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let dir = folder()?;
        if let Some(members) = fixed.as_object_mut() {
            members.insert("providers".to_owned(), json!({"file": {"directory": FOLDER}}));
        }
        fs::write(dir.path().join(STATIC), yaml(&fixed))?;
        let folder = dir.path().join(FOLDER);
        fs::create_dir(&folder)?;
        let ready = json!({"http": {"routers": {"ready": ready(1)}}});
        fs::write(folder.join("ready.yaml"), yaml(&ready))?;
        fs::write(folder.join(DYNAMIC), dynamic)?;
        let child = spawn(dir.path(), environment)?;
        Ok(Self { addr, child, dir, number: 1 })
    }

    /// Replaces the routers, and waits until Traefik has applied them.
    ///
    /// # Errors
    /// Fails with the log if it does not.
    pub fn reload(&mut self, config: &TraefikConfig) -> Result<()> {
        self.number = self.number.saturating_add(1);
        // Rename the file, so that Traefik does not read half of it.
        let new = self.dir.path().join("new");
        fs::write(&new, dynamic_file(&config.dynamic(self.number)))?;
        fs::rename(new, self.dir.path().join(DYNAMIC))?;
        self.wait_until_taken_over()
    }

    pub(super) fn wait_until_taken_over(&mut self) -> Result<()> {
        let path = format!("{READY}{}", self.number);
        until("Traefik to apply its configuration", || {
            self.ensure_alive()?;
            let answer = client::send(self.addr, &Request::get(&path));
            Ok(answer.ok().filter(|answer| answer.head.status == 200).map(|_| ()))
        })
        .with_context(|| self.troubles())
    }

    /// Sends one request over a new connection.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.addr, request)
    }

    /// Checks that the process runs.
    ///
    /// # Errors
    /// Fails with the log if it has exited.
    pub fn ensure_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("Traefik exited with {status}; log:\n{}", self.troubles());
        }
        Ok(())
    }

    /// Returns the log.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub fn log(&self) -> Result<Vec<Line>> {
        Ok(self.raw_log()?.lines().map(Line::parse).collect())
    }

    /// Returns the unparsed log.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub fn raw_log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// Returns the log lines above level info, without Traefik's own advice.
    pub fn troubles(&self) -> String {
        let lines = self.log().unwrap_or_default();
        let lines = lines.iter().filter(|line| !matches!(&*line.level, "debug" | "info"));
        let lines = lines.filter(|line| !line.text.starts_with(ADVICE));
        lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Checks that Traefik runs and no filter trapped or logged an internal fault.
    ///
    /// # Errors
    /// Returns the log line if one did.
    pub fn ensure_no_trap(&mut self) -> Result<()> {
        self.ensure_alive()?;
        for line in self.log()? {
            ensure!(!is_breakdown(&line), "a filter failed: {}", line.text);
        }
        Ok(())
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the resident memory in bytes.
    ///
    /// # Errors
    /// Fails if there is no `/proc`.
    pub fn memory(&self) -> Result<u64> {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages: u64 = statm.split(' ').nth(1).context("no resident set")?.parse()?;
        Ok(pages.saturating_mul(4096))
    }
}

/// Log texts of a trap.
const SIGNS: &[&str] =
    &["wasm stack trace", "panicked at", "runtime error", "closing guest module"];

/// Log texts of a filter with an invalid configuration: at load, and for each request.
const REFUSED: &[&str] = &[
    ": configuration refused: ",
    ": every request of this filter is answered with 500",
    ": not configured: ",
];

/// Whether a line reports a trap or an internal fault of a filter.
fn is_breakdown(line: &Line) -> bool {
    let is_fault = line.level == "error"
        && line.text.starts_with("novasphere ")
        && !REFUSED.iter().any(|text| line.text.contains(text));
    is_fault || SIGNS.iter().any(|sign| line.text.contains(sign))
}

impl Drop for Traefik {
    fn drop(&mut self) {
        // Both fail only if the process has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of a dynamic configuration. Traefik expands it as a Go template first, so `{{` is escaped.
fn dynamic_file(config: &Value) -> String {
    yaml(config).replace("{{", r#"{{"{{"}}"#)
}

/// Converts JSON to YAML, which forbids some characters that JSON allows in strings.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text
}

/// Creates a folder with the built plugins at the path that Traefik expects.
fn folder() -> Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("novasphere-traefik-").tempdir()?;
    for filter in FILTERS {
        let plugin = dir.path().join("plugins-local/src/novasphere").join(filter);
        fs::create_dir_all(&plugin)?;
        fs::copy(paths::http_wasm(filter)?, plugin.join("plugin.wasm"))?;
        let manifest = paths::dist(&format!("novasphere-{filter}.traefik.yml"))?;
        fs::copy(manifest, plugin.join(".traefik.yml"))?;
    }
    Ok(dir)
}

fn spawn(dir: &Path, environment: &BTreeMap<String, String>) -> Result<Child> {
    let program = paths::traefik()?;
    let log = File::create(dir.join("log"))?;
    Command::new(&program)
        .arg(format!("--configFile={STATIC}"))
        .current_dir(dir)
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))
}
