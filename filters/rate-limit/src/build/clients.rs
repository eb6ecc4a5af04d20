//! The client address, and lists of clients.

use novasphere_core::{BuildContext, Cidr};

use super::range::within;
use crate::{
    client::{AddressSource, ClientAddress, ClientList},
    config::{AddressFrom, ClientIpConfig, ClientsConfig},
};

const MAX_HOPS: u32 = 16;

#[cold]
pub(super) fn address(config: &ClientIpConfig, cx: &mut BuildContext<'_>) -> ClientAddress {
    within("client_ip.ipv6_prefix", config.ipv6_prefix, (32, 128), " bits", cx);
    let trusted = cidrs(&config.trusted_cidrs, "client_ip.trusted_cidrs", cx);
    let source = match (config.from, config.trusted_hops, trusted.is_empty()) {
        (AddressFrom::Connection, hops, no_cidrs) => {
            for (field, given) in [("trusted_hops", hops.is_some()), ("trusted_cidrs", !no_cidrs)] {
                if given {
                    let message = "has no effect without client_ip.from: forwarded_for";
                    cx.fault(format!("client_ip.{field}"), message);
                }
            }
            AddressSource::Connection
        }
        (AddressFrom::ForwardedFor, Some(hops), true) => {
            within("client_ip.trusted_hops", hops, (1, MAX_HOPS), "", cx);
            AddressSource::Hops(usize::try_from(hops).unwrap_or(1))
        }
        (AddressFrom::ForwardedFor, None, false) => {
            if let Some(family) = Cidr::covered_family(&trusted) {
                let message = format!(
                    "trusts every {family} address, so clients choose their own address: list only \
                     the networks of the proxies in front, such as 10.0.0.0/8"
                );
                cx.warn("client_ip.trusted_cidrs", &message);
            }
            AddressSource::TrustedProxies(trusted)
        }
        (AddressFrom::ForwardedFor, _, _) => {
            let message = "requires exactly one of trusted_hops and trusted_cidrs with from: \
                           forwarded_for. Without them, clients could choose their address";
            cx.fault("client_ip", message);
            AddressSource::Connection
        }
    };
    ClientAddress { source, ipv6_prefix: config.ipv6_prefix.clamp(32, 128) }
}

/// The list in the field at `path`.
#[cold]
pub(super) fn list(config: &ClientsConfig, path: &str, cx: &mut BuildContext<'_>) -> ClientList {
    for (i, _) in config.consumers.iter().enumerate().filter(|(_, name)| name.is_empty()) {
        cx.fault(format!("{path}.consumers[{i}]"), "must not be empty");
    }
    if !config.consumers.is_empty() && !cx.clears_identity_headers() {
        let message = "trusts X-Consumer-ID and X-Consumer-Username: use it only behind jwt-auth, \
                       which removes these headers from requests";
        cx.warn(&format!("{path}.consumers"), message);
    }
    let cidrs = cidrs(&config.cidrs, &format!("{path}.cidrs"), cx);
    ClientList::new(cidrs, config.consumers.clone())
}

#[cold]
fn cidrs(texts: &[String], path: &str, cx: &mut BuildContext<'_>) -> Vec<Cidr> {
    let mut cidrs = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        match Cidr::parse(text) {
            Ok(cidr) => cidrs.push(cidr),
            Err(error) => cx.fault(format!("{path}[{i}]"), error.to_string()),
        }
    }
    cidrs
}
