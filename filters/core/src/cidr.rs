//! Address blocks (RFC 4632 section 3.1, RFC 4291 section 2.3).

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

/// An address block in CIDR notation.
///
/// An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is treated as its IPv4 address, in the
/// block and in the client address. An IPv6 block shorter than the mapped prefix, such as `::/0`,
/// contains no IPv4 address.
///
/// ```
/// use novasphere_core::Cidr;
/// let block = Cidr::parse("10.0.0.0/8")?;
/// assert!(block.contains("10.1.2.3".parse()?));
/// assert!(block.contains("::ffff:10.1.2.3".parse()?));
/// assert!(Cidr::parse("10.1.2.3/8").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr(IpNet);

/// Why a string is not an address block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidCidr {
    /// The text is not an address or a block.
    Syntax(String),
    /// The address has bits set beyond the prefix length.
    HostBits {
        /// The text.
        text: String,
        /// The block that contains the address.
        block: String,
    },
}

impl fmt::Display for InvalidCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => write!(
                f,
                "expected an address or a block such as 10.0.0.0/8 or 2001:db8::/32, got {text:?}"
            ),
            Self::HostBits { text, block } => {
                write!(f, "{text:?} has host bits set: write {block}")
            }
        }
    }
}

impl std::error::Error for InvalidCidr {}

impl Cidr {
    /// Parses `10.0.0.0/8`, `2001:db8::/32` or a single address.
    ///
    /// # Errors
    /// If the text is not an address or a block, or the address has host bits set.
    pub fn parse(text: &str) -> Result<Self, InvalidCidr> {
        let block = block(text).ok_or_else(|| InvalidCidr::Syntax(text.to_owned()))?;
        if block.addr() != block.network() {
            let block = block.trunc().to_string();
            return Err(InvalidCidr::HostBits { text: text.to_owned(), block });
        }
        Ok(Self(canonical(block)))
    }

    /// The address family whose every client address is in one of `blocks`.
    /// For IPv6 these are the global unicast addresses, `2000::/3` (RFC 4291 section 2.4).
    pub fn covered_family(blocks: &[Self]) -> Option<&'static str> {
        const GLOBAL: u128 = 0x2000 << 112;
        let v4 = blocks.iter().filter_map(|block| match block.0 {
            IpNet::V4(block) => {
                Some((block.network().to_bits().into(), block.broadcast().to_bits().into()))
            }
            IpNet::V6(_) => None,
        });
        let v6 = blocks.iter().filter_map(|block| match block.0 {
            IpNet::V4(_) => None,
            IpNet::V6(block) => Some((block.network().to_bits(), block.broadcast().to_bits())),
        });
        if covers(v4, 0, u32::MAX.into()) {
            Some("IPv4")
        } else if covers(v6, GLOBAL, GLOBAL | (u128::MAX >> 3)) {
            Some("IPv6")
        } else {
            None
        }
    }

    /// Whether the block contains `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Whether `ranges` together contain all numbers from `first` to `last`.
fn covers(ranges: impl Iterator<Item = (u128, u128)> + Clone, first: u128, last: u128) -> bool {
    let mut next = first;
    // Each round covers at least one more range.
    loop {
        let around = ranges.clone().filter(|(start, end)| (*start..=*end).contains(&next));
        match around.map(|(_, end)| end).max() {
            Some(end) if end >= last => return true,
            Some(end) => next = end.saturating_add(1),
            None => return false,
        }
    }
}

/// Parses the address with the standard library. `ipnet` also accepts octets with leading zeros,
/// which other parsers read as octal.
fn block(text: &str) -> Option<IpNet> {
    let Some((address, length)) = text.split_once('/') else {
        return Some(text.parse::<IpAddr>().ok()?.into());
    };
    let is_number = length.bytes().all(|b| b.is_ascii_digit());
    IpNet::new(address.parse().ok()?, length.parse().ok().filter(|_| is_number)?).ok()
}

