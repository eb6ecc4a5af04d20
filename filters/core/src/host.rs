//! The capabilities of a host.

use std::{any::Any, net::IpAddr, rc::Rc};

use crate::{CalloutResult, SharedData};

/// The host as a filter sees it while it is built: facts, and a log.
pub trait Host {
    /// The value of a variable in the proxy's environment. `None` if the host does not pass it on.
    fn variable(&self, name: &str) -> Option<String>;

    /// How to pass a variable on to a filter on this host, for error messages.
    fn variable_remedy(&self, name: &str) -> String;

    /// Whether [`Attributes`] reach later filters. Attributes are trusted; headers may come from
    /// the client.
    fn passes_attributes(&self) -> bool;

    /// The alternative to a capability this host lacks, for error messages. `None` if the host has
    /// the capability. A filter that needs a missing capability is rejected.
    fn unsupported(&self, _: Capability) -> Option<&'static str> {
        None
    }

    /// Request headers in lower case that the host keeps to a single line and whose value is not a
    /// list, so that no filter can add a value to the client's.
    fn single_line_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Request headers in lower case that a filter can set but not remove. The host sets them for
    /// its upstreams itself.
    fn unremovable_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether this worker starts fetches. On a host where one thread fetches for all, the workers
    /// must leave due fetches to it.
    fn starts_fetches(&self) -> bool {
        true
    }

    /// Whether each worker calls [`on_timer`](crate::Filter::on_timer) in time, also while it gets no
    /// requests. Without it, a worker must not hold anything that other workers need.
    fn workers_have_timers(&self) -> bool {
        true
    }

    /// Whether the host passes numbers, booleans and empty values of a configuration as text.
    fn values_are_text(&self) -> bool {
        false
    }

    /// Whether the host guessed the types of a configuration's values from plain YAML: it passes
    /// fractions as text, and words such as `no` and `on` as booleans.
    fn guesses_types(&self) -> bool {
        false
    }

    /// Maximum size of a filter's caches in one worker, in bytes.
    fn cache_bytes(&self) -> usize {
        8 * 1024 * 1024
    }

    /// Maximum size of the body of a local response, in bytes. `None` if the host has no limit.
    fn max_body_bytes(&self) -> Option<usize> {
        None
    }

    /// Logs a warning. It must not contain a secret.
    fn warn(&self, message: &str);

    /// Logs a fact that needs no action. It must not contain a secret.
    fn inform(&self, message: &str);

    /// Logs the warnings and the facts about a configuration that is being loaded, also if there are
    /// none: hosts may log the filter's [`VERSION`]. A host whose workers share data logs them once,
    /// not once for each worker.
    fn log_at_load(&self, warnings: &[String], facts: &[String]) {
        warnings.iter().for_each(|message| self.warn(message));
        facts.iter().for_each(|message| self.inform(message));
    }
}

/// The version of the filters, as they log it at load: `version 0.1.0`. The build of a release sets
/// `NOVASPHERE_VERSION`, which also names the commit: `version 0.1.0, commit 1a2b3c…`.
pub const VERSION: &str = match option_env!("NOVASPHERE_VERSION") {
    Some(version) => version,
    None => concat!("version ", env!("CARGO_PKG_VERSION")),
};

/// A capability that some hosts lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Carry out a [`Fetch`](crate::Fetch) or a [`Callout`](crate::Callout).
    Fetch,
    /// Mutate the head of a response.
    Response,
    /// Show [`Attributes`] to later filters or in the access log.
    Attribute,
    /// Name the route of a request.
    Route,
}

/// The capabilities a filter uses while it handles a request.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The host, for warnings.
    pub host: &'a dyn Host,
    /// The wall clock. It does not advance during a call of the filter: all filters of a chain see
    /// the same time, and the adapter reads the host's clock once.
    pub clock: &'a dyn Clock,
    /// Values shared by all workers of one proxy.
    pub shared_data: &'a dyn SharedData,
    /// Facts about the connection and the route.
    pub connection: &'a dyn Connection,
    /// Unpredictable numbers.
    pub random: &'a dyn Random,
    /// Counters for the operator.
    pub metrics: &'a dyn Metrics,
    /// Queues of paused requests.
    pub pending: &'a dyn PendingQueues,
    /// Facts for later filters and the access log.
    pub attributes: &'a dyn Attributes,
    /// Signature verification by the host.
    pub verify: &'a dyn Verify,
    /// The result of the callout that the filter requested for this request.
    pub callout: Option<CalloutResult<'a>>,
    /// The ticket of the request's last pause. `None` for a request that did not pause.
    pub ticket: Option<&'a Rc<dyn Any>>,
}

