//! What a policy may ask of its host.

use std::{fmt, net::IpAddr};

use crate::Answer;

/// Facts about the host, and a way to the operator.
pub trait Host {
    /// A variable of the proxy's environment; `None` when the host does not pass it on.
    fn variable(&self, name: &str) -> Option<String>;

    /// How to pass a variable on to a filter on this host, for error messages.
    fn variable_remedy(&self, name: &str) -> String;

    /// Whether [`Attributes`] reach later filters: what is told there can be believed, what stands
    /// in a header may come from the client.
    fn passes_attributes(&self) -> bool;

    /// What to do instead where the host lacks something, for error messages; `None` where it does
    /// not. What cannot be right on a host is refused there, not left undone.
    fn lacks(&self, _: Capability) -> Option<&'static str> {
        None
    }

    /// Whether configurations come with their numbers and booleans, and what is empty, written as
    /// text.
    fn values_are_text(&self) -> bool {
        false
    }

    /// How many bytes a filter may keep in one worker to be faster the next time.
    fn cache_bytes(&self) -> usize {
        8 * 1024 * 1024
    }

    /// Whether a filter before this one takes away what clients send under the names of identity
    /// headers. Nobody knows, unless it is a chain.
    fn clears_identity_headers(&self) -> bool {
        false
    }

    /// Tells the operator something that is not a fault. Never contains a secret.
    fn warn(&self, message: &str);
}

/// What not every host can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Carry out a [`Fetch`](crate::Fetch) or a [`Call`](crate::Call).
    Fetch,
    /// Edit the head of a response.
    Response,
    /// Show [`Attributes`] to later filters or the access log.
    Attribute,
}

/// The ports a policy uses while it handles a request.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The host, for warnings.
    pub host: &'a dyn Host,
    /// The wall clock. It stands still while a policy is called, so that all filters of a chain and
    /// all their answers are of one time, which is asked of the host once.
    pub clock: &'a dyn Clock,
    /// Counters shared by all workers of one proxy.
    pub store: &'a dyn Store,
    /// Facts about the connection and the route.
    pub connection: &'a dyn Connection,
    /// Numbers an attacker cannot guess.
    pub random: &'a dyn Random,
    /// Counters for the operator.
    pub metrics: &'a dyn Metrics,
    /// Whether requests may be held.
    pub waiting: &'a dyn Waiting,
    /// Facts for later filters and the access log.
    pub attributes: &'a dyn Attributes,
    /// The host's own cryptography.
    pub verify: &'a dyn Verify,
    /// What came of the call that the policy made for this request.
    pub answer: Option<Answer<'a>>,
}

/// Public-key signatures checked by the host, many times faster than a filter can.
pub trait Verify {
    /// Whether `signature` is one of `message`, hashed with `hash`, under a public key given as DER
    /// SubjectPublicKeyInfo: an RSA key (RSASSA-PKCS1-v1_5) or an EC key (ECDSA, the signature as
    /// DER Ecdsa-Sig-Value). `None` when the host cannot tell.
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

/// Room for requests that wait.
pub trait Waiting {
    /// Whether the request may be held in that queue, which is for so many at most: the host can,
    /// there is room, and the request's time is not over.
    fn has_room(&self, queue: usize, most: usize) -> bool;
}

/// A source of randomness, good enough to key a hash.
pub trait Random {
    /// 16 bytes, different at every call.
    fn bytes(&self) -> [u8; 16];
}

/// Counters for the operator.
pub trait Metrics {
    /// Counts one of the policy's `EVENTS`, so many times. What is not among them is not counted.
    fn add(&self, event: &'static str, times: u32);

    /// Records a value of one of the policy's own metrics, by its place among them.
    fn record(&self, own: usize, value: u32);

    /// Counts one event once.
    fn count(&self, event: &'static str) {
        self.add(event, 1);
    }
}

/// Facts about a request, for later filters and the access log.
pub trait Attributes {
    /// Tells one. Does nothing on a host that has no place for it: no decision may hang on it.
    fn set(&self, name: &str, value: &[u8]);

    /// What an earlier filter told; `None` when none did, and on a host without such a place.
    fn get(&self, name: &str) -> Option<Vec<u8>>;
}

/// The wall clock.
pub trait Clock {
    /// The time now.
    fn now(&self) -> UnixTime;
}

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (RFC 7519 section 2,
/// NumericDate, in finer units).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime {
    /// Milliseconds since the epoch.
    pub millis: u64,
}

impl UnixTime {
    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> u64 {
        self.millis / 1000
    }
}

/// Facts about where a request comes from and where it goes, read only when asked for.
pub trait Connection {
    /// The client's address as the host determined it, which may be the last `X-Forwarded-For`
    /// entry: what is trusted there is the host's configuration.
    fn client_address(&self) -> Option<IpAddr>;

    /// The name of the upstream service the request is routed to.
    fn service(&self) -> Option<Vec<u8>>;

    /// The name of the route the request took; `None` when it has none.
    fn route(&self) -> Option<Vec<u8>>;
}

/// A map shared by all workers of one proxy, with compare-and-swap.
///
/// There is no delete, so keys must come from a bounded set: a fixed prefix plus 4 index bytes.
pub trait Store {
    /// The value of `key` and the version to write it with.
    ///
    /// # Errors
    /// When the host has no such store or fails.
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError>;

    /// Writes `value` if `key` is still at version `seen`; with `None`, if it is still missing.
    ///
    /// # Errors
    /// When the host has no such store or fails. A lost race is not an error.
    fn write(&self, key: &[u8], value: &[u8], seen: Option<Version>)
    -> Result<Written, StoreError>;
}

/// The version of a stored value, as the host counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The value is stored.
    Done,
    /// Another worker was faster: nothing was written.
    Raced,
}

/// What an update closure did to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The value is to be written.
    Write,
    /// Nothing is to be written.
    Keep,
}

/// Why a shared value could not be updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The host refused, with its status code.
    Host(u32),
    /// Other workers won every one of the bounded tries.
    Contended,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Host(status) => write!(f, "the proxy's shared data answered {status}"),
            StoreError::Contended => write!(f, "the shared value was contended"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Tries of one [`Store::update`]. Every lost try means that another worker succeeded, so with a
/// few workers even ten are never used up; the bound is there so that a broken host ends the loop.
const UPDATE_TRIES: usize = 100;

impl dyn Store + '_ {
    /// Updates the value of `key`: `change` sees the value (empty when the key is missing), edits
    /// it and says whether to write. On a lost race it is run again, whole, on the new value.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written then.
    pub fn update<T>(
        &self,
        key: &[u8],
        mut change: impl FnMut(&mut Vec<u8>) -> (Change, T),
    ) -> Result<T, StoreError> {
        for _ in 0..UPDATE_TRIES {
            let (mut value, seen) = match self.read(key)? {
                Some((value, version)) => (value, Some(version)),
                None => (Vec::new(), None),
            };
            let (what, result) = change(&mut value);
            if what == Change::Keep || self.write(key, &value, seen)? == Written::Done {
                return Ok(result);
            }
        }
        Err(StoreError::Contended)
    }
}
