//! What all workers of a proxy share, and how it is set up.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use super::{Guest, metrics::Metrics, shared_data::SharedData};
use novasphere_harness::clock;

/// Which host is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Envoy, lenient.
    Envoy,
    /// nginx with ngx_wasm_module and Kong.
    Nginx,
}

/// A filter's module.
#[derive(Clone)]
pub enum Filter {
    /// `dist/kong/novasphere-<name>.wasm`.
    Wasm(String),
    /// One written here, for raw calls: its name, and what makes an instance.
    Native(String, Arc<dyn Fn() -> Box<dyn Guest> + Send + Sync>),
}

impl Filter {
    /// One of the project's filters.
    pub fn wasm(name: &str) -> Self {
        Self::Wasm(name.to_owned())
    }

    /// A filter of that name whose instances `make` makes.
    pub fn native<G: Guest + 'static>(
        name: &str,
        make: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        Self::Native(name.to_owned(), Arc::new(move || Box::new(make())))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Filter::Wasm(name) => format!("novasphere-{name}"),
            Filter::Native(name, _) => name.clone(),
        }
    }
}

/// A filter with its configuration, in a chain.
#[derive(Clone)]
pub struct Plugin {
    /// The module.
    pub filter: Filter,
    /// The configuration's text.
    pub config: String,
}

impl Plugin {
    /// One of the project's filters.
    pub fn wasm(name: &str, config: impl Into<String>) -> Self {
        Self { filter: Filter::wasm(name), config: config.into() }
    }

    /// A filter written here, without a configuration.
    pub fn native<G: Guest + 'static>(
        name: &str,
        make: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        Self { filter: Filter::native(name, make), config: String::new() }
    }
}

/// A call that a filter made.
#[derive(Clone, Debug)]
pub struct Dispatched {
    /// To whom, as the filter named it.
    pub upstream: String,
    /// Its lines, pseudo-headers among them.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its body.
    pub body: Vec<u8>,
    pub(super) token: u32,
    pub(super) context: u32,
    pub(super) module: String,
}

/// The reply to a call.
#[derive(Clone, Debug, Default)]
pub struct CallReply {
    /// The status.
    pub status: u16,
    /// Header lines.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

type LuaPlugin = dyn Fn(&mut Vec<(Vec<u8>, Vec<u8>)>) -> Option<u16> + Send + Sync;

/// A proxy without its workers.
pub struct Proxy {
    pub(super) kind: Kind,
    /// The environment that filters see.
    pub environment: BTreeMap<String, String>,
    /// The size of the zone for shared data, in bytes; `None` as Kong has it by default.
    pub zone: Option<usize>,
    /// What the route takes off the start of the path.
    pub strip_path: String,
    /// What Lua plugins do to the request's lines, before all filters; a status is a rejection.
    pub lua: Option<Box<LuaPlugin>>,
    /// The client's address.
    pub client: String,
    /// What a worker's `random()` starts from: its process id and the time, so to speak.
    pub random_seed: u64,
    /// Whether the work of filters is counted, and when that is, in milliseconds since 1970: the
    /// time stands still there, and all random numbers start from `random_seed`, so that the same
    /// requests are the same work.
    pub counted_at: Option<u64>,
    pub(super) shared: Mutex<SharedData>,
    pub(super) metrics: Mutex<Metrics>,
    pub(super) passed_ms: AtomicU64,
    pub(super) next_token: AtomicU32,
    /// How often the host wrote past the end of a header map's buffer.
    pub(super) overflows: AtomicU32,
}

impl Proxy {
    /// One with an empty environment and, for once, a zone.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            environment: BTreeMap::new(),
            zone: Some(10 * 1024 * 1024),
            strip_path: String::new(),
            lua: None,
            client: "127.0.0.1".to_owned(),
            random_seed: 1,
            counted_at: None,
            shared: Mutex::default(),
            metrics: Mutex::default(),
            passed_ms: AtomicU64::new(0),
            next_token: AtomicU32::new(1),
            overflows: AtomicU32::new(0),
        }
    }

    /// Lets time pass: the filters' clock goes on. Timers fire when a worker is told.
    pub fn pass(&self, millis: u64) {
        self.passed_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// The values of all metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, i64> {
        lock(&self.metrics).values()
    }

    /// How many keys the shared data has.
    pub fn shared_keys(&self) -> usize {
        lock(&self.shared).len()
    }

    /// Lets the next read of shared data see the end of another value: a write overtook it.
    pub fn tear_next_read(&self, with: &[u8]) {
        lock(&self.shared).torn_with = Some(with.to_vec());
    }

    /// How often the host wrote past the end of a header map's buffer.
    pub fn overflows(&self) -> u32 {
        self.overflows.load(Ordering::SeqCst)
    }

    pub(super) fn now_ns(&self) -> u64 {
        let start = self.counted_at.unwrap_or_else(clock::unix_millis);
        let millis = start.saturating_add(self.passed_ms.load(Ordering::SeqCst));
        millis.saturating_mul(1_000_000)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
