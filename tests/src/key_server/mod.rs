//! An issuer's server: its key set (RFC 7517) and its description (OpenID Connect Discovery 1.0).
//! The test says what it serves and how it misbehaves, and sees how often it was asked.

mod answer;
mod serve;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpStream},
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

use novasphere_harness::wait::until;

/// Where the key set is.
pub const JWKS_PATH: &str = "/jwks.json";

/// Where the description is.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// How the server behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// It answers.
    #[default]
    Serve,
    /// It takes requests and leaves them without an answer until it is told to behave otherwise.
    Held,
    /// It closes all connections as soon as they are open.
    Down,
    /// It answers after a while.
    Slow(Duration),
    /// It answers with that status; the body is as always.
    Status(u16),
    /// What it answers is not JSON.
    Garbage,
    /// What it answers is right, but so many bytes long.
    Huge(usize),
    /// Its description is that of another issuer.
    WrongIssuer,
}

/// What the server serves.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The issuer it speaks for.
    pub issuer: String,
    /// The keys of its set.
    pub keys: Vec<Value>,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// The value of `Cache-Control` in its answers.
    pub cache_control: Option<String>,
}

/// Who came.
#[derive(Debug, Default)]
struct Visits {
    requests: BTreeMap<String, usize>,
    dropped: usize,
    last: Option<Instant>,
}

/// What server and test share.
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
    /// Where it listens.
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
    /// Starts one that speaks for `issuer`, on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(issuer: &str, keys: Vec<Value>) -> Result<Self> {
        let setup = Setup {
            issuer: issuer.to_owned(),
            keys,
            behaviour: Behaviour::Serve,
            cache_control: None,
        };
        let shared = Shared { setup: watch::Sender::new(setup), visits: Arc::default() };
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let addr = (Ipv4Addr::LOCALHOST, 0).into();
        let mut server = Self { addr, shared, runtime: Some(runtime), listening: None };
        server.bind()?;
        Ok(server)
    }

    /// Changes what it serves. What it holds back is answered accordingly.
    pub fn set(&self, change: impl FnOnce(&mut Setup)) {
        self.shared.setup.send_modify(change);
    }

    /// Changes how it behaves.
    pub fn behave(&self, behaviour: Behaviour) {
        self.set(|setup| setup.behaviour = behaviour);
    }

    /// Listens again, at the same address; nothing if it already does.
    ///
    /// # Errors
    /// When another program has taken the port.
    pub fn bind(&mut self) -> Result<()> {
        let Some(runtime) = self.runtime.as_ref().filter(|_| self.listening.is_none()) else {
            return Ok(());
        };
        let listener = runtime.block_on(TcpListener::bind(self.addr))?;
        self.addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(serve::accept(listener, self.shared.clone(), stopped));
        self.listening = Some(Listening { stop, task });
        Ok(())
    }

    /// Stops listening and closes all connections; waits until who connects is refused.
    ///
    /// # Errors
    /// When connections are still taken after a while.
    pub fn unbind(&mut self) -> Result<()> {
        if let (Some(runtime), Some(listening)) = (&self.runtime, self.listening.take()) {
            // Both fail only when the task has already ended.
            let _ = listening.stop.send(());
            let _ = runtime.block_on(listening.task);
        }
        // A child process that another test starts has all sockets for a moment.
        until("connections to be refused", || {
            Ok(TcpStream::connect(self.addr).is_err().then_some(()))
        })
    }

    /// How many requests for that path have come.
    pub fn requests(&self, path: &str) -> usize {
        self.shared.visits().requests.get(path).copied().unwrap_or_default()
    }

    /// How many requests have come.
    pub fn all_requests(&self) -> usize {
        self.shared.visits().requests.values().sum()
    }

    /// How many connections were closed without an answer because it was [`Behaviour::Down`].
    pub fn dropped(&self) -> usize {
        self.shared.visits().dropped
    }

    /// Waits until so many requests for the path have come.
    ///
    /// # Errors
    /// When they have not in time.
    pub fn wait_for_requests(&self, path: &str, count: usize) -> Result<()> {
        until(&format!("request {count} for {path}"), || {
            Ok((self.requests(path) >= count).then_some(()))
        })
    }

    /// Waits until nobody has asked anything for so long.
    ///
    /// # Errors
    /// When somebody always has.
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
