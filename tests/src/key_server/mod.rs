//! An issuer's server: its key set (RFC 7517) and its provider configuration (OpenID Connect Discovery
//! 1.0). The test controls its contents and faults, and counts its requests.

mod answer;
mod serve;

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{oneshot, watch},
    task::JoinHandle,
};

use novasphere_harness::{loopback::free_address, wait::until};

/// The path of the key set, which is also at any other path except [`DISCOVERY_PATH`].
pub const JWKS_PATH: &str = "/jwks.json";

/// The path of the provider configuration.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// The behaviour of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Responds.
    #[default]
    Serve,
    /// Accepts requests and does not respond until the behaviour changes.
    Held,
    /// Closes every connection at once.
    Down,
    /// Responds after a delay.
    Slow(Duration),
    /// Responds with this status and the usual body.
    Status(u16),
    /// Responds with a body that is not JSON.
    Garbage,
    /// Responds with a valid body of this many bytes.
    Huge(usize),
    /// Serves the provider configuration of another issuer.
    WrongIssuer,
    /// Responds with 406 to a client that does not accept the media type, which for a key set is
    /// `application/jwk-set+json` (RFC 7517 section 8.5.1), as the Kubernetes API server does.
    /// Responds with 403 to a client without `User-Agent`, as web application firewalls do.
    Strict,
}

/// The contents of the server.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The issuer.
    pub issuer: String,
    /// The keys of the set.
    pub keys: Vec<Value>,
    /// The behaviour.
    pub behaviour: Behaviour,
    /// The issuer in the provider configuration, if it differs from `issuer`.
    pub document_issuer: Option<String>,
    /// The bytes before the body of its responses.
    pub prefix: &'static [u8],
    /// The value of `Cache-Control` in its responses.
    pub cache_control: Option<String>,
}

/// The request counts.
#[derive(Debug, Default)]
struct Visits {
    requests: BTreeMap<String, usize>,
    dropped: usize,
    last: Option<Instant>,
}

/// State shared by server and test.
#[derive(Clone)]
struct Shared {
    setup: watch::Sender<Setup>,
    visits: Arc<Mutex<Visits>>,
}

impl Shared {
    fn visits(&self) -> MutexGuard<'_, Visits> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server. It stops when dropped.
pub struct KeyServer {
    /// The listening address.
    pub addr: SocketAddr,
    shared: Shared,
    runtime: Option<Runtime>,
    listening: Option<Listening>,
}

struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl KeyServer {
    /// Starts a server for `issuer` on a free loopback port.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start(issuer: &str, keys: Vec<Value>) -> Result<Self> {
        let setup = Setup {
            issuer: issuer.to_owned(),
            keys,
            behaviour: Behaviour::Serve,
            document_issuer: None,
            prefix: b"",
            cache_control: None,
        };
        let shared = Shared { setup: watch::Sender::new(setup), visits: Arc::default() };
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        // Not an ephemeral port, which a client could take while the server does not listen.
        let addr = free_address()?;
        let mut server = Self { addr, shared, runtime: Some(runtime), listening: None };
        server.bind()?;
        Ok(server)
    }

    /// Changes the contents. Held requests get the new contents.
    pub fn set(&self, change: impl FnOnce(&mut Setup)) {
        self.shared.setup.send_modify(change);
    }

    /// Changes the behaviour.
    pub fn behave(&self, behaviour: Behaviour) {
        self.set(|setup| setup.behaviour = behaviour);
    }

    /// Listens again at the same address. No effect if it still listens.
    ///
    /// # Errors
    /// If another program uses the port.
    pub fn bind(&mut self) -> Result<()> {
        let Some(runtime) = self.runtime.as_ref().filter(|_| self.listening.is_none()) else {
            return Ok(());
        };
        let listener = runtime.block_on(TcpListener::bind(self.addr))?;
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(serve::accept(listener, self.shared.clone(), stopped));
        self.listening = Some(Listening { stop, task });
        Ok(())
    }

    /// Stops listening and closes all connections. Returns when new connections are refused.
    ///
    /// # Errors
    /// If the port still accepts connections after the time limit.
    pub fn unbind(&mut self) -> Result<()> {
        if let (Some(runtime), Some(listening)) = (&self.runtime, self.listening.take()) {
            // Both fail only if the task has already ended.
            let _ = listening.stop.send(());
            let _ = runtime.block_on(listening.task);
        }
        // A child process started by another test inherits all sockets for a moment.
        until("connections to be refused", || {
            Ok(TcpStream::connect(self.addr).is_err().then_some(()))
        })
    }

    /// The number of requests for a path.
    pub fn requests(&self, path: &str) -> usize {
        self.shared.visits().requests.get(path).copied().unwrap_or_default()
    }

    /// The number of all requests.
    pub fn all_requests(&self) -> usize {
        self.shared.visits().requests.values().sum()
    }

    /// The number of connections closed because the behaviour was [`Behaviour::Down`].
    pub fn dropped(&self) -> usize {
        self.shared.visits().dropped
    }

    /// Waits for `count` requests for the path.
    ///
    /// # Errors
    /// If they do not arrive in time.
    pub fn wait_for_requests(&self, path: &str, count: usize) -> Result<()> {
        until(&format!("request {count} for {path}"), || {
            Ok((self.requests(path) >= count).then_some(()))
        })
    }

    /// Waits for a period of `span` without requests.
    ///
    /// # Errors
    /// If requests keep arriving.
    pub fn wait_for_silence(&self, span: Duration) -> Result<()> {
        until(&format!("{span:?} without a request for keys"), || {
            let last = self.shared.visits().last;
            Ok(last.is_none_or(|last| last.elapsed() >= span).then_some(()))
        })
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
