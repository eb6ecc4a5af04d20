//! The capabilities that the host offers to a filter.

use std::{
    cell::RefCell,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use novasphere_core::{
    Attributes, Capability, Cas, Clock, Connection, Env, Hash, Host, Metrics, PendingQueues,
    Random, SharedData, SharedDataError, UnixTime, VERSION, Verify, Written, parse_source_address,
};
use novasphere_host_facts::traefik;

use crate::hostcalls::{self, Level};

/// The proxy that runs this module.
pub(crate) struct Proxy {
    /// The filter's name, for the log.
    pub(crate) filter: &'static str,
    /// Whether the host may have turned values of the configuration into text.
    pub(crate) values_are_text: bool,
    /// Whether to log warnings. Only the first instance does.
    pub(crate) logs_warnings: bool,
    /// The attributes of the current request, as `name=value`.
    pub(crate) attributes: RefCell<Vec<String>>,
}

impl Proxy {
    /// The capabilities for one request.
    pub(crate) fn env(&self) -> Env<'_> {
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

impl Host for Proxy {
    /// The host passes a listed variable that is not set as an empty text.
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn variable_remedy(&self, name: &str) -> String {
        traefik::variable_remedy(name)
    }

    fn passes_attributes(&self) -> bool {
        traefik::PASSES_ATTRIBUTES
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        Some(traefik::alternative(capability))
    }

    fn values_are_text(&self) -> bool {
        self.values_are_text
    }

    fn cache_bytes(&self) -> usize {
        traefik::CACHE_BYTES
    }

    fn max_body_bytes(&self) -> Option<usize> {
        Some(traefik::MAX_BODY_BYTES)
    }

    fn warn(&self, message: &str) {
        if self.logs_warnings {
            hostcalls::log(Level::Warn, self.filter, message);
        }
    }

    fn inform(&self, message: &str) {
        if self.logs_warnings {
            hostcalls::log(Level::Info, self.filter, message);
        }
    }

    fn log_at_load(&self, warnings: &[String], facts: &[String]) {
        self.inform(VERSION);
        warnings.iter().for_each(|message| self.warn(message));
        facts.iter().for_each(|message| self.inform(message));
    }
}

impl Clock for Proxy {
    fn now(&self) -> UnixTime {
        UnixTime { millis: hostcalls::now() / 1_000_000 }
    }
}

impl Connection for Proxy {
    fn client_address(&self) -> Option<IpAddr> {
        let mut address = Vec::new();
        hostcalls::source_addr(&mut address)?;
        parse_source_address(&address)
    }

    fn service(&self) -> Option<Vec<u8>> {
        None
    }

    fn route(&self) -> Option<Vec<u8>> {
        None
    }
}

impl Proxy {
    /// Logs the decision about the current request, because this host has no counters and no
    /// attributes. At INFO: the attributes of a request that passes because of `report_only`. At
    /// DEBUG: the reason for a rejection.
    pub(crate) fn log_decision(&self, rejected: Option<&'static str>) {
        let attributes = self.attributes.take().join(", ");
        match rejected {
            None if attributes.is_empty() => {}
            None => hostcalls::log(Level::Info, self.filter, attributes),
            Some(reason) => {
                let separator = if attributes.is_empty() { "" } else { ", " };
                let line = format_args!("rejected: {reason}{separator}{attributes}");
                hostcalls::log(Level::Debug, self.filter, line);
            }
        }
    }
}

impl Attributes for Proxy {
    fn set(&self, name: &str, value: &[u8]) {
        let line = format!("{name}={}", String::from_utf8_lossy(value));
        self.attributes.borrow_mut().push(line);
    }

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

impl Random for Proxy {
    /// The host's random numbers are the same in each run. Filters that need better ones do not run on
    /// this host.
    fn bytes(&self) -> [u8; 16] {
        let half = |n: u8| RandomState::new().hash_one(n).to_le_bytes();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(half(0).into_iter().chain(half(1))).for_each(|(b, r)| *b = r);
        bytes
    }
}

impl Metrics for Proxy {
    fn add(&self, _: &'static str, _: u32) {}

    fn record(&self, _: usize, _: u32) {}
}

/// Instances share nothing on this host.
const NO_SHARED_DATA: SharedDataError = SharedDataError::Host(0);

impl SharedData for Proxy {
    fn read(&self, _: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Err(NO_SHARED_DATA)
    }

    fn write(&self, _: &[u8], _: &[u8], _: Option<Cas>) -> Result<Written, SharedDataError> {
        Err(NO_SHARED_DATA)
    }
}

impl PendingQueues for Proxy {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}

impl Verify for Proxy {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}
