//! A running Redis.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::{front::moved, group::Group, packages};
use novasphere_harness::{paths::repository, wait::until};

/// The password of the front's user.
pub(super) const PASSWORD: &str = "only-for-tests-password";

/// That of a user whom only the tests have, and who may do everything.
const ADMIN: &str = "only-for-tests-admin";

/// A running Redis with the shipped configuration and rights, at a Unix socket. It is killed, and its
/// data are removed, when dropped.
#[derive(Debug)]
pub struct Redis {
    process: Group,
    dir: TempDir,
}

impl Redis {
    /// Starts one and waits until it serves.
    ///
    /// # Errors
    /// When it does not, with its log, or a package is missing.
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

    /// Its address, as the front takes it: `unix:/…`.
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// Kills it. Connections are closed, and refused until it is started again.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Kills it and starts it again with what it had written down.
    ///
    /// # Errors
    /// When it does not serve again.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = spawn(self.dir.path())?;
        self.wait_until_it_serves()
    }

    /// Kills it and starts it again without any data.
    ///
    /// # Errors
    /// When it does not serve again.
    pub fn restart_empty(&mut self) -> Result<()> {
        self.kill()?;
        let data = self.dir.path().join("appendonlydir");
        fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
        self.restart()
    }

    /// Has it stand still: connections are taken, and nothing is answered.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Has it go on; what came meanwhile is answered now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&self) -> Result<()> {
        self.process.signal("CONT")
    }

    /// What redis-cli prints for a command, by a user with all rights.
    ///
    /// # Errors
    /// When Redis does not answer, or answers with an error.
    pub fn cli(&self, command: &[&str]) -> Result<String> {
        let output = Command::new("timeout")
            .args(["5", "redis-cli", "-s"])
            .arg(self.socket())
            // With a status that tells of errors of Redis.
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
    /// When it does not answer.
    pub fn ping(&self) -> Result<()> {
        let answer = self.cli(&["PING"])?;
        ensure!(answer == "PONG", "{answer}");
        Ok(())
    }

    /// How many keys it has.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn size(&self) -> Result<u64> {
        Ok(self.cli(&["DBSIZE"])?.parse()?)
    }

    /// Removes all keys.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn flush(&self) -> Result<()> {
        self.cli(&["FLUSHALL"]).map(drop)
    }

    /// How often a command was called since it was started: `eval`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn calls(&self, command: &str) -> Result<u64> {
        let statistics = self.cli(&["INFO", "commandstats"])?;
        let prefix = format!("cmdstat_{command}:calls=");
        let line = statistics.lines().find_map(|line| line.strip_prefix(&prefix));
        let count = line.and_then(|rest| rest.split(',').next()).unwrap_or("0");
        Ok(count.parse()?)
    }

    /// Everything it has logged so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

/// Copies a shipped file, moved to this machine.
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
