//! The HTTP form of Redis: nginx with the shipped configuration.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use novasphere_harness::{
    client::{self, Request, Response},
    loopback::free_address,
    paths::repository,
    startup::StartSlot,
    wait::until,
};
use serde_json::Value;
use tempfile::TempDir;

use super::{Redis, group::Group, packages, server};

/// The value in `nginx.conf`.
const WORKERS: usize = 2;

/// Options of a front.
#[derive(Clone, Debug)]
pub struct FrontOptions {
    /// The address of Redis: `unix:/…` or `host:port`.
    pub redis: String,
    /// The password for Redis.
    pub password: String,
    /// The accepted tokens.
    pub tokens: Vec<String>,
    /// The timeout for Redis.
    pub timeout: Duration,
}

impl FrontOptions {
    /// Options with one token and the longest timeout, 5 s. The shipped one of 80 ms is too short for a
    /// busy test machine.
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.address(),
            password: server::PASSWORD.to_owned(),
            tokens: vec!["only-for-tests-0123456789abcdef0123456789abcdef".to_owned()],
            timeout: Duration::from_secs(5),
        }
    }
}

/// A running front. When dropped, it is killed and its files are removed.
#[derive(Debug)]
pub struct Front {
    /// The address for filters.
    pub addr: SocketAddr,
    /// The address of `/live`, `/health` and `/metrics`.
    pub status: SocketAddr,
    options: FrontOptions,
    process: Group,
    dir: TempDir,
}

impl Front {
    /// Starts a front for a Redis and waits until it is ready.
    ///
    /// # Errors
    /// If it does not become ready, with its log, or if a package is missing.
    pub fn start(redis: &Redis) -> Result<Self> {
        Self::start_with(FrontOptions::new(redis))
    }

    /// Like [`start`](Self::start), with options.
    ///
    /// # Errors
    /// If it does not become ready, with its log, or if a package is missing.
    pub fn start_with(mut options: FrontOptions) -> Result<Self> {
        packages::ensure_installed()?;
        let _slot = StartSlot::acquire()?;
        loop {
            let dir = tempfile::Builder::new().prefix("novasphere-front-").tempdir()?;
            let (addr, status) = (free_address()?, free_address()?);
            fs::write(dir.path().join("nginx.conf"), configuration(dir.path(), addr, status)?)?;
            write_tokens(dir.path(), &options.tokens)?;
            let process = spawn(dir.path(), &options)?;
            let mut front = Self { addr, status, options, process, dir };
            match front.wait_until_it_serves() {
                Ok(()) => return Ok(front),
                // Another program took the port.
                Err(_) if front.log()?.contains("Address already in use") => {
                    options = front.options.clone();
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn wait_until_it_serves(&mut self) -> Result<()> {
        until("the front to serve", || {
            self.process.ensure_alive()?;
            let answer = self.get("/live");
            Ok(answer.ok().filter(|answer| answer.head.status == 200).map(|_| ()))
        })
    }

    /// The first accepted token.
    pub fn token(&self) -> &str {
        self.options.tokens.first().map_or("", String::as_str)
    }

    /// A request with a command and the first token.
    pub fn request(&self, command: &Value) -> Request {
        Request::new("POST", "/")
            .header("authorization", format!("Bearer {}", self.token()))
            .header("content-type", "application/json")
            .body(command.to_string())
    }

    /// Runs a command over a new connection.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn command(&self, command: &Value) -> Result<Response> {
        client::send(self.addr, &self.request(command))
    }

    /// Requests `/live`, `/health` or `/metrics`.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn get(&self, path: &str) -> Result<Response> {
        client::send(self.status, &Request::get(path))
    }

    /// Changes the accepted tokens at run time and waits until the change is active.
    ///
    /// # Errors
    /// If the change does not become active.
    pub fn set_tokens(&mut self, tokens: &[&str]) -> Result<()> {
        self.options.tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        write_tokens(self.dir.path(), &self.options.tokens)?;
        let before = self.ended_workers()?;
        self.process.signal_leader("HUP")?;
        // The old workers may accept connections until the last of them has ended.
        until("the front to take other tokens", || {
            Ok((self.ended_workers()? >= before.saturating_add(WORKERS)).then_some(()))
        })
    }

    fn ended_workers(&self) -> Result<usize> {
        Ok(self.log()?.matches(" exited with code ").count())
    }

    /// Whether it accepts a token.
    ///
    /// # Errors
    /// If it does not respond.
    pub fn takes(&self, token: &str) -> Result<bool> {
        let request = Request::new("POST", "/")
            .header("authorization", format!("Bearer {token}"))
            .body("[\"PING\"]");
        Ok(client::send(self.addr, &request)?.head.status != 401)
    }

    /// Kills it. Connections are closed, and refused until it restarts.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        // The workers end shortly after their parent.
        until("connections to be refused", || {
            let refused = |addr| TcpStream::connect(addr).is_err();
            Ok((refused(self.addr) && refused(self.status)).then_some(()))
        })
    }

    /// Kills it and restarts it at the same address.
    ///
    /// # Errors
    /// If it does not become ready again.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = spawn(self.dir.path(), &self.options)?;
        self.wait_until_it_serves()
    }

