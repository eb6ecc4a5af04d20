//! Client addresses as client identities.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The identity of a client by its address: an IPv4 address, or an IPv6 network, because one client
/// controls all addresses of its network. An IPv4-mapped or NAT64 IPv6 address counts as its IPv4
/// address: all IPv4 clients behind a NAT64 gateway are in one IPv6 network.
///
/// ```
/// use novasphere_core::ClientIp;
/// let client = |address: &str| ClientIp::with_prefix(address.parse().unwrap(), 64);
/// assert_eq!(client("2001:db8:0:1::1"), client("2001:db8:0:1:ffff::2"));
/// assert_ne!(client("2001:db8:0:1::1"), client("2001:db8:0:2::1"));
/// assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
/// assert_eq!(client("64:ff9b::192.0.2.1"), client("192.0.2.1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(IpAddr);

impl ClientIp {
    /// The identity of the client at `address`. An IPv6 network has a prefix of `ipv6_prefix` bits, 0
    /// to 128. Subscribers usually get a network with a prefix of 64 bits.
    pub fn with_prefix(address: IpAddr, ipv6_prefix: u32) -> Self {
        match nat64_ipv4(address).map_or(address.to_canonical(), IpAddr::V4) {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(ipv6_prefix)).unwrap_or(0);
                Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)))
            }
        }
    }

    /// The identity as 16 bytes. An IPv4 address is IPv4-mapped.
    pub fn to_bytes(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        }
    }
}

/// The IPv4 address in an IPv6 address with the well-known prefix of NAT64, `64:ff9b::/96` (RFC 6052
/// section 2.1).
///
/// ```
/// use novasphere_core::nat64_ipv4;
/// assert_eq!(nat64_ipv4("64:ff9b::c000:201".parse().unwrap()), "192.0.2.1".parse().ok());
/// assert_eq!(nat64_ipv4("64:ff9b:1::c000:201".parse().unwrap()), None);
/// ```
pub fn nat64_ipv4(address: IpAddr) -> Option<Ipv4Addr> {
    const PREFIX: u128 = 0x0064_ff9b << 64;
    let IpAddr::V6(v6) = address else { return None };
    let bits = v6.to_bits();
    let embedded = u32::try_from(bits & u128::from(u32::MAX)).ok()?;
    (bits >> 32 == PREFIX).then(|| Ipv4Addr::from_bits(embedded))
}

/// Parses an address in one of the hosts' formats: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]` or `[2001:db8::1]:80`.
///
/// ```
/// use novasphere_core::parse_source_address;
/// assert_eq!(parse_source_address(b"192.0.2.1:80"), "192.0.2.1".parse().ok());
/// assert_eq!(parse_source_address(b"[2001:db8::1]:80"), "2001:db8::1".parse().ok());
/// assert_eq!(parse_source_address(b"unix:/run/proxy.sock"), None);
/// ```
pub fn parse_source_address(text: &[u8]) -> Option<IpAddr> {
    if let Some(address) = parse_v4(text) {
        return Some(IpAddr::V4(address));
    }
    let text = str::from_utf8(text).ok()?;
    if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inside.parse().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

/// Parses the most frequent formats, `192.0.2.1` and `192.0.2.1:80`. `None` for all others, some of
/// which are addresses too.
fn parse_v4(text: &[u8]) -> Option<Ipv4Addr> {
    let (a, rest) = octet(text)?;
    let (b, rest) = octet(rest.strip_prefix(b".")?)?;
    let (c, rest) = octet(rest.strip_prefix(b".")?)?;
    let (d, rest) = octet(rest.strip_prefix(b".")?)?;
    match rest {
        [] => {}
        [b':', port @ ..] if is_port(port) => {}
        _ => return None,
    }
    Some(Ipv4Addr::new(a, b, c, d))
}

/// The number from 0 to 255 at the start of `text`, and the rest.
#[inline(always)]
fn octet(text: &[u8]) -> Option<(u8, &[u8])> {
    let number = |digits: &[u8]| {
        digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    };
    let (number, rest) = match text {
        // Some parsers read a leading zero as octal.
        [b'0', b'0'..=b'9', ..] => return None,
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            (number(&[*a, *b, *c]), rest)
        }
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => (number(&[*a, *b]), rest),
        [a @ b'0'..=b'9', rest @ ..] => (number(&[*a]), rest),
        _ => return None,
    };
    Some((u8::try_from(number).ok()?, rest))
}

