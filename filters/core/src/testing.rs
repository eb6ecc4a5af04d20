//! [`TestHost`]: a host for tests. The test sets its time, data and failures.

mod visible_headers;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv4Addr},
};

pub use self::visible_headers::visible_headers;
use crate::{
    Attributes, Capability, Cas, Clock, Connection, Env, Hash, Host, Metrics, PendingQueues,
    Random, SharedData, SharedDataError, UnixTime, Verify, Written,
};

/// Shared values and their CAS tokens.
pub type Values = HashMap<Vec<u8>, (Vec<u8>, u32)>;

/// A worker of a proxy.
///
/// ```
/// use novasphere_core::testing::TestHost;
/// let host = TestHost::at(1_700_000_000);
/// host.advance(60);
/// assert_eq!(host.env().clock.now().seconds(), 1_700_000_060);
/// ```
#[derive(Debug)]
pub struct TestHost {
    /// The proxy's environment.
    pub variables: BTreeMap<String, String>,
    /// The warnings of the filters.
    pub warnings: RefCell<Vec<String>>,
    /// The time, in milliseconds since the epoch.
    pub millis: Cell<u64>,
    /// The client's address.
    pub address: Cell<Option<IpAddr>>,
    /// The number of upcoming writes of shared data that fail with a CAS mismatch.
    pub cas_mismatches: Cell<u32>,
    /// Whether reads of shared data fail.
    pub shared_data_fails: Cell<bool>,
    /// The counted events.
    pub events: RefCell<Vec<&'static str>>,
    /// The shared values and their CAS tokens.
    pub shared_values: RefCell<Values>,
    /// The number of calls for random bytes.
    pub random_calls: Cell<u8>,
    /// Whether requests can be paused.
    pub can_pause: Cell<bool>,
    /// The recorded values of the filter's metric definitions, by index.
    pub records: RefCell<Vec<(usize, u32)>>,
    /// The name of the route.
    pub route: RefCell<Option<Vec<u8>>>,
    /// Whether attributes reach later filters.
    pub passes_attributes: Cell<bool>,
    /// The facts that filters logged.
    pub facts: RefCell<Vec<String>>,
    /// The attributes that filters set.
    pub attributes: RefCell<BTreeMap<String, Vec<u8>>>,
    /// The host's signature verification. Without it, filters verify signatures themselves.
    pub verify: Option<VerifyFn>,
    /// The capabilities that the host lacks.
    pub unsupported: Vec<Capability>,
    /// The request headers that the host keeps to a single line.
    pub single_line_headers: &'static [&'static str],
    /// The request headers that a filter cannot remove.
    pub unremovable_headers: &'static [&'static str],
    /// Whether the host passes values of a configuration as text.
    pub values_are_text: bool,
    /// Whether the host guesses the types of values from plain YAML.
    pub guesses_types: bool,
    /// Whether the worker's timer runs without requests.
    pub has_timer: bool,
    /// The maximum size of the body of a local response.
    pub max_body_bytes: Option<usize>,
}

/// [`Verify::verify`] as a function.
pub type VerifyFn = fn(Hash, &[u8], &[u8], &[u8]) -> Option<bool>;

impl Default for TestHost {
    /// At the epoch, without shared data and variables, and with a client on the loopback address.
    fn default() -> Self {
        Self {
            variables: BTreeMap::new(),
            warnings: RefCell::default(),
            millis: Cell::new(0),
            address: Cell::new(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            cas_mismatches: Cell::new(0),
            shared_data_fails: Cell::new(false),
            events: RefCell::default(),
            records: RefCell::default(),
            route: RefCell::default(),
            passes_attributes: Cell::new(true),
            shared_values: RefCell::default(),
            random_calls: Cell::new(0),
            can_pause: Cell::new(false),
            facts: RefCell::default(),
            attributes: RefCell::default(),
            verify: None,
            unsupported: Vec::new(),
            single_line_headers: &[],
            unremovable_headers: &[],
            values_are_text: false,
            guesses_types: false,
            has_timer: true,
            max_body_bytes: None,
        }
    }
}

impl TestHost {
    /// A host whose time is `seconds` since the epoch.
    pub fn at(seconds: u64) -> Self {
        let host = Self::default();
        host.millis.set(seconds.saturating_mul(1000));
        host
    }