/// An IPv4 block for a block of IPv4-mapped addresses.
fn canonical(block: IpNet) -> IpNet {
    const MAPPED_PREFIX: u8 = 96;
    let (IpAddr::V4(address), IpNet::V6(_)) = (block.addr().to_canonical(), block) else {
        return block;
    };
    let length = block.prefix_len().checked_sub(MAPPED_PREFIX);
    let mapped = length.and_then(|length| Ipv4Net::new(address, length).ok());
    mapped.map_or(block, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(block: &str, address: &str) -> bool {
        Cidr::parse(block).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn compares_only_the_prefix() {
        assert!(contains("10.0.0.0/8", "10.255.1.2"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.0.2.128/25", "192.0.2.255"));
        assert!(!contains("192.0.2.128/25", "192.0.2.127"));
        assert!(contains("0.0.0.0/0", "255.255.255.255"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(contains("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!contains("2001:db8::/33", "2001:db8:8000::1"));
    }

    #[test]
    fn single_address_is_a_block_of_one() {
        assert!(contains("::1", "::1"));
        assert!(!contains("::1", "::2"));
        assert!(!contains("192.0.2.1", "192.0.2.2"));
        assert_eq!(Cidr::parse("192.0.2.1"), Cidr::parse("192.0.2.1/32"));
        assert_eq!(Cidr::parse("::1"), Cidr::parse("::1/128"));
    }

    /// `ipnet` compares only addresses of the block's family.
    #[test]
    fn ipv4_mapped_address_is_the_ipv4_address() {
        assert!(contains("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(!contains("192.0.2.0/24", "::ffff:192.0.3.1"));
        assert!(!contains("192.0.2.0/24", "::192.0.2.1"));
    }

    #[test]
    fn ipv4_mapped_block_is_the_ipv4_block() {
        assert!(contains("::ffff:192.0.2.0/120", "192.0.2.1"));
        assert!(contains("::ffff:192.0.2.0/120", "::ffff:192.0.2.1"));
        assert!(!contains("::ffff:192.0.2.0/120", "192.0.3.1"));
        assert!(contains("::ffff:0:0/96", "192.0.2.1"));
        assert_eq!(Cidr::parse("::ffff:192.0.2.0/120"), Cidr::parse("192.0.2.0/24"));
        assert_eq!(Cidr::parse("::ffff:192.0.2.1"), Cidr::parse("192.0.2.1"));
    }

    /// The block `::fffe:0:0/95` includes the mapped prefix, but it is not an IPv4 block.
    #[test]
    fn families_do_not_mix() {
        for block in ["::/0", "::/8", "::fffe:0:0/95"] {
            assert!(!contains(block, "192.0.2.1"), "{block}");
            assert!(!contains(block, "::ffff:192.0.2.1"), "{block}");
        }
        assert!(!contains("0.0.0.0/0", "::1"));
    }

    #[test]
    fn blocks_cover_a_family_together() {
        let covered = |blocks: &[&str]| {
            let blocks: Vec<Cidr> =
                blocks.iter().map(|block| Cidr::parse(block).unwrap()).collect();
            Cidr::covered_family(&blocks)
        };
        assert_eq!(covered(&["10.0.0.0/8", "0.0.0.0/0"]), Some("IPv4"));
        assert_eq!(covered(&["128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"]), Some("IPv4"));
        assert_eq!(covered(&["::ffff:0:0/96"]), Some("IPv4"));
        assert_eq!(covered(&["::/0"]), Some("IPv6"));
        assert_eq!(covered(&["2000::/4", "3000::/4"]), Some("IPv6"));
        for some in [&["0.0.0.0/1", "10.0.0.0/8"][..], &["2000::/4"], &["fc00::/7"], &[]] {
            assert_eq!(covered(some), None, "{some:?}");
        }
    }

    #[test]
    fn rejects_other_forms() {
        for text in ["", "/8", "10/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "a/8", "10.0.0.0/8/8"]
        {
            assert_eq!(Cidr::parse(text), Err(InvalidCidr::Syntax(text.to_owned())));
        }
        let error = Cidr::parse("proxy").unwrap_err().to_string();
        assert!(error.starts_with("expected an address or a block such as 10.0.0.0/8"), "{error}");
        assert!(error.ends_with(", got \"proxy\""), "{error}");
    }

    /// `ipnet`'s own parser accepts leading zeros.
    #[test]
    fn rejects_octets_with_leading_zeros() {
        for text in ["010.0.0.0/8", "10.00.0.0/8", "010.0.0.1"] {
            assert!(Cidr::parse(text).is_err(), "{text}");
        }
        assert!("010.0.0.0/8".parse::<IpNet>().is_ok());
    }

    #[test]
    fn rejects_prefix_lengths_with_signs_or_spaces() {
        for text in ["10.0.0.0/+8", "10.0.0.0/-0", "10.0.0.0/ 8", "10.0.0.0 /8", " 10.0.0.0/8"] {
            assert!(Cidr::parse(text).is_err(), "{text}");
        }
    }

    /// `ipnet` accepts an address inside the block and ignores the other bits.
    #[test]
    fn rejects_host_bits_and_names_the_block() {
        for (text, block) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.1/120", "::ffff:192.0.2.0/120"),
        ] {
            let error = Cidr::parse(text).unwrap_err().to_string();
            let expected = format!("{text:?} has host bits set: write {block}");
            assert_eq!(error, expected);
        }
        assert!("10.1.2.3/8".parse::<IpNet>().is_ok());
    }
}
