//! The ports of a policy without a proxy.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv4Addr},
};

use novasphere_core::{Connection, Host, Metrics, Random, Store, StoreError, Version, Written};

/// A host with the variables of a case's environment.
pub(super) struct Variables<'a>(pub(super) &'a BTreeMap<String, String>);

impl Host for Variables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn variable_remedy(&self, name: &str) -> String {
        format!("set {name} in the proxy's environment and pass it on to the filter")
    }

    fn warn(&self, _: &str) {}
}

/// A store in memory, with versions.
#[derive(Default)]
pub(super) struct Memory {
    values: RefCell<HashMap<Vec<u8>, Stored>>,
}

/// A value and its version.
type Stored = (Vec<u8>, u32);

impl Store for Memory {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let values = self.values.borrow();
        Ok(values.get(key).map(|(value, version)| (value.clone(), Version(*version))))
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Version>,
    ) -> Result<Written, StoreError> {
        let mut values = self.values.borrow_mut();
        let current = values.get(key).map(|(_, version)| Version(*version));
        if current != seen {
            return Ok(Written::Raced);
        }
        let next = current.map_or(1, |version| version.0.wrapping_add(1));
        values.insert(key.to_vec(), (value.to_vec(), next));
        Ok(Written::Done)
    }
}

/// The connection of every exchange.
pub(super) struct Loopback;

impl Connection for Loopback {
    fn client_address(&self) -> Option<IpAddr> {
        Some(Ipv4Addr::LOCALHOST.into())
    }

    fn service(&self) -> Option<Vec<u8>> {
        Some(b"novasphere-api".to_vec())
    }
}

/// The standard library's randomness.
pub(super) struct Unguessable;

impl Random for Unguessable {
    fn bytes(&self) -> [u8; 16] {
        let half = |n: u8| u128::from(RandomState::new().hash_one(n));
        ((half(0) << 64) | half(1)).to_le_bytes()
    }
}

/// The events a policy counts, all of which it must have declared.
pub(super) struct Declared {
    events: &'static [&'static str],
    others: RefCell<Vec<&'static str>>,
}

impl Declared {
    pub(super) fn new(events: &'static [&'static str]) -> Self {
        Self { events, others: RefCell::default() }
    }

    /// Events counted but not declared.
    pub(super) fn undeclared(&self) -> Vec<&'static str> {
        self.others.borrow().clone()
    }
}

impl Metrics for Declared {
    fn count(&self, event: &'static str) {
        if !self.events.contains(&event) {
            self.others.borrow_mut().push(event);
        }
    }
}