    /// Advances the time by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.millis.set(self.millis.get().saturating_add(seconds.saturating_mul(1000)));
    }

    /// The capabilities of the host.
    pub fn env(&self) -> Env<'_> {
        Env {
            host: self,
            clock: self,
            shared_data: self,
            connection: self,
            random: self,
            metrics: self,
            pending: self,
            attributes: self,
            verify: self,
            callout: None,
            ticket: None,
        }
    }
}

impl Host for TestHost {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn variable_remedy(&self, name: &str) -> String {
        format!("set {name} in the proxy's environment and pass it on to the filter")
    }

    fn passes_attributes(&self) -> bool {
        self.passes_attributes.get()
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        self.unsupported.contains(&capability).then_some("do it elsewhere")
    }

    fn single_line_headers(&self) -> &'static [&'static str] {
        self.single_line_headers
    }

    fn unremovable_headers(&self) -> &'static [&'static str] {
        self.unremovable_headers
    }

    fn values_are_text(&self) -> bool {
        self.values_are_text
    }

    fn guesses_types(&self) -> bool {
        self.guesses_types
    }

    fn workers_have_timers(&self) -> bool {
        self.has_timer
    }

    fn max_body_bytes(&self) -> Option<usize> {
        self.max_body_bytes
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }

    fn inform(&self, message: &str) {
        self.facts.borrow_mut().push(message.to_owned());
    }
}

impl Clock for TestHost {
    fn now(&self) -> UnixTime {
        UnixTime { millis: self.millis.get() }
    }
}

impl Connection for TestHost {
    fn client_address(&self) -> Option<IpAddr> {
        self.address.get()
    }

    fn service(&self) -> Option<Vec<u8>> {
        Some(b"novasphere-api".to_vec())
    }

    fn route(&self) -> Option<Vec<u8>> {
        self.route.borrow().clone()
    }
}

impl Random for TestHost {
    /// Different at each call, the same in each run.
    fn bytes(&self) -> [u8; 16] {
        self.random_calls.set(self.random_calls.get().wrapping_add(1));
        [self.random_calls.get(); 16]
    }
}

impl Metrics for TestHost {
    fn add(&self, event: &'static str, times: u32) {
        self.events.borrow_mut().extend((0..times).map(|_| event));
    }

    fn record(&self, index: usize, value: u32) {
        self.records.borrow_mut().push((index, value));
    }
}

impl Attributes for TestHost {
    fn set(&self, name: &str, value: &[u8]) {
        self.attributes.borrow_mut().insert(name.to_owned(), value.to_vec());
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.attributes.borrow().get(name).cloned()
    }
}

impl PendingQueues for TestHost {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        self.can_pause.get()
    }
}

impl Verify for TestHost {
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        self.verify.and_then(|verify| verify(hash, public_key, signature, message))
    }
}

impl SharedData for TestHost {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        if self.shared_data_fails.get() {
            return Err(SharedDataError::Host(6));
        }
        Ok(self.shared_values.borrow().get(key).map(|(value, cas)| (value.clone(), Cas(*cas))))
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        if self.cas_mismatches.get() > 0 {
            self.cas_mismatches.set(self.cas_mismatches.get().saturating_sub(1));
            return Ok(Written::CasMismatch);
        }
        let mut values = self.shared_values.borrow_mut();
        let current = values.get(key).map(|(_, cas)| Cas(*cas));
        if current != seen {
            return Ok(Written::CasMismatch);
        }
        let next = current.map_or(1, |cas| cas.0.wrapping_add(1));
        values.insert(key.to_vec(), (value.to_vec(), next));
        Ok(Written::Done)
    }
}