    /// Stops its processes: connections are accepted, but get no response.
    ///
    /// # Errors
    /// If it has ended.
    pub fn pause(&self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Continues its processes.
    ///
    /// # Errors
    /// If it has ended.
    pub fn resume(&self) -> Result<()> {
        self.process.signal("CONT")
    }

    /// The count of an outcome: `ok`, `timeout`, `unavailable`, …
    ///
    /// # Errors
    /// If it does not respond.
    pub fn outcomes(&self, outcome: &str) -> Result<u64> {
        let prefix = format!("novasphere_redis_front_requests_total{{outcome=\"{outcome}\"}} ");
        let page = self.get("/metrics")?.text();
        let count = page.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or("0");
        Ok(count.parse()?)
    }

    /// Everything logged so far, including failed requests.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

/// Replaces paths and addresses in `text`, each of which must occur.
///
/// # Errors
/// If one does not occur.
pub(super) fn moved(text: &str, replacements: &[(&str, &str)]) -> Result<String> {
    let mut text = text.to_owned();
    for (old, new) in replacements {
        ensure!(text.contains(old), "{old} is not in the shipped file");
        text = text.replace(old, new);
    }
    Ok(text)
}

fn configuration(dir: &Path, addr: SocketAddr, status: SocketAddr) -> Result<String> {
    let shipped = repository().join("host-config/redis");
    let text = fs::read_to_string(shipped.join("nginx.conf"))?;
    let replacements = [
        ("/etc/novasphere-redis/?.lua", format!("{}/?.lua", shipped.display())),
        ("/run/novasphere-redis-front", dir.display().to_string()),
        ("/var/log/novasphere-redis/failures.log", dir.join("log").display().to_string()),
        ("127.0.0.1:8379", addr.to_string()),
        ("127.0.0.1:8380", status.to_string()),
    ];
    moved(&text, &replacements.each_ref().map(|(old, new)| (*old, new.as_str())))
}

fn tokens_file(dir: &Path) -> PathBuf {
    dir.join("tokens")
}

fn write_tokens(dir: &Path, tokens: &[String]) -> Result<()> {
    Ok(fs::write(tokens_file(dir), tokens.join("\n"))?)
}

fn spawn(dir: &Path, options: &FrontOptions) -> Result<Group> {
    let timeout = options.timeout.as_millis();
    if timeout == 0 {
        bail!("a timeout of at least a millisecond is needed");
    }
    let mut command = Command::new(packages::NGINX);
    command
        .args(["-e", "stderr", "-c"])
        .arg(dir.join("nginx.conf"))
        // Use the user who runs the tests. Otherwise the workers of root could not open the socket of Redis.
        .args(["-g", "user root;"])
        .env_clear()
        .env("NOVASPHERE_REDIS_ADDRESS", &options.redis)
        .env("NOVASPHERE_REDIS_PASSWORD", &options.password)
        .env("NOVASPHERE_REDIS_TOKENS_FILE", tokens_file(dir))
        .env("NOVASPHERE_REDIS_TIMEOUT_MS", timeout.to_string());
    Group::spawn(&mut command, &dir.join("log"))
}
