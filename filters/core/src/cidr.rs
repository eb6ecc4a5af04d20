//! Networks of addresses (RFC 4632 section 3.1, RFC 4291 section 2.3).

use std::net::IpAddr;

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address's bits, IPv4 ones as their IPv4-mapped form, so that both families are one.
    bits: u128,
    mask: u128,
}

impl Cidr {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address.
    ///
    /// # Errors
    /// What is wrong with `text`, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let none = || {
            format!(
                "{text:?} is not a network: write it as 10.0.0.0/8 or 2001:db8::/32, or a single address"
            )
        };
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| none())?;
        let whole: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|length| *length <= whole).ok_or_else(none)?
            }
            Some(_) => return Err(none()),
            None => whole,
        };
        let mask = u128::MAX.checked_shl(whole - length).unwrap_or(0);
        // The 96 bits before an IPv4 address count always.
        let mask = if address.is_ipv4() { mask | (u128::MAX << 32) } else { mask };
        let bits = bits(address);
        if bits & !mask != 0 {
            let start = match address {
                IpAddr::V4(v4) => IpAddr::from(
                    (v4.to_bits() & u32::MAX.checked_shl(32 - length).unwrap_or(0)).to_be_bytes(),
                ),
                IpAddr::V6(_) => IpAddr::from((bits & mask).to_be_bytes()),
            };
            return Err(format!(
                "{text:?} is no network: an address in it; write {start}/{length}"
            ));
        }
        Ok(Self { bits, mask })
    }

    /// Whether the address is of this network. An IPv4-mapped IPv6 address is the IPv4 address, and
    /// of no IPv6 network that is shorter than the mapping.
    pub fn contains(&self, address: IpAddr) -> bool {
        let is_ipv6_only = self.mask != self.mask | (u128::MAX << 32);
        let is_ipv4 = address.to_canonical().is_ipv4();
        !(is_ipv6_only && is_ipv4) && bits(address) & self.mask == self.bits
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Cidr::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn the_first_bits_count() {
        assert!(contains("10.0.0.0/8", "10.255.1.2"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.0.2.128/25", "192.0.2.255"));
        assert!(!contains("192.0.2.128/25", "192.0.2.127"));
        assert!(contains("0.0.0.0/0", "255.255.255.255"));
        assert!(!contains("0.0.0.0/0", "::1"), "of the other family");
        assert!(contains("::/0", "2001:db8::1"));
        for network in ["::/0", "::/8", "::fffe:0:0/95"] {
            assert!(!contains(network, "192.0.2.1"), "{network}");
            assert!(!contains(network, "::ffff:192.0.2.1"), "{network}");
        }
        assert!(contains("::ffff:192.0.2.0/120", "192.0.2.1"));
        assert!(contains("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!contains("2001:db8::/33", "2001:db8:8000::1"));
        assert!(contains("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!contains("192.0.2.1", "192.0.2.2"));
        assert!(contains("::1", "::1"));
    }

    #[test]
    fn other_texts_are_no_networks() {
        for text in ["", "/8", "10/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "::/129", "a/8"] {
            let error = Cidr::parse(text).unwrap_err();
            assert!(error.contains("write it as 10.0.0.0/8"), "{text:?}: {error}");
        }
    }

    #[test]
    fn an_address_inside_is_told_its_network() {
        for (text, start) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
        ] {
            let error = Cidr::parse(text).unwrap_err();
            assert!(error.ends_with(&format!("write {start}")), "{error}");
        }
    }
}
