//! A running Redis.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    paths::repository,
    wait::{PATIENCE, until},
};
use tempfile::TempDir;

use super::{front::moved, group::Group, packages};

/// The password of the front's user.
pub(super) const PASSWORD: &str = "only-for-tests-password";

/// The password of a test user with all rights.
const ADMIN: &str = "only-for-tests-admin";

/// A running Redis with the shipped configuration and ACL, at a Unix socket. When dropped, it is killed and
/// its data are removed.
#[derive(Debug)]
pub struct Redis {
    process: Group,
    dir: TempDir,
}

impl Redis {
    /// Starts a Redis and waits until it is ready.
    ///
    /// # Errors
    /// If it does not become ready, with its log, or if a package is missing.
    pub fn start() -> Result<Self> {
        packages::ensure_installed()?;
        let dir = tempfile::Builder::new().prefix("novasphere-redis-").tempdir()?;
        let here = dir.path().display().to_string();
        let paths = [("/var/lib/novasphere-redis", &*here), ("/run/novasphere-redis", &here)];
        install("redis.conf", dir.path(), &paths)?;
        let paths = [("/etc/novasphere-redis", &*here), ("/run/novasphere-redis", &here)];
        install("start-redis.sh", dir.path(), &paths)?;
        install("users.acl.template", dir.path(), &[])?;
        let mut users =
            OpenOptions::new().append(true).open(dir.path().join("users.acl.template"))?;
        writeln!(users, "user admin reset on >{ADMIN} ~* &* +@all")?;
        let mut redis = Self { process: spawn(dir.path())?, dir };
        redis.wait_until_it_serves()?;
        Ok(redis)
    }

    fn wait_until_it_serves(&mut self) -> Result<()> {
        until("Redis to serve", || {
            self.process.ensure_alive()?;
            Ok(self.ping().is_ok().then_some(()))
        })
    }

    /// The address in the front's form: `unix:/…`.
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// Kills it. Connections are closed, and refused until it restarts.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Kills it and restarts it with its persisted data.
    ///
    /// # Errors
    /// If it does not become ready again.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = spawn(self.dir.path())?;
        self.wait_until_it_serves()
    }

    /// Kills it and restarts it without data.
    ///
    /// # Errors
    /// If it does not become ready again.
    pub fn restart_empty(&mut self) -> Result<()> {
        self.kill()?;
        let data = self.dir.path().join("appendonlydir");
        fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
        self.restart()
    }

    /// Stops the process: connections are accepted, but get no response.
    ///
    /// # Errors
    /// If it has ended.
    pub fn pause(&self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Continues the process, which then responds to waiting requests.
    ///
    /// # Errors
    /// If it has ended.
    pub fn resume(&self) -> Result<()> {
        self.process.signal("CONT")
    }

    /// The output of redis-cli for a command, by a user with all rights.
    ///
    /// # Errors
    /// If Redis does not respond, or responds with an error.
    pub fn cli(&self, command: &[&str]) -> Result<String> {
        let output = Command::new("timeout")
            .args([&PATIENCE.as_secs().to_string(), "redis-cli", "-s"])
            .arg(self.socket())
            // The exit status reports errors of Redis.
            .args(["-e", "--user", "admin"])
            .args(command)
            .env("REDISCLI_AUTH", ADMIN)
            .stdin(Stdio::null())
            .output()
            .context("cannot run redis-cli")?;
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let why = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "redis-cli {command:?}: {text}{why}");
        Ok(text)
    }

    /// # Errors
    /// If it does not respond.
    pub fn ping(&self) -> Result<()> {
        let answer = self.cli(&["PING"])?;
        ensure!(answer == "PONG", "{answer}");
        Ok(())
    }

    /// The number of keys.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn size(&self) -> Result<u64> {
        Ok(self.cli(&["DBSIZE"])?.parse()?)
    }

    /// Removes all keys.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn flush(&self) -> Result<()> {
        self.cli(&["FLUSHALL"]).map(drop)
    }

    /// The number of calls of a command, for example `eval`, since the start.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn calls(&self, command: &str) -> Result<u64> {
        let statistics = self.cli(&["INFO", "commandstats"])?;
        let prefix = format!("cmdstat_{command}:calls=");
        let line = statistics.lines().find_map(|line| line.strip_prefix(&prefix));
        let count = line.and_then(|rest| rest.split(',').next()).unwrap_or("0");
        Ok(count.parse()?)
    }

    /// Everything logged so far.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

/// Copies a shipped file and adapts its paths to this machine.
fn install(name: &str, dir: &Path, paths: &[(&str, &str)]) -> Result<()> {
    let text = fs::read_to_string(repository().join("host-config/redis").join(name))?;
    Ok(fs::write(dir.join(name), moved(&text, paths)?)?)
}

fn spawn(dir: &Path) -> Result<Group> {
    let mut command = Command::new("sh");
    command
        .arg(dir.join("start-redis.sh"))
        .arg(dir.join("redis.conf"))
        .args(["--port", "0", "--unixsocket"])
        .arg(dir.join("socket"))
        .env("NOVASPHERE_REDIS_PASSWORD", PASSWORD);
    Group::spawn(&mut command, &dir.join("log"))
}
