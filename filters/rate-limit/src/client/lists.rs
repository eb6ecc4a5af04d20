//! Clients that are never limited, and clients that are always refused.

use novasphere_core::{Cidr, RequestHead};

use crate::{client::address::Lookup, client::identity::CONSUMER_HEADERS};

/// One list of clients.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    pub(crate) cidrs: Vec<Cidr>,
    /// Ids or user names of consumers.
    pub(crate) consumers: Vec<String>,
}

impl Clients {
    /// Whether the request's client is one of them.
    pub(crate) fn include(&self, head: &RequestHead<'_>, address: &Lookup<'_>) -> bool {
        let by_address = || {
            let address = address.get();
            address.is_some_and(|address| self.cidrs.iter().any(|cidr| cidr.contains(address)))
        };
        let named = |header: &&str| {
            let name = head.headers.get(header).unwrap_or_default();
            self.consumers.iter().any(|consumer| consumer.as_bytes() == name)
        };
        (!self.cidrs.is_empty() && by_address())
            || (!self.consumers.is_empty() && Self::headers().iter().any(named))
    }

    /// Where the consumer's id and user name stand.
    fn headers() -> &'static [&'static str] {
        CONSUMER_HEADERS.split_last().map_or(&[], |(_, names)| names)
    }

    /// The lines of the head it looks at.
    pub(crate) fn reads(&self) -> &'static [&'static str] {
        if self.consumers.is_empty() { &[] } else { Self::headers() }
    }
}
