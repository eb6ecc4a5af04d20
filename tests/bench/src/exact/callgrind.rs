//! An Envoy under valgrind's callgrind, which counts instructions.

use std::{
    fs,
    io::{BufReader, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain::ensure_no_trap, envoy::Envoy};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::profile::Profile;
use crate::proxy::latency::{read_answer, request};

/// The timeout of each step of Envoy's start. Under valgrind, a VM of the gateway takes half a minute
/// on an idle core.
pub(super) const START: Duration = Duration::from_secs(4 * 3_600);

/// The limit of a response.
const ANSWER: Duration = Duration::from_secs(600);

/// An Envoy that can count its instructions.
pub(crate) struct Counted {
    envoy: Envoy,
    dir: TempDir,
    /// The number of profiles so far.
    profiles: usize,
}

impl Counted {
    /// Starts Envoy with one worker. It counts nothing until [`instrument`](Self::instrument).
    ///
    /// # Errors
    /// If valgrind is missing, or Envoy does not start.
    pub(crate) fn start(bootstrap: Value) -> Result<Self> {
        Self::start_with(bootstrap, "no")
    }

    /// The profiles of all threads from the start of the process until Envoy is ready.
    ///
    /// # Errors
    /// If valgrind is missing, or Envoy does not start.
    #[cfg(all(test, feature = "system"))]
    pub(crate) fn until_ready(bootstrap: Value) -> Result<Vec<Profile>> {
        Self::start_with(bootstrap, "yes")?.dump()
    }

    fn start_with(mut bootstrap: Value, counts_at_start: &str) -> Result<Self> {
        ensure!(
            Command::new("vgdb").arg("--help").output().is_ok(),
            "valgrind is missing: install the package valgrind"
        );
        quiet(&mut bootstrap);
        let dir = tempfile::Builder::new().prefix("novasphere-exact-").tempdir()?;
        let under = [
            "valgrind".to_owned(),
            "--tool=callgrind".to_owned(),
            format!("--instr-atstart={counts_at_start}"),
            "--separate-threads=yes".to_owned(),
            gdb_prefix(&dir),
            format!("--callgrind-out-file={}", dir.path().join("profile").display()),
        ];
        let envoy = Envoy::start_under(&under, START, &bootstrap)?;
        Ok(Self { envoy, dir, profiles: 0 })
    }

    /// The address of a listener.
    ///
    /// # Errors
    /// If no listener has this name.
    pub(crate) fn listener(&self, name: &str) -> Result<SocketAddr> {
        self.envoy.listener(name)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.envoy.pid()
    }

    /// Starts to count. Until then, Envoy runs five times as fast.
    ///
    /// # Errors
    /// If valgrind does not answer.
    pub(crate) fn instrument(&self) -> Result<()> {
        self.monitor(&["instrumentation", "on"])
    }

    /// Counts the worker's instructions while `load` runs.
    ///
    /// # Errors
    /// If `load` fails, or valgrind does not answer.
    pub(crate) fn count(&mut self, load: impl FnOnce() -> Result<()>) -> Result<Profile> {
        self.monitor(&["zero"])?;
        load()?;
        // The worker is the thread with most of the instructions.
        let mut threads = self.dump()?;
        let worker = threads.pop().context("no thread")?;
        let others: u64 = threads.iter().map(Profile::total).sum();
        ensure!(others * 2 < worker.total(), "more than one thread worked: {others} instructions");
        Ok(worker)
    }

    /// The profiles of all threads since the last dump, by instructions.
    fn dump(&mut self) -> Result<Vec<Profile>> {
        self.monitor(&["dump"])?;
        self.profiles += 1;
        let prefix = format!("profile.{}-", self.profiles);
        let mut threads = Vec::new();
        for entry in fs::read_dir(self.dir.path())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                threads.push(Profile::parse(&fs::read_to_string(entry.path())?)?);
                fs::remove_file(entry.path())?;
            }
        }
        ensure!(!threads.is_empty(), "no file {prefix}*");
        threads.sort_by_key(Profile::total);
        Ok(threads)
    }

    /// Fails if a module has crashed.
    ///
    /// # Errors
    /// If one has.
    pub(crate) fn ensure_no_trap(&self) -> Result<()> {
        ensure_no_trap(&self.envoy)
    }

    fn monitor(&self, command: &[&str]) -> Result<()> {
        let mut vgdb = Command::new("vgdb");
        vgdb.arg(gdb_prefix(&self.dir)).arg(format!("--pid={}", self.envoy.pid())).args(command);
        let output = vgdb.output().context("vgdb")?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "vgdb {command:?}: {error}");
        Ok(())
    }
}

/// Where valgrind and vgdb meet. In the temporary directory, because a killed valgrind leaves files.
fn gdb_prefix(dir: &TempDir) -> String {
    format!("--vgdb-prefix={}", dir.path().join("vgdb").display())
}

/// Keeps timers from running during a measurement: their number depends on the machine's load.
pub(super) fn quiet(bootstrap: &mut Value) {
    let rare = json!({"miss_timeout": "3600s", "megamiss_timeout": "3600s"});
    if let Some(members) = bootstrap.as_object_mut() {
        members.insert("stats_flush_interval".to_owned(), "299s".into());
        members.insert(
            "watchdogs".to_owned(),
            json!({"main_thread_watchdog": rare, "worker_watchdog": rare}),
        );
    }
}

/// A client with one connection that sends one request at a time.
pub(crate) struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
    requests: Vec<Vec<u8>>,
}

impl Client {
    /// Connects. The requests have these tokens in turn.
    ///
    /// # Errors
    /// If the listener refuses the connection.
    pub(crate) fn connect(addr: SocketAddr, tokens: &[String]) -> Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER))?;
        let answers = BufReader::new(stream.try_clone()?);
        let requests = tokens.iter().map(|token| request(token)).collect();
        Ok(Self { stream, answers, requests })
    }

    /// Sends requests until every token was sent `rounds` times.
    ///
    /// # Errors
    /// If a status is not 200.
    pub(crate) fn send(&mut self, rounds: usize) -> Result<()> {
        for _ in 0..rounds {
            for request in &self.requests {
                self.stream.write_all(request)?;
                read_answer(&mut self.answers)?;
            }
        }
        Ok(())
    }
}
