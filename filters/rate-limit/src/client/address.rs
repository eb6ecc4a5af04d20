//! The address of the client behind the proxies in front of this one.

use std::{
    cell::{Cell, OnceCell},
    net::IpAddr,
};

use novasphere_core::{Cidr, ClientIp, Env, RequestHead, parse_source_address};

use crate::metrics::Event;

/// The way to find the client address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    pub(crate) source: AddressSource,
    /// The number of bits of an IPv6 address that identify a client, 32 to 128.
    pub(crate) ipv6_prefix: u32,
}

/// The trusted source of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AddressSource {
    /// The address that the host reports.
    Connection,
    /// The `X-Forwarded-For` entry at this position from the end. The last entry has position 1.
    Hops(usize),
    /// The last address that is not in these networks, of the connection and the `X-Forwarded-For`
    /// entries before it.
    TrustedProxies(Vec<Cidr>),
}

/// The maximum number of `X-Forwarded-For` entries read, from the end. Proxies append theirs there.
const MAX_ENTRIES: usize = 64;

/// The client address of one request, looked up at the first use. Lists and limits may all need it,
/// and each look-up is a host call.
pub(crate) struct Lookup<'a> {
    address: &'a ClientAddress,
    head: &'a RequestHead<'a>,
    env: &'a Env<'a>,
    found: OnceCell<Option<IpAddr>>,
    /// Whether `X-Forwarded-For` has fewer entries than the trusted hops.
    is_short: Cell<bool>,
}

pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

impl<'a> Lookup<'a> {
    pub(crate) fn new(
        address: &'a ClientAddress,
        head: &'a RequestHead<'a>,
        env: &'a Env<'a>,
    ) -> Self {
        Self { address, head, env, found: OnceCell::new(), is_short: Cell::new(false) }
    }

    /// The address. `None` if the connection has none (a Unix socket).
    pub(crate) fn get(&self) -> Option<IpAddr> {
        *self.found.get_or_init(|| self.look_up())
    }

    /// The number of trusted hops, if `X-Forwarded-For` was read and has fewer entries.
    pub(crate) fn missing_hops(&self) -> Option<usize> {
        match self.address.source {
            AddressSource::Hops(hops) if self.is_short.get() => Some(hops),
            _ => None,
        }
    }

    /// The address as the identity of a client: IPv6 addresses by their network.
    pub(crate) fn client_ip(&self) -> Option<ClientIp> {
        self.get().map(|ip| ClientIp::with_prefix(ip, self.address.ipv6_prefix))
    }

    fn look_up(&self) -> Option<IpAddr> {
        let (head, env) = (self.head, self.env);
        let entry = match &self.address.source {
            AddressSource::Connection => return env.connection.client_address(),
            AddressSource::Hops(hops) => entry_from_end(head, *hops),
            AddressSource::TrustedProxies(proxies) => return behind(proxies, head, env),
        };
        self.is_short.set(entry.is_none());
        let forwarded = entry.and_then(parse_source_address);
        if forwarded.is_none() {
            env.metrics.count(Event::ForwardedForUnusable.name());
        }
        forwarded.or_else(|| env.connection.client_address())
    }
}

impl ClientAddress {
    pub(crate) fn reads_forwarded_for(&self) -> bool {
        self.source != AddressSource::Connection
    }
}

/// Walks back from the connection while the address is a trusted proxy. Such a proxy is trusted to
/// have appended the address before it.
fn behind(proxies: &[Cidr], head: &RequestHead<'_>, env: &Env<'_>) -> Option<IpAddr> {
    let is_trusted = |address| proxies.iter().any(|proxy| proxy.contains(address));
    let mut last = env.connection.client_address()?;
    let mut entries = entries(head).take(MAX_ENTRIES);
    while is_trusted(last) {
        match entries.next().map(parse_source_address) {
            Some(Some(address)) => last = address,
            Some(None) | None => {
                env.metrics.count(Event::ForwardedForUnusable.name());
                break;
            }
        }
    }
    Some(last)
}

/// The entry at a position counted from the end of all `X-Forwarded-For` lines. The last entry has
/// position 1. Uses loops, because a chain of iterators would cost every request several times as
/// much.
fn entry_from_end<'h>(head: &'h RequestHead<'_>, position: usize) -> Option<&'h [u8]> {
    let mut later = position.saturating_sub(1);
    for line in head.headers.get_all(FORWARDED_FOR).rev() {
        for entry in line.rsplit(|b| *b == b',').map(<[u8]>::trim_ascii) {
            if entry.is_empty() {
                continue;
            }
            if later == 0 {
                return Some(entry);
            }
            later -= 1;
        }
    }
    None
}

/// The entries of all `X-Forwarded-For` lines, last entry first. Empty list elements are ignored
/// (RFC 9110 section 5.6.1).
fn entries<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
    let lines = head.headers.get_all(FORWARDED_FOR).rev();
    let entries = lines.flat_map(|line| line.rsplit(|b| *b == b','));
    entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use novasphere_core::Headers;

    use super::*;

    #[test]
    fn entry_from_end_is_the_same_entry_of_the_list() {
        let parts = ["", " ", "192.0.2.1", " ::1 ", "a,b", ", ,c", "d,"];
        let name = FORWARDED_FOR.as_bytes();
        for first in parts {
            for second in parts {
                for third in parts {
                    let lines = [(name, first), (b"x-other", "z"), (name, second), (name, third)];
                    let lines = lines.map(|(name, value)| (name, value.as_bytes()));
                    let head = RequestHead { headers: Headers::borrowed(lines) };
                    for position in 1..8 {
                        let expected = entries(&head).nth(position - 1);
                        assert_eq!(entry_from_end(&head, position), expected, "{lines:?}");
                    }
                }
            }
        }
    }
}
