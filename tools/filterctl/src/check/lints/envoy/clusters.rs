//! Clusters that filters and routes name.

use std::collections::{HashMap, HashSet};

use novasphere_explain::FilterKind;

use crate::{
    chains::{
        Chains, Step,
        facts::{is_true, items, text},
    },
    check::lints::report::Report,
    finding::codes,
    found::{Document, DocumentKind, Place, Platform, Project},
    source::Node,
};

pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let documents = || project.documents_of(&DocumentKind::Envoy);
    let clusters: Clusters<'_> = documents().flat_map(|(_, document)| clusters(document)).collect();
    let is_complete = |document: &Document| {
        let root = &document.root;
        root.field("static_resources").is_some()
            && root.fields(&["dynamic_resources", "cds_config"]).is_none()
            && root.fields(&["dynamic_resources", "ads_config"]).is_none()
    };
    // A cluster of a discovery service is known only there.
    let all_known = documents().any(|(_, document)| is_complete(document))
        && !documents().any(|(_, d)| d.root.field("static_resources").is_some() && !is_complete(d));
    let mut tls_checked = HashSet::new();
    for named in named(project, chains) {
        let Some((document, cluster)) = clusters.get(named.cluster.as_str()) else {
            if all_known {
                let message = format!("{}: no cluster is named {:?}", named.by, named.cluster);
                report.add(&codes::UNKNOWN_CLUSTER, named.place, message);
            }
            continue;
        };
        let socket = cluster.field("transport_socket");
        if socket.is_none() && named.is_https {
            let message = format!(
                "{}: the cluster {} has no transport_socket: keys are fetched without TLS",
                named.by, named.cluster
            );
            report.add(&codes::FETCH_WITHOUT_TLS, named.place, message);
        }
        if let Some(socket) = socket.filter(|_| tls_checked.insert(named.cluster.clone())) {
            tls(document, cluster, socket, report);
        }
    }
}

type Clusters<'p> = HashMap<&'p str, (&'p Document, &'p Node)>;

/// The clusters of a document: static ones, and resources of a discovery service or a dump.
fn clusters(document: &Document) -> Vec<(&str, (&Document, &Node))> {
    let mut found = Vec::new();
    document.root.walk(&mut |node| {
        let is_cluster = ["load_assignment", "connect_timeout", "lb_policy", "eds_cluster_config"];
        let is_cluster = is_cluster.into_iter().any(|name| node.field(name).is_some());
        if let Some(name) = node.get_text("name").filter(|_| is_cluster) {
            found.push((name, (document, node)));
        }
    });
    found
}

/// A name of a cluster.
struct Named {
    cluster: String,
    place: Place,
    /// The filter's field, or the route.
    by: String,
    is_https: bool,
}

fn named(project: &Project, chains: &Chains<'_>) -> Vec<Named> {
    let mut all = Vec::new();
    for (index, filter) in project.filters.iter().enumerate() {
        if filter.platform == Platform::Envoy {
            all.extend(chains.steps(index).iter().flat_map(of_filter));
        }
    }
    for route in project.routes.iter().filter(|route| route.platform == Platform::Envoy) {
        if let Some(cluster) = &route.service_name {
            let by = format!("the route {:?}", route.name);
            let cluster = cluster.clone();
            all.push(Named { cluster, place: route.place.clone(), by, is_https: false });
        }
    }
    all
}

fn of_filter(step: &Step<'_>) -> Vec<Named> {
    let mut named = Vec::new();
    if step.kind == FilterKind::JwtAuth {
        for (i, issuer) in items(step.config, "jwks").iter().enumerate() {
            let is_discovery = is_true(issuer, "discovery");
            let url =
                text(issuer, "uri").or_else(|| text(issuer, "issuer").filter(|_| is_discovery));
            named.extend(upstream(step, issuer, url, &format!("jwks[{i}]")));
        }
    }
    if let Some(redis) = step.config.get("redis").filter(|_| step.kind == FilterKind::RateLimit) {
        named.extend(upstream(step, redis, text(redis, "uri"), "redis"));
    }
    named
}

fn upstream(
    step: &Step<'_>,
    config: &serde_json::Value,
    url: Option<&str>,
    path: &str,
) -> Option<Named> {
    let is_https = url.is_some_and(|url| url.starts_with("https://"));
    let (field, cluster) = match text(config, "cluster") {
        Some(cluster) => ("cluster", cluster.to_owned()),
        None => ("uri", authority(url?)?),
    };
    let path = format!("{path}.{field}");
    Some(Named { cluster, place: step.place(&path), by: step.says(&path), is_https })
}

/// Host and port of a URL: the cluster that a filter without `cluster` uses.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = if scheme == "https" { 443 } else { 80 };
    Some(if has_port { authority.to_owned() } else { format!("{authority}:{port}") })
}

fn tls(document: &Document, cluster: &Node, socket: &Node, report: &mut Report) {
    let name = cluster.get_text("name").unwrap_or_default();
    let Some(config) = socket.field("typed_config") else { return };
    let is_tls = config.get_text("@type").is_some_and(|url| url.ends_with(".UpstreamTlsContext"));
    if !is_tls {
        return;
    }
    let has = |names: &[&str]| {
        let mut found = false;
        cluster.walk(&mut |node| {
            found |= names
                .iter()
                .any(|name| node.field(name).is_some_and(|value| value.text() != Some("false")));
        });
        found
    };
    if !has(&["sni", "auto_sni", "auto_host_sni"]) {
        let message = format!("the cluster {name} uses TLS without sni");
        report.add(&codes::CLUSTER_WITHOUT_SNI, document.place(socket), message);
    }
    const AUTHORITIES: [&str; 5] = [
        "trusted_ca",
        "system_root_certs",
        "validation_context_sds_secret_config",
        "ca_certificate_provider_instance",
        "custom_validator_config",
    ];
    const NAMES: [&str; 5] = [
        "match_typed_subject_alt_names",
        "match_subject_alt_names",
        "auto_san_validation",
        "auto_sni_san_validation",
        "verify_certificate_hash",
    ];
    let pins = has(&["verify_certificate_hash", "verify_certificate_spki"]);
    // The secret of a discovery service can hold names, too.
    let is_remote = has(&["validation_context_sds_secret_config", "custom_validator_config"]);
    let message = if !pins && !has(&AUTHORITIES) {
        "accepts any certificate: set trusted_ca and match_typed_subject_alt_names"
    } else if !pins && !is_remote && !has(&NAMES) {
        "accepts a certificate for any name: set match_typed_subject_alt_names"
    } else {
        return;
    };
    let message = format!("the cluster {name} {message}");
    report.add(&codes::CLUSTER_UNVERIFIED, document.place(socket), message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_cluster_is_host_and_port() {
        for (url, expected) in [
            ("https://id.x.io/keys", "id.x.io:443"),
            ("http://id.x.io?x", "id.x.io:80"),
            ("https://id.x.io:8443", "id.x.io:8443"),
        ] {
            assert_eq!(authority(url).as_deref(), Some(expected));
        }
    }
}
