//! Connections of clients: `ClientTrafficPolicy`, and patches of connection managers by `EnvoyFilter`.

use novasphere_explain::FilterKind;

use crate::{
    chains::{Chains, Step},
    check::lints::{
        envoy::{hops, identity_headers},
        report::Report,
    },
    finding::codes,
    found::{Object, Objects, Place, Platform, Project},
    source::Node,
};

pub(super) fn check(
    project: &Project,
    objects: &Objects<'_>,
    chains: &Chains<'_>,
    report: &mut Report,
) {
    let steps = |platform: Platform| -> Vec<Step<'_>> {
        let filters = project.filters.iter().enumerate();
        let filters = filters.filter(|(_, filter)| filter.platform == platform);
        filters.flat_map(|(index, _)| chains.steps(index)).collect()
    };
    let of_gateway = steps(Platform::EnvoyGateway);
    for policy in objects.of_kind("ClientTrafficPolicy") {
        if let Some(spec) = policy.spec().filter(|_| !of_gateway.is_empty()) {
            client_policy(*policy, spec, &of_gateway, report);
        }
    }
    let of_istio = steps(Platform::Istio);
    for filter in objects.of_kind("EnvoyFilter").iter().filter(|_| !of_istio.is_empty()) {
        patches(*filter, &of_istio, report);
    }
}

fn client_policy(policy: Object<'_>, spec: &Node, steps: &[Step<'_>], report: &mut Report) {
    let place = |node: &Node| Place { file: policy.document.file, span: node.head() };
    let slashes = spec.at(&["path", "escapedSlashesAction"]);
    if let Some(node) = slashes.filter(|node| node.text() == Some("KeepUnchanged")) {
        let message = "escapedSlashesAction: KeepUnchanged: paths can bypass routes and rules";
        report.add(&codes::ESCAPED_SLASHES_KEPT, place(node), message);
    }
    let underscores = spec.at(&["headers", "withUnderscoresAction"]);
    if let Some(node) = underscores.filter(|node| node.text() == Some("Allow")) {
        let message = "withUnderscoresAction: Allow: a forged x_user_id passes";
        report.add(&codes::UNDERSCORES_ALLOWED, place(node), message);
    }
    let early = spec.at(&["headers", "earlyRequestHeaders"]);
    let removed = early.and_then(|early| early.get("remove")).map(Node::items).unwrap_or_default();
    let removed: Vec<String> =
        removed.iter().filter_map(|name| Some(name.text()?.to_ascii_lowercase())).collect();
    let missing: Vec<String> =
        identity_headers::owned(steps).into_iter().filter(|name| !removed.contains(name)).collect();
    if !missing.is_empty() {
        let node = early.or(spec.get("headers")).unwrap_or(spec);
        let message = format!("earlyRequestHeaders: only jwt-auth removes {}", missing.join(", "));
        report.add(&codes::IDENTITY_NOT_REMOVED_EARLY, place(node), message);
    }
    address_detection(policy, spec.get("clientIPDetection"), steps, report);
}

fn address_detection(
    policy: Object<'_>,
    detection: Option<&Node>,
    steps: &[Step<'_>],
    report: &mut Report,
) {
    let forwarded = detection.and_then(|detection| detection.get("xForwardedFor"));
    let header = detection.and_then(|detection| detection.get("customHeader"));
    let networks = forwarded.and_then(|forwarded| forwarded.get("trustedCIDRs"));
    let trusted = forwarded.and_then(|forwarded| forwarded.get_text("numTrustedHops"));
    let trusted: u64 = trusted.and_then(|text| text.parse().ok()).unwrap_or(0);
    let limits = steps.iter().filter(|step| step.kind == FilterKind::RateLimit);
    for limit in limits {
        let Some(hops) = hops(limit) else { continue };
        if let Some(node) = header.or(networks) {
            let place = policy.document.place(node);
            let message = "rate-limit reads X-Forwarded-For, to which Envoy appends nothing with \
                           this setting";
            report.add(&codes::DETECTION_BREAKS_ADDRESS, place, message);
        } else if hops != trusted.saturating_add(1) {
            let message = format!(
                "client_ip.trusted_hops: expected {} with numTrustedHops: {trusted}, got {hops}",
                trusted.saturating_add(1)
            );
            let place = limit.place("client_ip.trusted_hops");
            report.add(&codes::WRONG_HOPS, place, limit.says(&message));
        }
    }
}

/// Patches that remove some identity headers early, but not all.
fn patches(filter: Object<'_>, steps: &[Step<'_>], report: &mut Report) {
    let mut managers = Vec::new();
    filter.document.root.walk(&mut |node| {
        if node.field("early_header_mutation_extensions").is_some() {
            managers.push(node);
        }
    });
    for manager in managers {
        let removed = identity_headers::removed(manager);
        let owned = identity_headers::owned(steps);
        let missing: Vec<&str> = owned.difference(&removed).map(String::as_str).collect();
        let list = manager.field("early_header_mutation_extensions").unwrap_or(manager);
        if !missing.is_empty() {
            let message = format!("only jwt-auth removes {}", missing.join(", "));
            let place = filter.document.place(list);
            report.add(&codes::IDENTITY_NOT_REMOVED_EARLY, place, message);
        }
    }
}
