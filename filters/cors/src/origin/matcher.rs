//! [`OriginMatcher`]: `scheme://host:port` with wildcards.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU16,
};

use super::{
    invalid_origin::InvalidOrigin,
    serialized::{Host, Origin, ends_in_a_number},
};

/// Matches origins by scheme, host and port. Scheme and host are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginMatcher {
    scheme: String,
    host: HostMatcher,
    port: PortMatcher,
    /// The serialised origin, if the entry is a single origin with a host name.
    text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostMatcher {
    Name(String),
    V6(Ipv6Addr),
    Subdomains {
        /// Starts with a dot.
        domain: String,
        depth: Depth,
    },
}

/// The number of labels before the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    One,
    OneOrMore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortMatcher {
    /// `None` for the scheme's default port.
    Is(Option<NonZeroU16>),
    Any,
}

impl OriginMatcher {
    pub(super) fn parse(entry: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, authority) = entry.split_once("://").ok_or(InvalidOrigin::Scheme)?;
        let (host, any_port) = match authority.strip_suffix(":*") {
            Some(host) => (host, true),
            None => (authority, false),
        };
        let (host, depth) = if let Some(domain) = host.strip_prefix("**.") {
            (domain, Some(Depth::OneOrMore))
        } else if let Some(domain) = host.strip_prefix("*.") {
            (domain, Some(Depth::One))
        } else {
            (host, None)
        };
        let plain = format!("{scheme}://{host}");
        if plain.contains('*') {
            return Err(InvalidOrigin::Wildcard);
        }
        let origin = Origin::parse(&plain)?;
        let host = HostMatcher::new(origin.host, depth).ok_or(InvalidOrigin::Wildcard)?;
        let port = match (any_port, origin.port) {
            (false, port) => PortMatcher::Is(port),
            (true, None) if !origin.is_local_file() => PortMatcher::Any,
            // https://host:8443:*
            (true, _) => return Err(InvalidOrigin::Wildcard),
        };
        let text = match (&host, port) {
            (HostMatcher::Name(_), PortMatcher::Is(_)) => Some(origin.normalised().into_owned()),
            _ => None,
        };
        Ok(Self { scheme: origin.scheme.to_ascii_lowercase(), host, port, text })
    }

    /// The serialised origin, if the entry is a single origin with a host name.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(super) fn matches(&self, origin: &Origin<'_>) -> bool {
        self.port.covers(PortMatcher::Is(origin.port))
            && origin.scheme.eq_ignore_ascii_case(&self.scheme)
            && self.host.matches(origin.host)
    }

    /// Whether every origin that `other` matches also matches this.
    pub(super) fn covers(&self, other: &OriginMatcher) -> bool {
        self.scheme == other.scheme && self.port.covers(other.port) && self.host.covers(&other.host)
    }

    /// Whether an attacker could change its pages in transit: plain http from another machine.
    pub(crate) fn is_plain_http(&self) -> bool {
        let is_loopback = match &self.host {
            HostMatcher::Name(name) => {
                name == "localhost"
                    || name.ends_with(".localhost")
                    || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
            }
            HostMatcher::V6(address) => address.is_loopback(),
            HostMatcher::Subdomains { domain, .. } => domain.ends_with(".localhost"),
        };
        self.scheme == "http" && !is_loopback
    }

    /// Whether this is `file://`.
    pub(crate) fn is_local_file(&self) -> bool {
        matches!(&self.host, HostMatcher::Name(name) if name.is_empty())
    }

    /// The domain of the wildcard, if it is a whole top-level domain.
    pub(crate) fn top_level_domain(&self) -> Option<&str> {
        let HostMatcher::Subdomains { domain, .. } = &self.host else { return None };
        let name = domain.strip_prefix('.').unwrap_or(domain);
        Some(name).filter(|name| !name.contains('.') && *name != "localhost")
    }
}

impl HostMatcher {
    /// `None` for a wildcard before a host without subdomains.
    fn new(host: Host<'_>, depth: Option<Depth>) -> Option<Self> {
        match (host, depth) {
            (Host::Name(name), None) => Some(Self::Name(name.to_ascii_lowercase())),
            (Host::V6(address), None) => Some(Self::V6(address)),
            (Host::Name("" | "."), Some(_)) | (Host::V6(_), Some(_)) => None,
            (Host::Name(name), Some(_)) if ends_in_a_number(name) => None,
            (Host::Name(name), Some(depth)) => {
                Some(Self::Subdomains { domain: format!(".{}", name.to_ascii_lowercase()), depth })
            }
        }
    }

    fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Name(name), Host::Name(host)) => host.eq_ignore_ascii_case(name),
            (Self::V6(address), Host::V6(host)) => *address == host,
            (Self::Subdomains { domain, depth }, Host::Name(host)) => {
                labels_before(host, domain).is_some_and(|labels| depth.allows(labels))
            }
            _ => false,
        }
    }

    fn covers(&self, other: &HostMatcher) -> bool {
        match (self, other) {
            (
                Self::Subdomains { domain, depth },
                Self::Subdomains { domain: inner, depth: other },
            ) => {
                (domain == inner && (*depth == Depth::OneOrMore || depth == other))
                    || (*depth == Depth::OneOrMore && inner.ends_with(domain.as_str()))
            }
            (_, Self::Name(name)) => self.matches(Host::Name(name)),
            (_, Self::V6(address)) => self.matches(Host::V6(*address)),
            _ => false,
        }
    }
}

/// The labels before `domain` in `host`. Not empty, since no label of a host is empty.
fn labels_before<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    let cut = host.len().checked_sub(domain.len()).filter(|cut| *cut > 0)?;
    let (labels, end) = host.split_at_checked(cut)?;
    end.eq_ignore_ascii_case(domain).then_some(labels)
}

impl Depth {
    fn allows(self, labels: &str) -> bool {
        self == Self::OneOrMore || !labels.contains('.')
    }
}

impl PortMatcher {
    fn covers(self, other: PortMatcher) -> bool {
        self == Self::Any || self == other
    }
}
