//! Envoy processes.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    EnvoyConfig, Substitutions,
    child::Process,
    file,
    filter::common_metric_name,
    launch::{File, Launch},
    telling,
};
use crate::{
    client::{self, Request, Response},
    startup::StartSlot,
    wait::{until, within},
};

/// A running Envoy. Dropping it kills the process and removes its files.
#[derive(Debug)]
pub struct Envoy {
    /// The address of the admin interface.
    pub admin: SocketAddr,
    process: Process,
}

impl Envoy {
    /// Starts an Envoy and waits until it is ready.
    ///
    /// # Errors
    /// Fails with the log if Envoy exits, or if it is not ready in time.
    pub fn start(config: &EnvoyConfig) -> Result<Self> {
        Self::start_with(&config.bootstrap()?, &Launch::of(config))
    }

    /// Starts an Envoy with a shipped configuration file, of which it replaces addresses and paths.
    ///
    /// # Errors
    /// Fails with the log if Envoy exits, or if it is not ready in time.
    pub fn start_file(path: &Path, substitutions: &Substitutions) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::start_text(&text, substitutions).with_context(|| path.display().to_string())
    }

    /// Like [`start_file`](Self::start_file) with the text of a file.
    ///
    /// # Errors
    /// Fails with the log if Envoy exits, or if it is not ready in time.
    pub fn start_text(text: &str, substitutions: &Substitutions) -> Result<Self> {
        let launch = Launch { environment: &substitutions.environment, ..Launch::default() };
        Self::start_with(&file::bootstrap(text, substitutions)?, &launch)
    }

    /// Starts an Envoy with a bootstrap configuration, whose admin port must be 0.
    ///
    /// # Errors
    /// Fails with the log if Envoy exits, or if it is not ready in time.
    pub fn start_bootstrap(bootstrap: &Value, concurrency: u32) -> Result<Self> {
        Self::start_with(bootstrap, &Launch { concurrency, ..Launch::default() })
    }

    /// Like [`start_bootstrap`](Self::start_bootstrap) with one worker, but runs Envoy under another
    /// program, such as valgrind. `limit` is the time that Envoy may take for each step of its start.
    ///
    /// # Errors
    /// Fails with the log if Envoy exits, or if it is not ready in time.
    pub fn start_under(under: &[String], limit: Duration, bootstrap: &Value) -> Result<Self> {
        Self::start_with(bootstrap, &Launch { under, limit, ..Launch::default() })
    }

    fn start_with(bootstrap: &Value, launch: &Launch<'_>) -> Result<Self> {
        let _slot = StartSlot::acquire()?;
        let mut process = Process::spawn(&File::json(&bootstrap.to_string()), launch)?;
        let limit = launch.limit;
        let address = || process.alive()?.admin_address();
        let admin = within(limit, "Envoy's admin address", address)?;
        let mut envoy = Self { admin, process };
        within(limit, "Envoy to be ready", || {
            envoy.process.alive()?;
            let answer = envoy.admin_get("/ready");
            Ok(answer.ok().filter(|answer| answer.head.status == 200))
        })?;
        Ok(envoy)
    }

    /// Sends a GET request to the admin interface.
    ///
    /// # Errors
    /// Fails if it does not respond.
    pub fn admin_get(&self, path: &str) -> Result<Response> {
        client::send(self.admin, &Request::get(path).header("connection", "close"))
    }

    /// Sends a POST request to the admin interface.
    ///
    /// # Errors
    /// Fails if it does not respond with 200.
    pub fn admin_post(&self, path: &str) -> Result<()> {
        let request = Request::new("POST", path).header("connection", "close");
        let answer = client::send(self.admin, &request)?;
        ensure!(answer.head.status == 200, "{path}: {} {}", answer.head.status, answer.text());
        Ok(())
    }

    /// Waits for a listener and returns its address.
    ///
    /// # Errors
    /// Fails if it does not listen in time.
    pub fn listener(&self, name: &str) -> Result<SocketAddr> {
        until(&format!("the listener {name}"), || {
            let all = self.admin_get("/listeners?format=json")?.json()?;
            let all = all.get("listener_statuses").and_then(Value::as_array);
            let named = |status: &&Value| status.get("name").and_then(Value::as_str) == Some(name);
            let status = all.into_iter().flatten().find(named);
            Ok(status.and_then(|s| s.get("local_address")?.get("socket_address")).and_then(socket))
        })
    }

    /// Returns the value of a counter or gauge, if it exists.
    ///
    /// # Errors
    /// Fails if the admin interface does not respond.
    pub fn stat(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.stats()?.get(name).copied())
    }

    /// Returns all counters and gauges.
    ///
    /// # Errors
    /// Fails if the admin interface does not respond.
    pub fn stats(&self) -> Result<BTreeMap<String, u64>> {
        let stats = self.admin_get("/stats")?.text();
        let lines = stats.lines().filter_map(|line| line.split_once(": "));
        let numbers = lines.filter_map(|(name, value)| Some((name, value.parse().ok()?)));
        numbers.map(|(name, value)| Ok((common_metric_name(name)?, value))).collect()
    }

    /// Waits until a counter or gauge satisfies `wanted`.
    ///
    /// # Errors
    /// Fails if it does not in time.
    pub fn wait_for_stat(&self, name: &str, wanted: impl Fn(u64) -> bool) -> Result<u64> {
        until(&format!("the statistic {name}"), || Ok(self.stat(name)?.filter(|v| wanted(*v))))
    }

    /// Waits until the decisions of `filter` add up to `requests`, and returns all counters and
    /// gauges. They then contain all metrics of these requests: a filter passes its metrics on once
    /// a second.
    ///
    /// # Errors
    /// Fails if they do not in time.
    pub fn stats_after(&self, filter: &str, requests: u64) -> Result<BTreeMap<String, u64>> {
        until(&format!("{requests} decisions of {filter}"), || {
            let sum = self.decisions(filter)?;
            ensure!(sum <= requests, "{sum} decisions of {filter} for {requests} requests");
            Ok((sum == requests).then_some(()))
        })?;
        self.stats()
    }

    /// Returns the number of decisions of `filter` that it has passed on.
    ///
    /// # Errors
    /// Fails if the admin interface does not respond.
    pub fn decisions(&self, filter: &str) -> Result<u64> {
        let start = format!("wasmcustom.novasphere_decisions_total.filter={filter}.decision=");
        let stats = self.stats()?;
        let decisions = stats.iter().filter(|(name, _)| name.starts_with(&start));
        Ok(decisions.map(|(_, count)| count).sum())
    }

    /// Returns the path of the log, which exists while Envoy runs.
    pub fn log_path(&self) -> PathBuf {
        self.process.file("log")
    }

    /// Returns the log so far.
    ///
    /// # Errors
    /// Fails if the log cannot be read.
    pub fn log(&self) -> Result<String> {
        self.process.log()
    }

    /// Waits until `count` lines of the log contain `text`.
    ///
    /// # Errors
    /// Fails with the log if they do not in time.
    pub fn wait_for_log_lines(&self, text: &str, count: usize) -> Result<()> {
        until(&format!("{text:?} in {count} lines of the log"), || {
            let log = self.log()?;
            let found = log.lines().filter(|line| line.contains(text)).count();
            Ok((found >= count).then_some(()))
        })
        .with_context(|| format!("log:\n{}", telling(&self.log().unwrap_or_default())))
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Sends a signal to the process, such as `TERM`.
    ///
    /// # Errors
    /// Fails if it no longer runs.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.pid().to_string();
        let sent =
            Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid]).status()?;
        ensure!(sent.success(), "cannot send {signal} to process {pid}");
        Ok(())
    }

    /// Waits until the process ends.
    ///
    /// # Errors
    /// Fails if it does not in time.
    pub fn wait_for_exit(&mut self) -> Result<ExitStatus> {
        until("Envoy to exit", || self.exit_status())
    }

    /// Returns the exit status if the process has ended.
    ///
    /// # Errors
    /// Fails if the system does not report it.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.process.child.try_wait()?)
    }

    /// Returns the resident memory in bytes.
    ///
    /// # Errors
    /// Fails if it no longer runs.
    pub fn rss(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// Returns the private writable memory in bytes, which `RLIMIT_DATA` limits.
    ///
    /// # Errors
    /// Fails if it no longer runs.
    pub fn data_size(&self) -> Result<u64> {
        self.memory("VmData:")
    }

    /// A line of the process's status in bytes.
    fn memory(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.with_context(|| name.to_owned())?.trim().parse()?;
        Ok(kilobytes.saturating_mul(1024))
    }
}

fn socket(address: &Value) -> Option<SocketAddr> {
    let port = u16::try_from(address.get("port_value")?.as_u64()?).ok().filter(|p| *p != 0)?;
    Some(SocketAddr::new(address.get("address")?.as_str()?.parse().ok()?, port))
}
