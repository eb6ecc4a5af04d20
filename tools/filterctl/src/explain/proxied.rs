//! [`Routed::send`]: a request with what the proxy does to it before the filters.

use std::net::IpAddr;

use novasphere_explain::{Chain, Explanation, Input, Line, ProxyKind};
use serde_json::Value;

use super::routing::Routed;
use crate::{
    chains::{configs, facts::text},
    found::Project,
};

impl Routed {
    /// Sends a request through the filters of the route. They see the names that the host gives to
    /// route and service, and X-Forwarded-For as the proxy passes it on.
    pub fn send(&self, chain: &mut Chain, input: &mut Input) -> Explanation {
        input.facts.route.clone_from(&self.route_name);
        input.facts.service.clone_from(&self.service_name);
        if let Some(address) = input.facts.client_address.filter(|_| self.appends_peer) {
            append_forwarded_for(&mut input.request.headers, address);
        }
        chain.send(input)
    }
}

/// Appends an address to X-Forwarded-For, as Envoy does: all lines become one.
fn append_forwarded_for(headers: &mut Vec<Line>, address: IpAddr) {
    let is_forwarded_for = |(name, _): &Line| name == b"x-forwarded-for";
    let address = address.to_string().into_bytes();
    let own = headers.iter().filter(|line| is_forwarded_for(line));
    let entries: Vec<&[u8]> =
        own.map(|(_, value)| value.as_slice()).chain([address.as_slice()]).collect();
    let joined = entries.join(&b',');
    headers.retain(|line| !is_forwarded_for(line));
    headers.push((b"x-forwarded-for".to_vec(), joined));
}

/// What the proxy may do to a request that is not known from the files.
pub(super) fn remarks(project: &Project, routed: &Routed) -> Vec<String> {
    let mut remarks = Vec::new();
    let has = |kind| project.filters.iter().any(|filter| filter.platform.proxy() == kind);
    let is_unknown = project.request_handling.is_empty() && has(ProxyKind::Envoy);
    if is_unknown && !routed.appends_peer && configs(project).iter().any(reads_forwarded_for) {
        remarks.push(
            "X-Forwarded-For is taken as sent; with use_remote_address, Envoy appends the client's \
             address to it, so add it with -H"
                .to_owned(),
        );
    }
    remarks
}

/// Whether rate-limit, or that of a gateway, reads `X-Forwarded-For`.
fn reads_forwarded_for(config: &Value) -> bool {
    let client_ip = config.get("rate_limit").unwrap_or(config).get("client_ip");
    client_ip.is_some_and(|client_ip| text(client_ip, "from") == Some("forwarded_for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_appended_to_all_lines() {
        let line = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        for (sent, expected) in [
            (vec![], "192.0.2.1"),
            (vec!["203.0.113.7"], "203.0.113.7,192.0.2.1"),
            (vec!["203.0.113.7, 10.0.0.1", "10.0.0.2"], "203.0.113.7, 10.0.0.1,10.0.0.2,192.0.2.1"),
        ] {
            let mut headers: Vec<Line> =
                sent.iter().map(|value| line("x-forwarded-for", value)).collect();
            headers.push(line("x-a", "1"));
            append_forwarded_for(&mut headers, [192, 0, 2, 1].into());
            assert_eq!(headers, [line("x-a", "1"), line("x-forwarded-for", expected)]);
        }
    }
}
