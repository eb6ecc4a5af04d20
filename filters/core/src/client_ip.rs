//! Client addresses as identities.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What identifies a client by address: an IPv4 address, or an IPv6 network, because one client
/// commands all addresses of its network. An IPv4-mapped IPv6 address is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(IpAddr);

impl ClientIp {
    /// The identity behind an address; so many bits of an IPv6 address count, 128 at most: 64 is the
    /// usual size of one subscriber's network.
    pub fn with_prefix(address: IpAddr, ipv6_prefix: u32) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(ipv6_prefix)).unwrap_or(0);
                Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)))
            }
        }
    }

    /// The identity as 16 bytes, IPv4 as its IPv4-mapped form.
    pub fn to_bytes(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        }
    }
}

/// Reads an address as hosts write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`
/// or `[2001:db8::1]:80`.
pub fn parse_source_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inside.parse().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Option<[u8; 16]> {
        parse_source_address(text.as_bytes()).map(|ip| ClientIp::with_prefix(ip, 64).to_bytes())
    }

    #[test]
    fn the_port_does_not_count() {
        assert_eq!(identity("192.0.2.1:80"), identity("192.0.2.1:81"));
        assert_eq!(identity("192.0.2.1"), identity("192.0.2.1:81"));
        assert_ne!(identity("192.0.2.1"), identity("192.0.2.2"));
        assert_eq!(identity("[2001:db8::1]:80"), identity("2001:db8::1"));
        assert_eq!(identity("[2001:db8::1]"), identity("2001:db8::1"));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        assert_eq!(identity("2001:db8:0:1::1"), identity("[2001:db8:0:1:ffff::2]:443"));
        assert_ne!(identity("2001:db8:0:1::1"), identity("2001:db8:0:2::1"));
        assert_eq!(identity("::ffff:192.0.2.1"), identity("192.0.2.1"));
    }

    #[test]
    fn so_many_bits_of_ipv6_count() {
        let identity = |text: &str, prefix| ClientIp::with_prefix(text.parse().unwrap(), prefix);
        assert_eq!(identity("2001:db8:1::", 32), identity("2001:db8:2::", 32));
        assert_ne!(identity("2001:db8::1", 128), identity("2001:db8::2", 128));
        assert_eq!(identity("2001:db8::1", 0), identity("::", 0));
        assert_ne!(identity("192.0.2.1", 0), identity("192.0.2.2", 0));
    }

    #[test]
    fn other_texts_are_no_address() {
        for text in ["", "unix:/run/x", "192.0.2", "[::1", "[192.0.2.1]", "\u{7f}"] {
            assert_eq!(identity(text), None, "{text:?}");
        }
        assert_eq!(parse_source_address(b"\xff"), None);
    }
}
