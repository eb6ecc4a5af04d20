//! A worker of a proxy without requests: a time, and memory for fetched keys.

use std::{cell::RefCell, collections::HashMap, net::IpAddr};

use novasphere_core::{
    Attributes, Cas, Clock, Connection, Env, Hash, Host, Metrics, PendingQueues, Random,
    SharedData, SharedDataError, UnixTime, Verify, Written,
};

/// A worker. Its time does not advance.
pub(super) struct Worker {
    pub(super) now: UnixTime,
    values: RefCell<Values>,
}

/// The shared values, with their CAS tokens.
type Values = HashMap<Vec<u8>, (Vec<u8>, Cas)>;

impl Worker {
    pub(super) fn new(now: UnixTime) -> Self {
        Self { now, values: RefCell::default() }
    }

    pub(super) fn env<'e>(&'e self, host: &'e dyn Host) -> Env<'e> {
        Env {
            host,
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

impl Clock for Worker {
    fn now(&self) -> UnixTime {
        self.now
    }
}

impl SharedData for Worker {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.values.borrow().get(key).cloned())
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        let mut values = self.values.borrow_mut();
        let current = values.get(key).map(|(_, cas)| *cas);
        if current != seen {
            return Ok(Written::CasMismatch);
        }
        let next = Cas(current.map_or(1, |cas| cas.0.wrapping_add(1)));
        values.insert(key.to_vec(), (value.to_vec(), next));
        Ok(Written::Done)
    }
}

impl Connection for Worker {
    fn client_address(&self) -> Option<IpAddr> {
        None
    }

    fn service(&self) -> Option<Vec<u8>> {
        None
    }

    fn route(&self) -> Option<Vec<u8>> {
        None
    }
}

/// Keys a hash in one short run, so its numbers need not be unpredictable.
impl Random for Worker {
    fn bytes(&self) -> [u8; 16] {
        [0; 16]
    }
}

impl Metrics for Worker {
    fn add(&self, _: &'static str, _: u32) {}

    fn record(&self, _: usize, _: u32) {}
}

impl PendingQueues for Worker {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}

impl Attributes for Worker {
    fn set(&self, _: &str, _: &[u8]) {}

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// The filter verifies all signatures itself.
impl Verify for Worker {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}
