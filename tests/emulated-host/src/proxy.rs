//! A proxy: its settings, and the state that its workers share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use novasphere_harness::clock;

use crate::{Guest, calls::metrics::Metrics, calls::shared_data::SharedData};

/// The emulated host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A lenient host like Envoy.
    Envoy,
    /// nginx with ngx_wasm_module, in Kong.
    Nginx,
}

/// A filter's module.
#[derive(Clone)]
pub enum Filter {
    /// `dist/kong/novasphere_<name>.wasm`, with `_` for `-`.
    Wasm(String),
    /// A filter in Rust that makes raw host calls: its name and its constructor.
    Native(String, Arc<dyn Fn() -> Box<dyn Guest> + Send + Sync>),
}

impl Filter {
    /// Returns one of the project's filters.
    pub fn wasm(name: &str) -> Self {
        Self::Wasm(name.to_owned())
    }

    /// Returns a filter in Rust whose instances `make` creates.
    pub fn native<G: Guest + 'static>(
        name: &str,
        make: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        Self::Native(name.to_owned(), Arc::new(move || Box::new(make())))
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Filter::Wasm(name) => format!("novasphere_{}", name.replace('-', "_")),
            Filter::Native(name, _) => name.clone(),
        }
    }
}

/// A filter and its configuration in a chain.
#[derive(Clone)]
pub struct Plugin {
    /// The module.
    pub filter: Filter,
    /// The configuration as text.
    pub config: String,
}

impl Plugin {
    /// Returns one of the project's filters with a configuration.
    pub fn wasm(name: &str, config: impl Into<String>) -> Self {
        Self { filter: Filter::wasm(name), config: config.into() }
    }

    /// Returns a filter in Rust without a configuration.
    pub fn native<G: Guest + 'static>(
        name: &str,
        make: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        Self { filter: Filter::native(name, make), config: String::new() }
    }
}

/// An HTTP callout of a filter.
#[derive(Clone, Debug)]
pub struct Callout {
    /// The destination as the filter named it.
    pub upstream: String,
    /// The header lines, pseudo-headers included.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    pub(crate) token: u32,
    pub(crate) context: u32,
    pub(crate) module: String,
}

/// The response to a callout.
#[derive(Clone, Debug, Default)]
pub struct CalloutResponse {
    /// The status.
    pub status: u16,
    /// Header lines.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

type LuaPlugin = dyn Fn(&mut Vec<(Vec<u8>, Vec<u8>)>) -> Option<u16> + Send + Sync;

/// The settings and shared state of a proxy.
pub struct Proxy {
    pub(crate) kind: Kind,
    /// The environment that filters see.
    pub environment: BTreeMap<String, String>,
    /// The size of the shared-data zone in bytes. `None` is Kong's default.
    pub zone: Option<usize>,
    /// The path prefix that the route strips.
    pub strip_path: String,
    /// Runs before all filters and may change the request's lines. A status rejects the request.
    pub lua: Option<Box<LuaPlugin>>,
    /// The client's address.
    pub client: String,
    /// The seed of `random()` in each worker.
    pub random_seed: u64,
    /// Counts the filters' work, with the clock stopped at this time in milliseconds since 1970. All
    /// random numbers then derive from `random_seed`, so that equal requests cause equal work.
    pub counted_at: Option<u64>,
    /// Stops the clock at this time in milliseconds since 1970. Only [`Proxy::pass`] and
    /// [`Proxy::set_back`] move it.
    pub stopped_at: Option<u64>,
    pub(crate) shared: Mutex<SharedData>,
    pub(crate) metrics: Mutex<Metrics>,
    pub(crate) passed_ms: AtomicI64,
    pub(crate) next_token: AtomicU32,
    /// The number of writes past the end of a header map's buffer.
    pub(crate) overflows: AtomicU32,
}

impl Proxy {
    /// Returns a proxy with an empty environment and a zone of 10 MiB.
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
            stopped_at: None,
            shared: Mutex::default(),
            metrics: Mutex::default(),
            passed_ms: AtomicI64::new(0),
            next_token: AtomicU32::new(1),
            overflows: AtomicU32::new(0),
        }
    }

    /// Advances the filters' clock. Timers fire on [`Worker::tick`](crate::Worker::tick).
    pub fn pass(&self, millis: u64) {
        self.passed_ms.fetch_add(millis.cast_signed(), Ordering::SeqCst);
    }

    /// Sets the filters' clock back.
    pub fn set_back(&self, millis: u64) {
        self.passed_ms.fetch_sub(millis.cast_signed(), Ordering::SeqCst);
    }

    /// Returns the values of all metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, i64> {
        lock(&self.metrics).values()
    }

    /// Returns the number of keys in the shared data.
    pub fn shared_keys(&self) -> usize {
        lock(&self.shared).len()
    }

    /// Makes the next read of shared data return the end of another value, as if a write overtook it.
    pub fn tear_next_read(&self, with: &[u8]) {
        lock(&self.shared).torn_with = Some(with.to_vec());
    }

    /// Sets the bytes of the most recently used value to zero, except for the first `bytes`, as if a
    /// worker had been killed while it wrote the value into new memory.
    pub fn cut_last_value(&self, bytes: usize) {
        lock(&self.shared).cut_last_value(bytes);
    }

    /// Returns the number of writes past the end of a header map's buffer.
    pub fn overflows(&self) -> u32 {
        self.overflows.load(Ordering::SeqCst)
    }

    pub(crate) fn now_ns(&self) -> u64 {
        let start = self.counted_at.or(self.stopped_at).unwrap_or_else(clock::unix_millis);
        let millis = start.saturating_add_signed(self.passed_ms.load(Ordering::SeqCst));
        millis.saturating_mul(1_000_000)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
