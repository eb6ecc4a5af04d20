//! Lists of clients.

use novasphere_core::{Cidr, RequestHead};

use super::{
    address::Lookup,
    identity::{CONSUMER_ID, CONSUMER_USERNAME},
};

/// The headers in which jwt-auth names a consumer.
const CONSUMER_HEADERS: [&str; 2] = [CONSUMER_ID, CONSUMER_USERNAME];

/// A list of clients, by network and by consumer.
#[derive(Debug, Default)]
pub(crate) struct ClientList {
    cidrs: Vec<Cidr>,
    /// Ids or user names.
    consumers: Vec<String>,
}

impl ClientList {
    pub(crate) fn new(cidrs: Vec<Cidr>, consumers: Vec<String>) -> Self {
        Self { cidrs, consumers }
    }

    /// Whether the request's client is in the list.
    pub(crate) fn contains(&self, head: &RequestHead<'_>, address: &Lookup<'_>) -> bool {
        let by_address = || {
            let address = address.get();
            address.is_some_and(|address| self.cidrs.iter().any(|cidr| cidr.contains(address)))
        };
        let named = |header: &&str| {
            let name = head.headers.get(header).unwrap_or_default();
            self.consumers.iter().any(|consumer| consumer.as_bytes() == name)
        };
        (!self.cidrs.is_empty() && by_address())
            || (self.names_consumers() && CONSUMER_HEADERS.iter().any(named))
    }

    pub(crate) fn names_consumers(&self) -> bool {
        !self.consumers.is_empty()
    }

    /// The names of the request headers it reads.
    pub(crate) fn request_headers(&self) -> &'static [&'static str] {
        if self.names_consumers() { &CONSUMER_HEADERS } else { &[] }
    }
}
