//! Host names of virtual hosts.

use novasphere_explain::FilterKind;

use crate::{
    chains::{Step, facts::is_true, manager::Manager},
    check::lints::report::Report,
    finding::codes,
    found::Place,
    source::Node,
};

pub(super) fn check(manager: &Manager<'_>, steps: &[Step<'_>], report: &mut Report) {
    let blocks = steps
        .iter()
        .any(|step| step.kind == FilterKind::Cors && is_true(step.config, "block_disallowed"));
    let strips = ["strip_any_host_port", "strip_matching_host_port"]
        .iter()
        .any(|name| manager.is_true(name))
        || manager.text(&["route_config", "ignore_port_in_host_matching"]) == Some("true");
    let hosts = manager.node.fields(&["route_config", "virtual_hosts"]);
    for host in hosts.map(Node::items).unwrap_or_default() {
        let domains = host.get("domains").map(Node::items).unwrap_or_default();
        let texts: Vec<&str> = domains.iter().filter_map(Node::text).collect();
        // A host that only redirects or responds itself protects nothing.
        let has_upstream = host
            .get("routes")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .any(|route| route.get("route").is_some());
        for domain in domains.iter().filter(|_| has_upstream) {
            let Some(text) = domain.text() else { continue };
            let place = Place { file: manager.document.file, span: domain.span.clone() };
            if text == "*" {
                let code = if blocks { &codes::REBINDING } else { &codes::ANY_DOMAIN };
                report.add(code, place, "domains: * matches every host name");
            } else if !strips && lacks_port(text, &texts) {
                let message =
                    format!("domains: {text} without {text}:* does not match with a port");
                report.add(&codes::DOMAIN_WITHOUT_PORT, place, message);
            }
        }
    }
}

fn lacks_port(domain: &str, all: &[&str]) -> bool {
    let with_port = format!("{domain}:");
    !domain.contains([':', '*']) && !all.iter().any(|other| other.starts_with(&with_port))
}
