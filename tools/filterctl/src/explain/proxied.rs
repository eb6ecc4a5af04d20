//! [`Routed::send`]: a request through the filters, with the proxy's own changes and responses.

use std::net::IpAddr;

use super::{decisions::PROXY, routing::Routed};
use novasphere_explain::{Chain, Explanation, Input, Line, Response};

impl Routed {
    /// Sends a request through the filters of the route. They see the names that the host gives to
    /// route and service, and X-Forwarded-For as the proxy passes it on. After the filters, the
    /// route may respond itself.
    pub fn send(&self, chain: &mut Chain, input: &mut Input) -> Explanation {
        input.facts.route.clone_from(&self.route_name);
        input.facts.service.clone_from(&self.service_name);
        if let Some(address) = input.facts.client_address.filter(|_| self.appends_peer) {
            append_forwarded_for(&mut input.request.headers, address);
        }
        let Some(direct) = self.direct else { return chain.send(input) };
        // Filters see the proxy's own response like an upstream's.
        input.upstream = Response::new(direct.status.unwrap_or(UNKNOWN_STATUS));
        let mut explanation = chain.send(input);
        if explanation.upstream.take().is_some() {
            explanation.decided_by = Some((PROXY, "direct_response"));
            if direct.status.is_none() {
                let remark = "the status of the proxy's own response is not in the files";
                explanation.remarks.push(remark.to_owned());
            }
        }
        explanation
    }
}

/// The status of a response that is not in the files.
pub(super) const UNKNOWN_STATUS: u16 = 0;

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
