//! Lists of clients.

use std::net::IpAddr;

use novasphere_core::{Cidr, RequestHead, nat64_ipv4};

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
    /// Whether a NAT64 address is also in the networks of its IPv4 address. Not for lists that
    /// grant something, because anyone may operate the NAT64 gateway.
    looks_through_nat64: bool,
}

impl ClientList {
    pub(crate) fn new(cidrs: Vec<Cidr>, consumers: Vec<String>) -> Self {
        Self { cidrs, consumers, looks_through_nat64: false }
    }

    /// This list, which also matches NAT64 addresses by their IPv4 address.
    pub(crate) fn looking_through_nat64(self) -> Self {
        Self { looks_through_nat64: true, ..self }
    }

    /// Whether the request's client is in the list.
    #[inline]
    pub(crate) fn contains(&self, head: &RequestHead<'_>, address: &Lookup<'_>) -> bool {
        !self.is_empty() && self.finds(head, address)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.cidrs.is_empty() && self.consumers.is_empty()
    }

    #[inline(never)]
    fn finds(&self, head: &RequestHead<'_>, address: &Lookup<'_>) -> bool {
        let by_address = || {
            let Some(address) = address.get() else { return false };
            let translated = || nat64_ipv4(address).filter(|_| self.looks_through_nat64);
            self.covers(address) || translated().is_some_and(|v4| self.covers(IpAddr::V4(v4)))
        };
        let named = |header: &&str| {
            let name = head.headers.get(header).unwrap_or_default();
            self.consumers.iter().any(|consumer| consumer.as_bytes() == name)
        };
        (!self.cidrs.is_empty() && by_address())
            || (self.names_consumers() && CONSUMER_HEADERS.iter().any(named))
    }

    fn covers(&self, address: IpAddr) -> bool {
        self.cidrs.iter().any(|cidr| cidr.contains(address))
    }

    pub(crate) fn names_consumers(&self) -> bool {
        !self.consumers.is_empty()
    }

    /// The names of the request headers it reads.
    pub(crate) fn request_headers(&self) -> &'static [&'static str] {
        if self.names_consumers() { &CONSUMER_HEADERS } else { &[] }
    }
}
