//! The host as a filter sees it while it is built and while it runs.

use novasphere_core::{Capability, Host, VERSION};
use novasphere_host_facts::envoy_module as host_facts;

use crate::host::{self, Level};

/// Envoy, as one of its threads sees it.
#[derive(Clone, Copy)]
pub(crate) struct Envoy {
    filter: &'static str,
    is_main: bool,
}

impl Envoy {
    /// The main thread, which builds filters and fetches for all workers.
    pub(crate) fn main(filter: &'static str) -> Self {
        Self { filter, is_main: true }
    }

    /// A worker.
    pub(crate) fn worker(filter: &'static str) -> Self {
        Self { filter, is_main: false }
    }
}

impl Host for Envoy {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn variable_remedy(&self, name: &str) -> String {
        host_facts::variable_remedy(name)
    }

    fn passes_attributes(&self) -> bool {
        host_facts::PASSES_ATTRIBUTES
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        match capability {
            Capability::Fetch if !host::sends_requests() => Some(host_facts::NO_FETCH_IN_1_37),
            _ => None,
        }
    }

    fn starts_fetches(&self) -> bool {
        self.is_main
    }

    /// Envoy has no timers for modules, so a worker's work waits for its next request.
    fn workers_have_timers(&self) -> bool {
        false
    }

    fn warn(&self, message: &str) {
        host::log(Level::Warn, self.filter, message);
    }

    fn inform(&self, message: &str) {
        host::log(Level::Info, self.filter, message);
    }

    fn log_at_load(&self, warnings: &[String], facts: &[String]) {
        self.inform(VERSION);
        warnings.iter().for_each(|message| self.warn(message));
        facts.iter().for_each(|message| self.inform(message));
    }
}