/// Signature verification by the host, many times faster than in a filter.
pub trait Verify {
    /// Verifies `signature` over `message`, hashed with `hash`. `public_key` is a DER
    /// SubjectPublicKeyInfo with an RSA key (RSASSA-PKCS1-v1_5) or an EC key (ECDSA with a DER
    /// Ecdsa-Sig-Value). `None` if the host cannot verify it.
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool>;
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Queues of paused requests.
pub trait PendingQueues {
    /// Whether the request may pause in `queue`, which holds up to `max` requests: the host can
    /// pause it, the queue has capacity, and the request's time limit has not passed.
    fn has_capacity(&self, queue: usize, max: usize) -> bool;
}

/// Random numbers that are good enough to key a hash.
pub trait Random {
    /// 16 bytes, different at each call.
    fn bytes(&self) -> [u8; 16];
}

/// Counters for the operator.
pub trait Metrics {
    /// Adds `times` to one of the filter's `EVENTS`. Ignores other names.
    fn add(&self, event: &'static str, times: u32);

    /// Records a value of the filter's metric definition with this index.
    fn record(&self, index: usize, value: u32);

    /// Counts one event once.
    fn count(&self, event: &'static str) {
        self.add(event, 1);
    }
}

/// Facts about a request, for later filters and the access log.
pub trait Attributes {
    /// Sets an attribute. A no-op on a host without attributes, so no decision may depend on it.
    fn set(&self, name: &str, value: &[u8]);

    /// Sets an attribute for the later filters of the same chain only, without a host call. A no-op
    /// outside a chain.
    fn set_in_chain(&self, _name: &str, _value: &[u8]) {}

    /// The value that an earlier filter set. `None` if none did, or the host has no attributes.
    fn get(&self, name: &str) -> Option<Vec<u8>>;
}

/// The wall clock.
pub trait Clock {
    /// The current time.
    fn now(&self) -> UnixTime;
}

/// Milliseconds since 1970-01-01T00:00:00Z without leap seconds (NumericDate of RFC 7519 section 2,
/// in milliseconds).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime {
    /// Milliseconds since the epoch.
    pub millis: u64,
}

impl UnixTime {
    /// Whole seconds since the epoch, rounded down.
    ///
    /// ```
    /// use novasphere_core::UnixTime;
    /// assert_eq!(UnixTime { millis: 1_999 }.seconds(), 1);
    /// ```
    pub const fn seconds(self) -> u64 {
        self.millis / 1000
    }
}

/// The time limit of a request that waits. If the wall clock is set back to before the start of the
/// wait, the whole time limit starts again, so that one step back at most doubles the wait.
///
/// ```
/// use novasphere_core::{TimeLimit, UnixTime};
/// let at = |millis| UnixTime { millis };
/// let mut limit = TimeLimit::new(at(9_000), at(10_000));
/// assert!(!limit.is_over(at(9_999)) && limit.is_over(at(10_000)));
/// assert!(!limit.is_over(at(2_000)), "the clock was set back");
/// assert!(limit.is_over(at(3_000)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit {
    since: UnixTime,
    until: UnixTime,
}

impl TimeLimit {
    /// The limit `until` of a wait that starts now.
    pub const fn new(now: UnixTime, until: UnixTime) -> Self {
        Self { since: now, until }
    }

    /// Whether the limit has passed.
    pub fn is_over(&mut self, now: UnixTime) -> bool {
        if now < self.since {
            let millis = now.millis.saturating_add(self.left_ms(self.since));
            *self = Self::new(now, UnixTime { millis });
        }
        self.until <= now
    }

    /// The time that is left, in milliseconds.
    pub const fn left_ms(&self, now: UnixTime) -> u64 {
        self.until.millis.saturating_sub(now.millis)
    }
}

/// Facts about the connection and the route, read on demand.
pub trait Connection {
    /// The client address as the host determined it. It may be the last `X-Forwarded-For` entry,
    /// depending on the trusted proxies in the host's configuration.
    fn client_address(&self) -> Option<IpAddr>;

    /// The name of the upstream service of the request's route.
    fn service(&self) -> Option<Vec<u8>>;

    /// The name of the request's route. `None` if it has no name.
    fn route(&self) -> Option<Vec<u8>>;
}
