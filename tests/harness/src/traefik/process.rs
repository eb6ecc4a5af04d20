//! A running Traefik.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Line, TraefikConfig,
    config::{FILTERS, READY},
};
use crate::{
    client::{self, Request, Response},
    loopback::free_address,
    paths,
    startup::StartSlot,
    wait::until,
};

/// A running Traefik. It is killed, and its files are removed, when dropped.
#[derive(Debug)]
pub struct Traefik {
    /// Where clients connect.
    pub addr: SocketAddr,
    child: Child,
    dir: TempDir,
    /// The number of its configuration.
    number: u32,
}

/// The file that it watches, and the one it reads at start.
pub(super) const DYNAMIC: &str = "dynamic.yaml";
const STATIC: &str = "static.yaml";

impl Traefik {
    /// Starts one and waits until it has taken over its configuration.
    ///
    /// # Errors
    /// When it does not start, with its log.
    pub fn start(config: &TraefikConfig) -> Result<Self> {
        let _slot = StartSlot::acquire()?;
        let dir = folder()?;
        let addr = free_address()?;
        fs::write(dir.path().join(STATIC), yaml(&config.fixed(addr, DYNAMIC)))?;
        fs::write(dir.path().join(DYNAMIC), yaml(&config.dynamic(1)))?;
        let child = spawn(dir.path(), &config.environment)?;
        let mut traefik = Self { addr, child, dir, number: 1 };
        traefik.wait_until_taken_over()?;
        Ok(traefik)
    }

    /// Starts one with files as they are shipped, but for addresses; it watches the second. There is
    /// nothing that tells when it is ready: the caller knows what to ask.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start_files(
        fixed: &Value,
        dynamic: &Value,
        addr: SocketAddr,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let dir = folder()?;
        fs::write(dir.path().join(STATIC), yaml(fixed))?;
        fs::write(dir.path().join(DYNAMIC), yaml(dynamic))?;
        let child = spawn(dir.path(), environment)?;
        Ok(Self { addr, child, dir, number: 1 })
    }

    /// Gives it other routers, and waits until it has taken them over.
    ///
    /// # Errors
    /// When it does not.
    pub fn reload(&mut self, config: &TraefikConfig) -> Result<()> {
        self.number = self.number.saturating_add(1);
        // Moved into place: it must not read half a file.
        let new = self.dir.path().join("new");
        fs::write(&new, yaml(&config.dynamic(self.number)))?;
        fs::rename(new, self.dir.path().join(DYNAMIC))?;
        self.wait_until_taken_over()
    }

    fn wait_until_taken_over(&mut self) -> Result<()> {
        let path = format!("{READY}{}", self.number);
        until("Traefik to take over its configuration", || {
            self.ensure_alive()?;
            let answer = client::send(self.addr, &Request::get(&path));
            Ok(answer.ok().filter(|answer| answer.head.status == 200).map(|_| ()))
        })
        .with_context(|| self.troubles())
    }

    /// Sends one request over a connection of its own.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not HTTP/1.1.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.addr, request)
    }

    /// # Errors
    /// When it has ended.
    pub fn ensure_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("Traefik ended with {status}; its log:\n{}", self.troubles());
        }
        Ok(())
    }

    /// What it logged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<Vec<Line>> {
        Ok(self.raw_log()?.lines().map(Line::parse).collect())
    }

    /// The same as it is in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn raw_log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// What it logged, but for information.
    pub(super) fn troubles(&self) -> String {
        let lines = self.log().unwrap_or_default();
        let lines = lines.iter().filter(|line| line.level != "info");
        lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Looks for signs that a filter broke down, and that Traefik is still there.
    ///
    /// # Errors
    /// When there are some.
    pub fn ensure_no_trap(&mut self) -> Result<()> {
        self.ensure_alive()?;
        for line in self.log()? {
            ensure!(!is_breakdown(&line), "a filter broke down: {}", line.text);
        }
        Ok(())
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How much memory it has, in bytes.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn memory(&self) -> Result<u64> {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages: u64 = statm.split(' ').nth(1).context("no resident set")?.parse()?;
        Ok(pages.saturating_mul(4096))
    }
}

/// What is logged of a trap.
const SIGNS: &[&str] =
    &["wasm stack trace", "panicked at", "runtime error", "closing guest module"];

/// Whether a line tells of a trap, or a filter tells of a fault that must not happen.
fn is_breakdown(line: &Line) -> bool {
    let is_fault = line.level == "error"
        && line.text.starts_with("novasphere ")
        && !line.text.contains(": configuration refused: ");
    is_fault || SIGNS.iter().any(|sign| line.text.contains(sign))
}

impl Drop for Traefik {
    fn drop(&mut self) {
        // Both fail only when it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// JSON as YAML takes it: some of the characters that JSON allows in texts it does not.
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

/// A folder with the built plugins where Traefik looks for them.
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
