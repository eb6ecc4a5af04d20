//! The entries of `origins`, and which origins they mean.

use std::{net::Ipv6Addr, num::NonZeroU16};

use novasphere_core::{Pattern, bytes_eq};

use crate::{
    group::OriginLine,
    origin::{Host, InvalidOrigin, Origin, ends_in_a_number},
};

/// An entry of `origins`.
#[derive(Clone, Debug)]
pub(crate) enum OriginRule {
    /// `*`: every origin but `null` and local files.
    Every,
    /// `null`: what sandboxed frames and local files send. Anyone can be `null`, hence only by
    /// name.
    Null,
    /// `scheme://host:port`, of which host and port may be wildcards.
    Form(OriginForm),
    /// `~regex`, for all of an origin in lower case and without a default port.
    Pattern(Pattern),
}

/// Scheme and host are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginForm {
    scheme: String,
    host: HostForm,
    port: PortForm,
    /// How browsers write it, where it is one origin with a name.
    text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostForm {
    Name(String),
    V6(Ipv6Addr),
    /// Hosts below this domain, which starts with its dot.
    Below {
        domain: String,
        depth: Depth,
    },
}

/// How many labels stand before the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    One,
    OneOrMore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortForm {
    /// `None` for the scheme's default port.
    Is(Option<NonZeroU16>),
    Any,
}

impl OriginRule {
    /// An entry that is not a regular expression.
    ///
    /// # Errors
    /// When it has none of the forms `*`, `null` and `scheme://host[:port]`.
    pub(crate) fn parse(entry: &str) -> Result<Self, InvalidOrigin> {
        match entry {
            "*" => Ok(Self::Every),
            "null" => Ok(Self::Null),
            _ => OriginForm::parse(entry).map(Self::Form).map_err(|error| {
                // Kong takes an entry with such characters for one.
                let is_pattern = entry.contains(['\\', '^', '$', '(', '|', '+', '{']);
                let is_pattern = is_pattern || entry.starts_with(".*") || entry.contains("/.*");
                if is_pattern { InvalidOrigin::Pattern } else { error }
            }),
        }
    }

    /// Whether this entry is that one origin, in the same words.
    pub(crate) fn is_written(&self, line: &[u8]) -> bool {
        let Self::Form(OriginForm { text: Some(own), .. }) = self else { return false };
        bytes_eq(own.as_bytes(), line)
    }

    /// Whether this entry means the origin.
    pub(crate) fn allows(&self, line: &OriginLine<'_>) -> bool {
        match self {
            Self::Null => line.bytes == b"null",
            Self::Every => line.origin().is_some_and(|origin| !origin.is_local_file()),
            Self::Form(form) => line.origin().is_some_and(|origin| form.matches(origin)),
            Self::Pattern(pattern) => line.origin().is_some_and(|origin| {
                !origin.is_local_file() && pattern.is_match(&origin.normalised())
            }),
        }
    }

    /// Whether the two are the same entry, however they are written.
    pub(crate) fn is(&self, other: &OriginRule) -> bool {
        match (self, other) {
            (Self::Every, Self::Every) | (Self::Null, Self::Null) => true,
            (Self::Form(a), Self::Form(b)) => a == b,
            _ => false,
        }
    }

    /// Whether `other` can allow nothing that this entry does not; regular expressions are not
    /// compared.
    pub(crate) fn covers(&self, other: &OriginRule) -> bool {
        match (self, other) {
            (Self::Form(a), Self::Form(b)) => a.covers(b),
            (Self::Every, Self::Form(form)) => !form.is_local_file(),
            (Self::Every, Self::Pattern(_)) => true,
            _ => self.is(other),
        }
    }
}

impl OriginForm {
    fn parse(entry: &str) -> Result<Self, InvalidOrigin> {
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
        let host = HostForm::new(origin.host, depth).ok_or(InvalidOrigin::Wildcard)?;
        let port = match (any_port, origin.port) {
            (false, port) => PortForm::Is(port),
            (true, None) if !origin.is_local_file() => PortForm::Any,
            // https://host:8443:*
            (true, _) => return Err(InvalidOrigin::Wildcard),
        };
        let text = match (&host, port) {
            (HostForm::Name(_), PortForm::Is(_)) => Some(origin.normalised().into_owned()),
            _ => None,
        };
        Ok(Self { scheme: origin.scheme.to_ascii_lowercase(), host, port, text })
    }

    fn matches(&self, origin: &Origin<'_>) -> bool {
        self.port.covers(PortForm::Is(origin.port))
            && origin.scheme.eq_ignore_ascii_case(&self.scheme)
            && self.host.matches(origin.host)
    }

    fn covers(&self, other: &OriginForm) -> bool {
        self.scheme == other.scheme && self.port.covers(other.port) && self.host.covers(&other.host)
    }

    /// Whether pages under it may have been changed on the way to the browser: plain http from
    /// another machine.
    pub(crate) fn is_plain_http(&self) -> bool {
        let is_loopback = match &self.host {
            HostForm::Name(name) => {
                name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.")
            }
            HostForm::V6(address) => address.is_loopback(),
            HostForm::Below { domain, .. } => domain.ends_with(".localhost"),
        };
        self.scheme == "http" && !is_loopback
    }

    /// Whether it is `file://`.
    pub(crate) fn is_local_file(&self) -> bool {
        matches!(&self.host, HostForm::Name(name) if name.is_empty())
    }

    /// The domain whose every site this entry trusts, when that is a whole top-level domain.
    pub(crate) fn top_level_domain(&self) -> Option<&str> {
        let HostForm::Below { domain, .. } = &self.host else { return None };
        let name = domain.strip_prefix('.').unwrap_or(domain);
        Some(name).filter(|name| !name.contains('.') && *name != "localhost")
    }
}

impl HostForm {
    /// `None` for a wildcard before what has no subdomains.
    fn new(host: Host<'_>, depth: Option<Depth>) -> Option<Self> {
        match (host, depth) {
            (Host::Name(name), None) => Some(Self::Name(name.to_ascii_lowercase())),
            (Host::V6(address), None) => Some(Self::V6(address)),
            (Host::Name("" | "."), Some(_)) | (Host::V6(_), Some(_)) => None,
            (Host::Name(name), Some(_)) if ends_in_a_number(name) => None,
            (Host::Name(name), Some(depth)) => {
                Some(Self::Below { domain: format!(".{}", name.to_ascii_lowercase()), depth })
            }
        }
    }

    fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Name(name), Host::Name(host)) => host.eq_ignore_ascii_case(name),
            (Self::V6(address), Host::V6(host)) => *address == host,
            (Self::Below { domain, depth }, Host::Name(host)) => {
                labels_before(host, domain).is_some_and(|labels| depth.allows(labels))
            }
            _ => false,
        }
    }

    fn covers(&self, other: &HostForm) -> bool {
        match (self, other) {
            (Self::Below { domain, depth }, Self::Below { domain: inner, depth: other }) => {
                (domain == inner && (*depth == Depth::OneOrMore || depth == other))
                    || (*depth == Depth::OneOrMore && inner.ends_with(domain.as_str()))
            }
            (_, Self::Name(name)) => self.matches(Host::Name(name)),
            (_, Self::V6(address)) => self.matches(Host::V6(*address)),
            _ => false,
        }
    }
}

/// What stands before `domain` in `host`; not empty, since no label of a host is.
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

impl PortForm {
    fn covers(self, other: PortForm) -> bool {
        self == Self::Any || self == other
    }
}
