//! Full load by wrk, and the proxy's CPU time.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::traffic::{PATH, REQUEST};

/// wrk's script. It sends the tokens of a file in turn and prints a one-line summary.
const SCRIPT: &str = include_str!("wrk.lua");

/// Connections of the client.
pub(crate) const CONNECTIONS: usize = 16;

/// The result of one load run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Responses a second.
    pub(crate) per_second: f64,
    /// The proxy's CPU time a request, in microseconds.
    pub(crate) cost: f64,
}

/// The load generator.
pub(crate) struct Wrk<'d> {
    dir: &'d Path,
}

impl<'d> Wrk<'d> {
    /// Creates a load generator with its script in `dir`.
    ///
    /// # Errors
    /// If wrk is not installed.
    pub(crate) fn new(dir: &'d Path) -> Result<Self> {
        ensure!(
            Command::new("wrk").arg("--version").output().is_ok(),
            "wrk is missing: install the package wrk"
        );
        fs::write(dir.join("wrk.lua"), SCRIPT)?;
        Ok(Self { dir })
    }

    /// Sends requests for `seconds` seconds. Returns the CPU time of process `pid` for each request, in
    /// microseconds.
    ///
    /// # Errors
    /// If any request fails.
    pub(crate) fn cost(
        &self,
        addr: SocketAddr,
        tokens: &Path,
        seconds: usize,
        pid: u32,
    ) -> Result<f64> {
        Ok(self.load(addr, tokens, seconds, pid)?.cost)
    }

    /// Like [`cost`](Self::cost), with the number of responses.
    ///
    /// # Errors
    /// If any request fails.
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    pub(crate) fn load(
        &self,
        addr: SocketAddr,
        tokens: &Path,
        seconds: usize,
        pid: u32,
    ) -> Result<Load> {
        let before = processor_time(pid)?;
        let requests = self.run(addr, tokens, seconds)?;
        let nanoseconds = processor_time(pid)?.saturating_sub(before);
        Ok(Load {
            per_second: requests as f64 / seconds as f64,
            cost: nanoseconds as f64 / 1000.0 / requests as f64,
        })
    }

    fn run(&self, addr: SocketAddr, tokens: &Path, seconds: usize) -> Result<u64> {
        let mut command = Command::new("wrk");
        command.args(["-t", "1", "-c", &CONNECTIONS.to_string(), "-d", &format!("{seconds}s")]);
        for (name, value) in REQUEST {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        command.arg("-s").arg(self.dir.join("wrk.lua"));
        command.args([&format!("http://{addr}{PATH}"), "--"]).arg(tokens);
        let output = command.output().context("wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let counts = text.lines().find_map(|line| line.strip_prefix("novasphere "));
        let counts: Vec<u64> =
            counts.unwrap_or_default().split(' ').filter_map(|n| n.parse().ok()).collect();
        match counts.as_slice() {
            [requests, 0] if *requests > 0 => Ok(*requests),
            [requests, errors] => bail!("{errors} of {requests} requests failed"),
            _ => bail!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

/// The CPU time of all threads of a process, in nanoseconds.
fn processor_time(pid: u32) -> Result<u64> {
    let mut sum = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = task?.path().join("schedstat");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let running = text.split(' ').next().and_then(|field| field.parse().ok());
        sum = sum.saturating_add(running.unwrap_or(0));
    }
    Ok(sum)
}
