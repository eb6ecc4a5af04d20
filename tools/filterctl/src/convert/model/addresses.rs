//! [`Addresses`]: client addresses that may pass.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Client addresses that may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Networks that may pass. Empty for all.
    pub allow: Vec<IpNet>,
    /// Networks that may not pass, even if they are in `allow`.
    pub deny: Vec<IpNet>,
}

impl Addresses {
    /// Parses a network or a single address.
    pub fn parse(text: &str) -> Option<IpNet> {
        let text = text.trim();
        let network = text.parse::<IpNet>().ok();
        network
            .or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
            .map(|network| network.trunc())
    }

    /// All networks that may not pass.
    pub fn denied(&self) -> Vec<IpNet> {
        let mut denied = if self.allow.is_empty() { Vec::new() } else { others(&self.allow) };
        denied.extend(&self.deny);
        IpNet::aggregate(&denied)
    }

    /// All networks that may pass.
    pub fn allowed(&self) -> Vec<IpNet> {
        if self.deny.is_empty() && !self.allow.is_empty() {
            return self.allow.clone();
        }
        others(&self.denied())
    }

    /// Only addresses that pass both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self.allow.is_empty(), other.allow.is_empty()) {
            (_, true) => Self {
                allow: self.allow.clone(),
                deny: [self.deny.clone(), other.deny.clone()].concat(),
            },
            (true, false) => other.and(self),
            (false, false) => {
                Self { allow: self.allow.clone(), deny: [self.denied(), other.denied()].concat() }
            }
        }
    }
}

/// The addresses outside of the networks, as networks.
fn others(networks: &[IpNet]) -> Vec<IpNet> {
    let v4 = Ipv4Net::new(Ipv4Addr::UNSPECIFIED, 0).map(IpNet::from);
    let v6 = Ipv6Net::new(Ipv6Addr::UNSPECIFIED, 0).map(IpNet::from);
    let mut found = Vec::new();
    for root in [v4, v6].into_iter().flatten() {
        add_others(root, networks, &mut found);
    }
    found
}

fn add_others(root: IpNet, networks: &[IpNet], found: &mut Vec<IpNet>) {
    if networks.iter().any(|network| network.contains(&root)) {
        return;
    }
    let within: Vec<IpNet> = networks.iter().filter(|n| root.contains(*n)).copied().collect();
    if within.is_empty() {
        found.push(root);
        return;
    }
    for half in root.subnets(root.prefix_len().saturating_add(1)).into_iter().flatten() {
        add_others(half, &within, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| Addresses::parse(text).unwrap()).collect()
    }

    #[test]
    fn denies_everything_that_is_not_allowed() {
        let addresses = Addresses {
            allow: networks(&["128.0.0.0/1", "0.0.0.0/2"]),
            deny: networks(&["192.0.2.7"]),
        };
        assert_eq!(addresses.denied(), networks(&["64.0.0.0/2", "192.0.2.7", "::/0"]));
        let passing = addresses.allowed();
        let passes = |address: &str| {
            let address: std::net::IpAddr = address.parse().unwrap();
            passing.iter().any(|network| network.contains(&address))
        };
        assert!(passes("10.0.0.1") && passes("192.0.2.8"));
        assert!(!passes("192.0.2.7") && !passes("64.0.0.1") && !passes("2001:db8::1"));
    }

    #[test]
    fn combines_two_checks() {
        let one = Addresses { allow: networks(&["10.0.0.0/8"]), deny: Vec::new() };
        let two = Addresses { allow: networks(&["10.1.0.0/16"]), deny: networks(&["10.1.1.1"]) };
        let both = one.and(&two).denied();
        let denied = |address: &str| {
            let address: std::net::IpAddr = address.parse().unwrap();
            both.iter().any(|network| network.contains(&address))
        };
        assert!(denied("10.0.0.1") && denied("10.1.1.1") && !denied("10.1.2.3"));
    }
}
