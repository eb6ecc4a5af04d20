//! The host as a filter sees it.

use std::{cell::Cell, net::IpAddr};

use novasphere_core::{
    Attributes, Cas, Clock, Connection, Hash, Host, Random, SharedData, SharedDataError, UnixTime,
    VERSION, Verify, Written, parse_source_address,
};

use crate::{
    dialect::{Dialect, RootDialect},
    hostcalls::{self, Status},
    load_record::LoadRecord,
};

/// The proxy, for one root context.
pub(crate) struct Proxy {
    filter: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) root: Box<dyn RootDialect>,
    time: Cell<Time>,
    load: LoadRecord,
    /// See [`Host::guesses_types`].
    guesses_types: bool,
}

/// The time that a filter sees.
#[derive(Clone, Copy, Default)]
enum Time {
    /// The host's time.
    #[default]
    Running,
    /// The same time during a call of the filter: that of the first question.
    Frozen(Option<UnixTime>),
}

impl Proxy {
    /// `guesses_types`: see [`Host::guesses_types`].
    pub(crate) fn new(
        dialect: Dialect,
        filter: &'static str,
        load: LoadRecord,
        guesses_types: bool,
    ) -> Self {
        let root = dialect.root(filter);
        Self { filter, dialect, root, time: Cell::default(), load, guesses_types }
    }

    /// Freezes the time before a call of the filter.
    pub(crate) fn freeze_time(&self) {
        self.time.set(Time::Frozen(None));
    }

    /// Releases the time after a call of the filter.
    pub(crate) fn release_time(&self) {
        self.time.set(Time::Running);
    }
}

impl Host for Proxy {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn variable_remedy(&self, name: &str) -> String {
        self.dialect.variable_remedy(name)
    }

    fn passes_attributes(&self) -> bool {
        self.dialect.traits().passes_attributes
    }

    fn single_line_headers(&self) -> &'static [&'static str] {
        self.dialect.traits().single_line_headers
    }

    fn unremovable_headers(&self) -> &'static [&'static str] {
        self.dialect.traits().unremovable_headers
    }

    fn guesses_types(&self) -> bool {
        self.guesses_types
    }

    fn warn(&self, message: &str) {
        log::warn!(target: self.filter, "{message}");
    }

    fn inform(&self, message: &str) {
        log::info!(target: self.filter, "{message}");
    }

    fn log_at_load(&self, warnings: &[String], facts: &[String]) {
        if !self.dialect.traits().shares_data_at_load || self.load.is_first(self, self.now()) {
            self.inform(VERSION);
            warnings.iter().for_each(|message| self.warn(message));
            facts.iter().for_each(|message| self.inform(message));
        }
    }
}

impl Clock for Proxy {
    fn now(&self) -> UnixTime {
        if let Time::Frozen(Some(now)) = self.time.get() {
            return now;
        }
        let now = UnixTime { millis: hostcalls::now() / 1_000_000 };
        if matches!(self.time.get(), Time::Frozen(None)) {
            self.time.set(Time::Frozen(Some(now)));
        }
        now
    }
}

impl Random for Proxy {
    fn bytes(&self) -> [u8; 16] {
        self.root.random_bytes()
    }
}

impl Connection for Proxy {
    fn client_address(&self) -> Option<IpAddr> {
        parse_source_address(&hostcalls::property(b"source\0address").ok()?)
    }

    fn service(&self) -> Option<Vec<u8>> {
        name(self.dialect.traits().service)
    }

    fn route(&self) -> Option<Vec<u8>> {
        name(self.dialect.traits().route)
    }
}

/// A property that is a name. `None` if it is empty.
fn name(property: &[u8]) -> Option<Vec<u8>> {
    hostcalls::property(property).ok().filter(|name| !name.is_empty())
}

impl Attributes for Proxy {
    /// Envoy stores the attribute as the filter state `wasm.<name>`. Other hosts refuse the call,
    /// and no decision depends on it.
    fn set(&self, name: &str, value: &[u8]) {
        let _ = hostcalls::set_property(name.as_bytes(), value);
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        hostcalls::property(format!("filter_state\0wasm.{name}").as_bytes()).ok()
    }
}

impl SharedData for Proxy {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        match self.root.shared_data(key) {
            Ok((value, cas)) => Ok(Some((value, Cas(cas)))),
            Err(Status::NOT_FOUND) => Ok(None),
            Err(Status(status)) => Err(SharedDataError::Host(status)),
        }
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        let cas = seen.map_or(self.dialect.traits().create_cas, |seen| seen.0);
        match hostcalls::set_shared_data(key, value, cas) {
            Ok(()) => Ok(Written::Done),
            Err(Status::CAS_MISMATCH) => Ok(Written::CasMismatch),
            Err(Status(status)) => Err(SharedDataError::Host(status)),
        }
    }
}

impl Verify for Proxy {
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        self.dialect.verify(hash, public_key, signature, message)
    }
}