/// Whether this is a number from 0 to 65,535 in at most five digits.
fn is_port(text: &[u8]) -> bool {
    let number = text.iter().fold(0, |number: u32, digit| {
        number.saturating_mul(10).saturating_add(digit.wrapping_sub(b'0').into())
    });
    (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit) && number <= 65_535
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV4;

    use super::*;

    fn identity(text: &str) -> Option<[u8; 16]> {
        parse_source_address(text.as_bytes()).map(|ip| ClientIp::with_prefix(ip, 64).to_bytes())
    }

    #[test]
    fn identity_ignores_the_port() {
        assert_eq!(identity("192.0.2.1:80"), identity("192.0.2.1:81"));
        assert_eq!(identity("192.0.2.1"), identity("192.0.2.1:81"));
        assert_ne!(identity("192.0.2.1"), identity("192.0.2.2"));
        assert_eq!(identity("[2001:db8::1]:80"), identity("2001:db8::1"));
        assert_eq!(identity("[2001:db8::1]"), identity("2001:db8::1"));
    }

    #[test]
    fn fast_parser_agrees_with_the_standard_library() {
        let octets = ["", "0", "00", "01", "1", "9", "10", "99", "192", "255", "256", "1000", "+1"];
        let ends =
            ["", ":", ":0", ":80", ":080", ":9999", ":65535", ":65536", ":x", ".", ".1", " "];
        for octet in octets {
            for end in ends {
                for text in [
                    format!("{octet}.0.2.1{end}"),
                    format!("192.0.2.{octet}{end}"),
                    format!("192.{octet}{end}"),
                    format!("{octet}{end}"),
                ] {
                    let standard: Option<IpAddr> = text.parse().ok();
                    let with_port = || text.parse().ok().map(|a: SocketAddr| a.ip());
                    let standard = standard.or_else(with_port);
                    assert_eq!(parse_source_address(text.as_bytes()), standard, "{text}");
                    if let Some(fast) = parse_v4(text.as_bytes()) {
                        assert_eq!(Some(IpAddr::V4(fast)), standard, "{text}");
                    }
                }
            }
        }
        assert!(parse_v4(b"192.0.2.1:50000").is_some() && parse_v4(b"255.255.255.255").is_some());
    }

    #[test]
    fn parser_agrees_with_the_standard_library_on_every_octet() {
        for number in 0..=1_100_u16 {
            for text in [number.to_string(), format!("0{number}"), format!("00{number}")] {
                for text in [
                    format!("{text}.20.255.1"),
                    format!("1.{text}.0.255:443"),
                    format!("9.9.{text}.9"),
                    format!("255.1.1.{text}"),
                    format!("1.1.1.{text}:65535"),
                    format!("1.1.1.1:{number}"),
                ] {
                    let standard = text.parse::<Ipv4Addr>().ok();
                    let with_port = || text.parse().ok().map(|a: SocketAddrV4| *a.ip());
                    assert_eq!(parse_v4(text.as_bytes()), standard.or_else(with_port), "{text}");
                }
            }
        }
    }

    #[test]
    fn ipv6_network_is_one_client() {
        assert_eq!(identity("2001:db8:0:1::1"), identity("[2001:db8:0:1:ffff::2]:443"));
        assert_ne!(identity("2001:db8:0:1::1"), identity("2001:db8:0:2::1"));
        assert_eq!(identity("::ffff:192.0.2.1"), identity("192.0.2.1"));
    }

    #[test]
    fn nat64_client_is_its_ipv4_address() {
        assert_eq!(identity("64:ff9b::192.0.2.1"), identity("192.0.2.1"));
        assert_ne!(identity("64:ff9b::192.0.2.1"), identity("64:ff9b::192.0.2.2"));
        for other in ["64:ff9b:1::192.0.2.1", "64:ff9b::1:192.0.2.1", "::192.0.2.1"] {
            assert_ne!(identity(other), identity("192.0.2.1"), "{other}");
        }
    }

    #[test]
    fn ipv6_prefix_determines_the_network() {
        let identity = |text: &str, prefix| ClientIp::with_prefix(text.parse().unwrap(), prefix);
        assert_eq!(identity("2001:db8:1::", 32), identity("2001:db8:2::", 32));
        assert_ne!(identity("2001:db8::1", 128), identity("2001:db8::2", 128));
        assert_eq!(identity("2001:db8::1", 0), identity("::", 0));
        assert_ne!(identity("192.0.2.1", 0), identity("192.0.2.2", 0));
    }

    #[test]
    fn rejects_other_texts() {
        for text in ["", "unix:/run/x", "192.0.2", "[::1", "[192.0.2.1]", "\u{7f}"] {
            assert_eq!(identity(text), None, "{text:?}");
        }
        assert_eq!(parse_source_address(b"\xff"), None);
    }
}
