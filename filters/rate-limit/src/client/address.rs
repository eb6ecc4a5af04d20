//! The address of the client behind the proxies in front of this one.

use std::{cell::OnceCell, net::IpAddr};

use novasphere_core::{Cidr, ClientIp, Env, RequestHead, parse_source_address};

/// Where the client's address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    pub(crate) from: From,
    /// The bits of an IPv6 address that identify a client, 32 to 128.
    pub(crate) ipv6_prefix: u32,
}

/// What is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The host's own finding.
    Connection,
    /// The entry of `X-Forwarded-For` at that place from its end; 1 is the last.
    Hops(usize),
    /// The last address, of the connection and before it in `X-Forwarded-For`, that is not one of a
    /// trusted proxy.
    Trusted(Vec<Cidr>),
}

/// Counted when `X-Forwarded-For` does not hold what `client_ip` says.
pub(crate) const UNUSABLE: &str = "forwarded_for_unusable";

/// The longest list that is read, in entries: what a proxy in front adds stands at its end.
const MOST_ENTRIES: usize = 64;

/// The address of one request's client, looked up when it is first asked for: lists and limits may
/// all ask, and each look asks the host.
pub(crate) struct Lookup<'a> {
    address: &'a ClientAddress,
    head: &'a RequestHead<'a>,
    env: &'a Env<'a>,
    found: OnceCell<Option<IpAddr>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(
        address: &'a ClientAddress,
        head: &'a RequestHead<'a>,
        env: &'a Env<'a>,
    ) -> Self {
        Self { address, head, env, found: OnceCell::new() }
    }

    /// The address; `None` where the connection has none (a Unix socket).
    pub(crate) fn get(&self) -> Option<IpAddr> {
        *self.found.get_or_init(|| self.address.of(self.head, self.env))
    }

    /// The client that the address stands for.
    pub(crate) fn identity(&self) -> Option<ClientIp> {
        self.get().map(|ip| ClientIp::with_prefix(ip, self.address.ipv6_prefix))
    }
}

impl ClientAddress {
    /// Whether `X-Forwarded-For` is read.
    pub(crate) fn reads_forwarded_for(&self) -> bool {
        self.from != From::Connection
    }

    fn of(&self, head: &RequestHead<'_>, env: &Env<'_>) -> Option<IpAddr> {
        let forwarded = match &self.from {
            From::Connection => return env.connection.client_address(),
            From::Hops(hops) => {
                entries(head).nth(hops.saturating_sub(1)).and_then(parse_source_address)
            }
            From::Trusted(proxies) => return behind(proxies, head, env),
        };
        if forwarded.is_none() {
            env.metrics.count(UNUSABLE);
        }
        forwarded.or_else(|| env.connection.client_address())
    }
}

/// From the connection backwards, as long as each address is one of the proxies that are trusted to
/// have written the one before truly.
fn behind(proxies: &[Cidr], head: &RequestHead<'_>, env: &Env<'_>) -> Option<IpAddr> {
    let is_trusted = |address| proxies.iter().any(|proxy| proxy.contains(address));
    let mut last = env.connection.client_address()?;
    let mut entries = entries(head).take(MOST_ENTRIES);
    while is_trusted(last) {
        match entries.next().map(parse_source_address) {
            Some(Some(address)) => last = address,
            Some(None) | None => {
                env.metrics.count(UNUSABLE);
                break;
            }
        }
    }
    Some(last)
}

/// The entries of all `X-Forwarded-For` lines, the last one first.
fn entries<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
    let lines: Vec<&[u8]> = head.headers.get_all("x-forwarded-for").collect();
    let entries = lines.into_iter().rev().flat_map(|line| line.rsplit(|b| *b == b','));
    entries.map(<[u8]>::trim_ascii)
}
