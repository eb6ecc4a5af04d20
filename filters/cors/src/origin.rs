//! Origins (RFC 6454), and the entries of a configuration that match them.

use std::{fmt, net::Ipv6Addr, num::NonZeroU16};

/// A serialised origin, taken apart (RFC 6454 section 6.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    /// `None` for the scheme's default port.
    port: Option<NonZeroU16>,
}

/// Why a text is not an origin, or not an entry of `origins`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidOrigin {
    Scheme,
    Excess,
    Host,
    Port,
    Wildcard,
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => {
                "has no scheme: an origin is scheme://host or scheme://host:port (RFC 6454 6.2)"
            }
            Self::Excess => {
                "holds more than scheme, host and port: an origin has no path, not even a final /, \
                 no query and no user (RFC 6454 6.2)"
            }
            Self::Host => {
                "has no valid host: write it in ASCII as browsers send it, xn--… for other letters"
            }
            Self::Port => "has no valid port: it must be a number from 1 to 65535",
            Self::Wildcard => {
                "may hold * only as the whole first label before a domain: \
                 https://*.novasphere.io; all origins are \"*\""
            }
        })
    }
}

impl<'a> Origin<'a> {
    /// # Errors
    /// When `text` is not a serialised origin; `null` is none, since it names no one.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin::Scheme)?;
        if !is_scheme(scheme) {
            return Err(InvalidOrigin::Scheme);
        }
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(InvalidOrigin::Excess);
        }
        let (host, port) = split_port(authority)?;
        if !is_host(host) {
            return Err(InvalidOrigin::Host);
        }
        let port = port.filter(|port| Some(port.get()) != default_port(scheme));
        Ok(Self { scheme, host, port })
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<NonZeroU16>), InvalidOrigin> {
    match authority.rsplit_once(':') {
        // A colon inside the brackets of an IPv6 address starts no port.
        Some((host, port)) if !port.ends_with(']') => {
            // `parse` alone would take a leading +.
            let digits = port.bytes().all(|b| b.is_ascii_digit());
            let number = port.parse().ok().filter(|_| digits).ok_or(InvalidOrigin::Port)?;
            Ok((host, Some(number)))
        }
        _ => Ok((authority, None)),
    }
}

/// Labels joined by dots, none of them empty, or an IPv6 address in brackets. Everything a host
/// could be mistaken by is out: a comma (two joined `Origin` lines), white space, other letters.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    ipv6(text).is_some() || text.split('.').all(is_label)
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// An entry of `origins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OriginRule {
    /// `*`: every origin but `null`.
    Every,
    /// `null`: what sandboxed frames and local files send. Anyone can be `null`, hence only by
    /// name.
    Null,
    /// One origin, or those of all subdomains of a domain.
    Named(OriginPattern),
}

/// Scheme and host are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginPattern {
    scheme: String,
    host: String,
    port: Option<NonZeroU16>,
    /// Whether the hosts below `host` are meant, and not `host` itself.
    subdomains: bool,
}

impl OriginRule {
    /// # Errors
    /// When the entry has none of the forms `*`, `null`, `scheme://host[:port]` and
    /// `scheme://*.domain[:port]`.
    pub(crate) fn parse(entry: &str) -> Result<Self, InvalidOrigin> {
        match entry {
            "*" => return Ok(Self::Every),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        let (plain, subdomains) = match entry.split_once("://*.") {
            Some((scheme, domain)) => (format!("{scheme}://{domain}"), true),
            None => (entry.to_owned(), false),
        };
        if plain.contains('*') && plain.contains("://") {
            return Err(InvalidOrigin::Wildcard);
        }
        let origin = Origin::parse(&plain)?;
        // Addresses have no subdomains.
        let ends_in_number =
            origin.host.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if subdomains && (ends_in_number || ipv6(origin.host).is_some()) {
            return Err(InvalidOrigin::Wildcard);
        }
        Ok(Self::Named(OriginPattern {
            scheme: origin.scheme.to_ascii_lowercase(),
            host: match ipv6(origin.host) {
                Some(address) => format!("[{address}]"),
                None => origin.host.to_ascii_lowercase(),
            },
            port: origin.port,
            subdomains,
        }))
    }

    /// Whether this entry means the origin that was sent as `text`; `origin` is the same, taken
    /// apart.
    pub(crate) fn allows(&self, text: &str, origin: Option<&Origin<'_>>) -> bool {
        match self {
            Self::Null => text == "null",
            Self::Every => origin.is_some(),
            Self::Named(pattern) => origin.is_some_and(|origin| pattern.matches(origin)),
        }
    }

    /// The domain whose every site this entry trusts, when that is a whole top-level domain.
    pub(crate) fn top_level_domain(&self) -> Option<&str> {
        match self {
            Self::Named(pattern) if pattern.subdomains => Some(pattern.host.as_str())
                .filter(|host| !host.contains('.') && *host != "localhost"),
            _ => None,
        }
    }
}

impl OriginPattern {
    fn matches(&self, origin: &Origin<'_>) -> bool {
        self.port == origin.port
            && origin.scheme.eq_ignore_ascii_case(&self.scheme)
            && if self.subdomains {
                origin.host.len().checked_sub(self.host.len()).is_some_and(|cut| {
                    // No label of a host is empty, so what stands before the dot is one or more.
                    origin.host.split_at_checked(cut).is_some_and(|(labels, domain)| {
                        labels.ends_with('.') && domain.eq_ignore_ascii_case(&self.host)
                    })
                })
            } else {
                origin.host.eq_ignore_ascii_case(&self.host)
            }
    }
}
