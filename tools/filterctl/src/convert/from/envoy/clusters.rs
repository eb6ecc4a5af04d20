//! Clusters.

use super::{items, number, routes::Input, text};
use crate::convert::{
    from::policy::buckets,
    model::{Endpoint, Scheme, Service},
};

impl Input<'_> {
    /// A cluster by its name.
    pub(super) fn cluster(&self, name: &str) -> Option<Service> {
        let mut found = None;
        for document in self.documents {
            document.root.walk(&mut |node| {
                if found.is_none() && node.get_text("name") == Some(name) {
                    found = node.field("load_assignment").map(|assignment| (node, assignment));
                }
            });
        }
        let (cluster, assignment) = found?;
        let mut endpoints = Vec::new();
        for group in items(assignment, "endpoints") {
            for entry in items(group, "lb_endpoints") {
                let address = entry.fields(&["endpoint", "address", "socket_address"])?;
                let host = text(address, "address")?.to_owned();
                let port =
                    number(address, "port_value").and_then(|port| u16::try_from(port).ok())?;
                let weight = number(entry, "load_balancing_weight").unwrap_or(1);
                endpoints.push(Endpoint { host, port, weight });
            }
        }
        let first = endpoints.first()?;
        let is_tls = cluster.field("transport_socket").is_some();
        let mut is_http2 = cluster.field("http2_protocol_options").is_some();
        if let Some(options) = cluster.field("typed_extension_protocol_options") {
            options.walk(&mut |node| {
                is_http2 = is_http2
                    || node.fields(&["explicit_http_config", "http2_protocol_options"]).is_some();
            });
        }
        let scheme = match (is_tls, is_http2) {
            (false, false) => Scheme::Http,
            (true, false) => Scheme::Https,
            (false, true) => Scheme::H2c,
            (true, true) => Scheme::H2,
        };
        let mut service = Service::new(name, scheme, &first.host, first.port);
        service.endpoints = endpoints;
        let timeout = text(cluster, "connect_timeout").and_then(milliseconds);
        service.connect_timeout_ms = timeout;
        Some(service)
    }
}

/// A duration in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    let whole = format!("{:.0}", seconds * 1000.0);
    whole
        .parse()
        .ok()
        .filter(|ms| *ms > 0)
        .or_else(|| Some(buckets::seconds(text)?.saturating_mul(1000)))
}
