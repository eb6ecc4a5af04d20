//! The HTTP form of Redis: nginx with the shipped configuration.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::{Redis, group::Group, packages, server};
use novasphere_harness::{
    client::{self, Request, Response},
    loopback::free_address,
    paths::repository,
    wait::until,
};

/// As `nginx.conf` has it.
const WORKERS: usize = 2;

/// What a front is started with.
#[derive(Clone, Debug)]
pub struct FrontOptions {
    /// Where Redis is: `unix:/…` or `host:port`.
    pub redis: String,
    /// The password it shows to Redis.
    pub password: String,
    /// The tokens it takes.
    pub tokens: Vec<String>,
    /// How long Redis may take. Shipped are 80 ms; a machine that runs tests may be slower.
    pub timeout: Duration,
}

impl FrontOptions {
    /// With one token and a timeout of 300 ms.
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.address(),
            password: server::PASSWORD.to_owned(),
            tokens: vec!["only-for-tests-0123456789abcdef0123456789abcdef".to_owned()],
            timeout: Duration::from_millis(300),
        }
    }
}

/// A running front. It is killed, and its files are removed, when dropped.
#[derive(Debug)]
pub struct Front {
    /// Where it answers the filters.
    pub addr: SocketAddr,
    /// Where `/live`, `/health` and `/metrics` are.
    pub status: SocketAddr,
    options: FrontOptions,
    process: Group,
    dir: TempDir,
}

impl Front {
    /// Starts one before a Redis and waits until it serves.
    ///
    /// # Errors
    /// When it does not, with its log, or a package is missing.
    pub fn start(redis: &Redis) -> Result<Self> {
        Self::start_with(FrontOptions::new(redis))
    }

    /// The same with options.
    ///
    /// # Errors
    /// When it does not serve, with its log, or a package is missing.
    pub fn start_with(mut options: FrontOptions) -> Result<Self> {
        packages::ensure_installed()?;
        loop {
            let dir = tempfile::Builder::new().prefix("novasphere-front-").tempdir()?;
            let (addr, status) = (free_address()?, free_address()?);
            fs::write(dir.path().join("nginx.conf"), configuration(dir.path(), addr, status)?)?;
            write_tokens(dir.path(), &options.tokens)?;
            let process = spawn(dir.path(), &options)?;
            let mut front = Self { addr, status, options, process, dir };
            match front.wait_until_it_serves() {
                Ok(()) => return Ok(front),
                // Somebody else was faster.
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

    /// The first of its tokens.
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

    /// Has it run a command, over a connection of its own.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn command(&self, command: &Value) -> Result<Response> {
        client::send(self.addr, &self.request(command))
    }

    /// Asks for `/live`, `/health` or `/metrics`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn get(&self, path: &str) -> Result<Response> {
        client::send(self.status, &Request::get(path))
    }

    /// Has it take other tokens while it runs, and waits until it does.
    ///
    /// # Errors
    /// When it does not.
    pub fn set_tokens(&mut self, tokens: &[&str]) -> Result<()> {
        self.options.tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        write_tokens(self.dir.path(), &self.options.tokens)?;
        let before = self.ended_workers()?;
        self.process.signal_leader("HUP")?;
        // Until the last of the old ones has ended, it may take connections.
        until("the front to take other tokens", || {
            Ok((self.ended_workers()? >= before.saturating_add(WORKERS)).then_some(()))
        })
    }

    fn ended_workers(&self) -> Result<usize> {
        Ok(self.log()?.matches(" exited with code ").count())
    }

    /// Whether it takes a token.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn takes(&self, token: &str) -> Result<bool> {
        let request = Request::new("POST", "/")
            .header("authorization", format!("Bearer {token}"))
            .body("[\"PING\"]");
        Ok(client::send(self.addr, &request)?.head.status != 401)
    }

    /// Kills it. Connections are closed, and refused until it is started again.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        // The workers end a moment after the program that started them.
        until("connections to be refused", || {
            let refused = |addr| TcpStream::connect(addr).is_err();
            Ok((refused(self.addr) && refused(self.status)).then_some(()))
        })
    }

    /// Kills it and starts it again at the same address.
    ///
    /// # Errors
    /// When it does not serve again.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.process = spawn(self.dir.path(), &self.options)?;
        self.wait_until_it_serves()
    }

    /// Has it stand still: connections are taken, and nothing is answered.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Has it go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&self) -> Result<()> {
        self.process.signal("CONT")
    }

    /// How often there was that outcome: `ok`, `timeout`, `unavailable`, …
    ///
    /// # Errors
    /// When it does not answer.
    pub fn outcomes(&self, outcome: &str) -> Result<u64> {
        let prefix = format!("novasphere_redis_front_requests{{outcome=\"{outcome}\"}} ");
        let page = self.get("/metrics")?.text();
        let count = page.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or("0");
        Ok(count.parse()?)
    }

    /// Everything it has logged so far, failures of requests included.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<String> {
        let log = fs::read(self.dir.path().join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

/// `text` with paths and addresses replaced, each of which must be there.
///
/// # Errors
/// When one is not.
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
        // As whoever runs the tests; without it root's workers could not reach the socket of Redis.
        .args(["-g", "user root;"])
        .env_clear()
        .env("NOVASPHERE_REDIS_ADDRESS", &options.redis)
        .env("NOVASPHERE_REDIS_PASSWORD", &options.password)
        .env("NOVASPHERE_REDIS_TOKENS_FILE", tokens_file(dir))
        .env("NOVASPHERE_REDIS_TIMEOUT_MS", timeout.to_string());
    Group::spawn(&mut command, &dir.join("log"))
}
