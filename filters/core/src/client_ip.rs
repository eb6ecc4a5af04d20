//! Client addresses as identities.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What identifies a client by address: an IPv4 address, or an IPv6 network of
/// [`IPV6_PREFIX`](ClientIp::IPV6_PREFIX) bits, because one client commands all addresses of its
/// network. An IPv4-mapped IPv6 address is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(IpAddr);

impl ClientIp {
    /// The bits of an IPv6 address that count: the usual size of one subscriber's network.
    pub const IPV6_PREFIX: u32 = 64;

    /// The identity behind an address.
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => {
                let mask = u128::MAX << (128 - Self::IPV6_PREFIX);
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

/// Reads an address as hosts write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or
/// `[2001:db8::1]:80`.
pub fn parse_source_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Option<[u8; 16]> {
        parse_source_address(text.as_bytes()).map(|ip| ClientIp::new(ip).to_bytes())
    }

    #[test]
    fn the_port_does_not_count() {
        assert_eq!(identity("192.0.2.1:80"), identity("192.0.2.1:81"));
        assert_eq!(identity("192.0.2.1"), identity("192.0.2.1:81"));
        assert_ne!(identity("192.0.2.1"), identity("192.0.2.2"));
        assert_eq!(identity("[2001:db8::1]:80"), identity("2001:db8::1"));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        assert_eq!(identity("2001:db8:0:1::1"), identity("[2001:db8:0:1:ffff::2]:443"));
        assert_ne!(identity("2001:db8:0:1::1"), identity("2001:db8:0:2::1"));
        assert_eq!(identity("::ffff:192.0.2.1"), identity("192.0.2.1"));
    }

    #[test]
    fn other_texts_are_no_address() {
        for text in ["", "unix:/run/x", "192.0.2", "[::1", "\u{7f}"] {
            assert_eq!(identity(text), None, "{text:?}");
        }
        assert_eq!(parse_source_address(b"\xff"), None);
    }
}
