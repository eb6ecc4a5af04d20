//! [`World`]: the capabilities of a proxy, in memory.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::IpAddr,
};

use novasphere_core::{
    Attributes, Cas, Clock, Connection, Env, Hash, Host, MetricDefinition, MetricKind, Metrics,
    PendingQueues, Random, SharedData, SharedDataError, UnixTime, Verify, Written, testing,
};
use novasphere_host_facts::{envoy, kong, traefik};

use crate::ProxyKind;

/// The facts about the connection of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The time, in milliseconds since the epoch.
    pub millis: u64,
    /// The client's address, as the proxy determines it.
    pub client_address: Option<IpAddr>,
    /// The name of the route. `None` if it has none.
    pub route: Option<String>,
    /// The name of the upstream service.
    pub service: Option<String>,
}

/// A proxy with one worker.
#[derive(Debug)]
pub(super) struct World {
    proxy: ProxyKind,
    pub(super) facts: RefCell<Facts>,
    /// Whether requests may wait.
    pub(super) can_wait: Cell<bool>,
    /// The public keys whose signatures are accepted unchecked, as parts of their encoding.
    pub(super) accepted_keys: RefCell<Vec<Vec<u8>>>,
    /// Whether such a signature was accepted.
    pub(super) accepted_unchecked: Cell<bool>,
    shared: RefCell<testing::Values>,
    /// The attributes of the current request.
    pub(super) attributes: RefCell<BTreeMap<String, Vec<u8>>>,
    /// The metrics of the current request: text and value.
    pub(super) metrics: RefCell<Vec<(String, u32)>>,
    /// The log lines of the current request.
    pub(super) log: RefCell<Vec<String>>,
    random: Cell<u64>,
    filter: Cell<&'static str>,
    definitions: RefCell<Vec<MetricDefinition>>,
}

impl World {
    pub(super) fn new(proxy: ProxyKind) -> Self {
        let facts = Facts { millis: 0, client_address: None, route: None, service: None };
        Self {
            proxy,
            facts: RefCell::new(facts),
            can_wait: Cell::new(false),
            accepted_keys: RefCell::default(),
            accepted_unchecked: Cell::new(false),
            shared: RefCell::default(),
            attributes: RefCell::default(),
            metrics: RefCell::default(),
            log: RefCell::default(),
            random: Cell::new(0),
            filter: Cell::new(""),
            definitions: RefCell::default(),
        }
    }

    /// Starts a request.
    pub(super) fn start(&self, facts: Facts) {
        self.facts.replace(facts);
        self.can_wait.set(self.proxy == ProxyKind::Envoy);
        self.attributes.take();
        self.metrics.take();
        self.log.take();
    }

    /// The capabilities for a filter with these metrics.
    pub(super) fn env(&self, filter: &'static str, metrics: Vec<MetricDefinition>) -> Env<'_> {
        self.filter.set(filter);
        self.definitions.replace(metrics);
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

    fn passes_attributes(&self) -> bool {
        match self.proxy {
            ProxyKind::Envoy => envoy::PASSES_ATTRIBUTES,
            ProxyKind::Kong => kong::PASSES_ATTRIBUTES,
            ProxyKind::Traefik => traefik::PASSES_ATTRIBUTES,
        }
    }

    /// The text of a metric in Prometheus. Kong puts the name of the module first.
    pub(super) fn metric(&self, definition: &MetricDefinition, module: &str) -> String {
        let MetricDefinition { filter, labels, name, kind } = definition;
        let prefix = match self.proxy {
            ProxyKind::Kong => format!("pw_novasphere_{}_", module.replace('-', "_")),
            ProxyKind::Envoy | ProxyKind::Traefik => String::new(),
        };
        let total = if *kind == MetricKind::Counter { "_total" } else { "" };
        let labels = labels.split('.').filter_map(|label| label.split_once('='));
        let labels: String = labels.map(|(name, value)| format!(",{name}=\"{value}\"")).collect();
        format!("{prefix}novasphere_{name}{total}{{filter=\"{filter}\"{labels}}}")
    }

    fn count(&self, metric: String, value: u32) {
        let mut metrics = self.metrics.borrow_mut();
        match metrics.iter_mut().find(|(known, _)| *known == metric) {
            Some((_, sum)) => *sum = sum.saturating_add(value),
            None => metrics.push((metric, value)),
        }
    }
}

impl Host for World {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn variable_remedy(&self, _: &str) -> String {
        String::new()
    }

    fn passes_attributes(&self) -> bool {
        self.passes_attributes()
    }

    fn warn(&self, message: &str) {
        self.log.borrow_mut().push(message.to_owned());
    }

    fn inform(&self, message: &str) {
        self.log.borrow_mut().push(message.to_owned());
    }
}

impl Clock for World {
    fn now(&self) -> UnixTime {
        UnixTime { millis: self.facts.borrow().millis }
    }
}

impl Connection for World {
    fn client_address(&self) -> Option<IpAddr> {
        self.facts.borrow().client_address
    }

    fn service(&self) -> Option<Vec<u8>> {
        self.facts.borrow().service.clone().map(String::into_bytes)
    }

    fn route(&self) -> Option<Vec<u8>> {
        self.facts.borrow().route.clone().map(String::into_bytes)
    }
}

impl Random for World {
    /// Different at each call, the same in each run (SplitMix64).
    fn bytes(&self) -> [u8; 16] {
        let next = || {
            let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.random.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let mut bytes = [0; 16];
        let halves = [next(), next()].map(u64::to_le_bytes);
        bytes.iter_mut().zip(halves.into_iter().flatten()).for_each(|(to, from)| *to = from);
        bytes
    }
}

impl Metrics for World {
    fn add(&self, event: &'static str, times: u32) {
        let labels = format!("event={event}");
        let (filter, kind) = (self.filter.get(), MetricKind::Counter);
        let definition = MetricDefinition { filter, labels, name: "events", kind };
        self.count(self.metric(&definition, filter), times);
    }

    fn record(&self, index: usize, value: u32) {
        let definition = self.definitions.borrow().get(index).cloned();
        // The steps have the decisions.
        if let Some(definition) = definition.filter(|definition| definition.name != "decisions") {
            self.count(self.metric(&definition, self.filter.get()), value);
        }
    }
}

impl Attributes for World {
    fn set(&self, name: &str, value: &[u8]) {
        self.attributes.borrow_mut().insert(name.to_owned(), value.to_vec());
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.attributes.borrow().get(name).filter(|_| self.passes_attributes()).cloned()
    }
}

impl PendingQueues for World {
    fn has_capacity(&self, _: usize, max: usize) -> bool {
        self.can_wait.get() && max > 0
    }
}

impl Verify for World {
    /// Accepts the signatures of assumed keys. The filter checks all others itself.
    fn verify(&self, _: Hash, public_key: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        let accepted = self.accepted_keys.borrow();
        let is_in = |part: &Vec<u8>| public_key.windows(part.len()).any(|window| window == part);
        let is_accepted = accepted.iter().any(is_in);
        if is_accepted {
            self.accepted_unchecked.set(true);
        }
        is_accepted.then_some(true)
    }
}

impl SharedData for World {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.shared.borrow().get(key).map(|(value, cas)| (value.clone(), Cas(*cas))))
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        let mut shared = self.shared.borrow_mut();
        let current = shared.get(key).map(|(_, cas)| Cas(*cas));
        if current != seen {
            return Ok(Written::CasMismatch);
        }
        let next = current.map_or(1, |cas| cas.0.wrapping_add(1));
        shared.insert(key.to_vec(), (value.to_vec(), next));
        Ok(Written::Done)
    }
}
