use std::net::IpAddr;

use novasphere_core::{
    Clock, Connection, Env, Host, Metrics, Random, Store, StoreError, UnixTime, Version, Written,
};

/// A host and its ports: header-transform uses none of them.
pub(super) struct Nowhere;

impl Nowhere {
    pub(super) fn env(&self) -> Env<'_> {
        Env { clock: self, store: self, connection: self, random: self, metrics: self }
    }
}

impl Host for Nowhere {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
    fn variable_remedy(&self, name: &str) -> String {
        name.to_owned()
    }
    fn warn(&self, _: &str) {}
}

impl Clock for Nowhere {
    fn now(&self) -> UnixTime {
        UnixTime { millis: 0 }
    }
}

impl Random for Nowhere {
    fn bytes(&self) -> [u8; 16] {
        [0; 16]
    }
}

impl Metrics for Nowhere {
    fn count(&self, _: &'static str) {}
}

impl Store for Nowhere {
    fn read(&self, _: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        Err(StoreError::Host(0))
    }
    fn write(&self, _: &[u8], _: &[u8], _: Option<Version>) -> Result<Written, StoreError> {
        Err(StoreError::Host(0))
    }
}

impl Connection for Nowhere {
    fn client_address(&self) -> Option<IpAddr> {
        None
    }
    fn service(&self) -> Option<Vec<u8>> {
        None
    }
}
