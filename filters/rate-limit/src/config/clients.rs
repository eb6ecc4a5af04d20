//! Addresses and lists of clients.

use novasphere_core::{BuildContext, Cidr};

use super::rules::{AddressFrom, ClientIpConfig, ClientsConfig};
use crate::{
    address::{ClientAddress, From},
    lists::Clients,
};

const MOST_HOPS: u32 = 16;

/// Where addresses come from.
pub(super) fn address(config: &ClientIpConfig, cx: &mut BuildContext<'_>) -> ClientAddress {
    if !(32..=128).contains(&config.ipv6_prefix) {
        let prefix = config.ipv6_prefix;
        cx.fault("client_ip.ipv6_prefix", format!("must be 32 to 128, not {prefix}"));
    }
    let trusted = cidrs(&config.trusted_cidrs, "client_ip.trusted_cidrs", cx);
    let from = match (config.from, config.trusted_hops, trusted.is_empty()) {
        (AddressFrom::Connection, hops, no_cidrs) => {
            for (field, given) in [("trusted_hops", hops.is_some()), ("trusted_cidrs", !no_cidrs)] {
                if given {
                    let message = "has no effect without client_ip.from: forwarded_for";
                    cx.fault(format!("client_ip.{field}"), message);
                }
            }
            From::Connection
        }
        (AddressFrom::ForwardedFor, Some(hops), true) => {
            if !(1..=MOST_HOPS).contains(&hops) {
                let message = format!("must be 1 to {MOST_HOPS}, not {hops}");
                cx.fault("client_ip.trusted_hops", message);
            }
            From::Hops(usize::try_from(hops).unwrap_or(1))
        }
        (AddressFrom::ForwardedFor, None, false) => From::Trusted(trusted),
        (AddressFrom::ForwardedFor, _, _) => {
            let message = "needs exactly one of trusted_hops and trusted_cidrs: without, every \
                           client writes its own address";
            cx.fault("client_ip", message);
            From::Connection
        }
    };
    ClientAddress { from, ipv6_prefix: config.ipv6_prefix.clamp(32, 128) }
}

/// The list in the field `at`.
pub(super) fn list(config: &ClientsConfig, at: &str, cx: &mut BuildContext<'_>) -> Clients {
    for (i, _) in config.consumers.iter().enumerate().filter(|(_, name)| name.is_empty()) {
        cx.fault(format!("{at}.consumers[{i}]"), "is empty");
    }
    if !config.consumers.is_empty() && !cx.clears_identity_headers() {
        cx.warn(&format!(
            "{at}.consumers believes X-Consumer-ID and X-Consumer-Username: use it only where \
             jwt-auth, before this filter, takes away what clients send under these names"
        ));
    }
    Clients {
        cidrs: cidrs(&config.cidrs, &format!("{at}.cidrs"), cx),
        consumers: config.consumers.clone(),
    }
}

fn cidrs(texts: &[String], at: &str, cx: &mut BuildContext<'_>) -> Vec<Cidr> {
    let mut cidrs = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        match Cidr::parse(text) {
            Ok(cidr) => cidrs.push(cidr),
            Err(error) => cx.fault(format!("{at}[{i}]"), error.to_string()),
        }
    }
    cidrs
}
