//! [`Origin`]: a serialised origin (RFC 6454 section 6.2; URL standard, "host serializer").

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU16,
};

use super::invalid_origin::{InvalidOrigin, MAX_BYTES};

/// The parts of a serialised origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    text: &'a str,
    pub(crate) scheme: &'a str,
    pub(crate) host: Host<'a>,
    /// `None` for the scheme's default port.
    pub(crate) port: Option<NonZeroU16>,
}

/// A host. IPv4 addresses count as names, since browsers send them in one form only.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host<'a> {
    /// In upper or lower case. Empty for local files.
    Name(&'a str),
    V6(Ipv6Addr),
}

impl<'a> Origin<'a> {
    /// Parses an origin with a scheme.
    ///
    /// # Errors
    /// If `text` is not such an origin. `null` is not one: it does not identify a site.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidOrigin> {
        if text.len() > MAX_BYTES {
            return Err(InvalidOrigin::Length);
        }
        let colon = text.bytes().position(|b| b == b':').ok_or(InvalidOrigin::Scheme)?;
        let (scheme, rest) = text.split_at_checked(colon).ok_or(InvalidOrigin::Scheme)?;
        let authority = rest.strip_prefix("://").ok_or(InvalidOrigin::Scheme)?;
        if !is_scheme(scheme) {
            return Err(InvalidOrigin::Scheme);
        }
        if authority.bytes().any(|b| matches!(b, b'/' | b'?' | b'#' | b'@' | b'\\')) {
            return Err(InvalidOrigin::Excess);
        }
        Self::with_authority(text, scheme, authority)
    }

    /// The origin with the authority of a request (RFC 9110 section 7.2). It has no
    /// [`normalised`](Self::normalised) form.
    pub(crate) fn of_request(scheme: &'a str, authority: &'a str) -> Result<Self, InvalidOrigin> {
        Self::with_authority("", scheme, authority)
    }

    fn with_authority(
        text: &'a str,
        scheme: &'a str,
        authority: &'a str,
    ) -> Result<Self, InvalidOrigin> {
        let (host, port) = split_port(authority)?;
        let host = Host::parse(host, scheme).ok_or(InvalidOrigin::Host)?;
        let port = port.filter(|port| Some(port.get()) != default_port(scheme));
        Ok(Self { text, scheme, host, port })
    }

    /// Whether this is `file://`. Some shells send it for local files, others send `null`.
    pub(crate) fn is_local_file(&self) -> bool {
        matches!(self.host, Host::Name(""))
    }

    /// RFC 6454 section 5.
    pub(crate) fn is_same_origin(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.is_same(&other.host)
            && self.port == other.port
    }

    /// The form that regular expressions match: in lower case, without a default port.
    pub(crate) fn normalised(&self) -> Cow<'a, str> {
        let text = match self.port {
            Some(_) => self.text,
            // A default port may be written out. No host ends in a colon.
            None => self
                .text
                .strip_suffix(":443")
                .or(self.text.strip_suffix(":80"))
                .unwrap_or(self.text),
        };
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    }
}

impl<'a> Host<'a> {
    fn parse(text: &'a str, scheme: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[') {
            return address.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        is_name(text, scheme).then_some(Self::Name(text))
    }

    fn is_same(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::V6(a), Host::V6(b)) => a == b,
            _ => false,
        }
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
        // A colon inside the brackets of an IPv6 address does not start a port.
        Some((host, port)) if !port.ends_with(']') => {
            // `parse` alone accepts a leading + and leading zeros, which browsers never send.
            let is_plain = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
            let number = port.parse().ok().filter(|_| is_plain).ok_or(InvalidOrigin::Port)?;
            Ok((host, Some(number)))
        }
        _ => Ok((authority, None)),
    }
}

/// Whether `text` is labels joined by dots, none of them empty.
///
/// This excludes every ambiguous host: commas (two joined `Origin` lines), white space, non-ASCII
/// letters, a dot at the end.
fn is_name(text: &str, scheme: &str) -> bool {
    if default_port(scheme).is_none() {
        // Application schemes have unusual hosts: `app://.`. Local files have none.
        return are_labels(text)
            || text == "."
            || (text.is_empty() && scheme.eq_ignore_ascii_case("file"));
    }
    if ends_in_a_number(text) {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    are_labels(text)
}

fn are_labels(text: &str) -> bool {
    let mut last = b'.';
    for byte in text.bytes() {
        let is_allowed = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !is_allowed || (byte == b'.' && last == b'.') {
            return false;
        }
        last = byte;
    }
    last != b'.'
}

/// Whether browsers treat `host` as an IPv4 address (URL standard, "ends-in-a-number checker").
pub(crate) fn ends_in_a_number(host: &str) -> bool {
    let last = host.as_bytes().rsplit(|b| *b == b'.').next().unwrap_or_default();
    let hex = last.strip_prefix(b"0x").or(last.strip_prefix(b"0X"));
    (!last.is_empty() && last.iter().all(u8::is_ascii_digit))
        || hex.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
