//! Headers that only jwt-auth may set.

use std::collections::BTreeSet;

use novasphere_explain::FilterKind;

use crate::{
    chains::{
        Chains, Step,
        facts::{OWNED, owned_headers},
        manager::Manager,
    },
    check::lints::report::Report,
    finding::codes,
    found::Project,
    source::Node,
};

pub(super) fn check(
    manager: &Manager<'_>,
    steps: &[Step<'_>],
    project: &Project,
    chains: &Chains<'_>,
    report: &mut Report,
) {
    let removed = removed(manager.node);
    let missing: Vec<String> =
        owned(steps).into_iter().filter(|name| !removed.contains(name)).collect();
    let place = manager.place("early_header_mutation_extensions");
    let logged: Vec<&str> =
        missing.iter().map(String::as_str).filter(|name| is_logged(manager.node, name)).collect();
    let has_auth = |step: &Step<'_>| step.kind == FilterKind::JwtAuth;
    let open = project.routes.iter().filter(|_| !missing.is_empty()).find(|route| {
        manager.groups.contains(&route.group)
            && route.direct.is_none()
            && !chains.of_route(route).iter().any(has_auth)
    });
    let from_claims: Vec<&str> = missing
        .iter()
        .map(String::as_str)
        .filter(|name| !OWNED.contains(name) || !removed.is_empty())
        .collect();
    if let Some(route) = open {
        let message = format!(
            "forged identity headers reach the upstream on the route {:?}: remove {} early",
            route.name,
            missing.join(", ")
        );
        report.add(&codes::FORGED_IDENTITY, place, message);
    } else if !logged.is_empty() {
        let message = format!(
            "forged identity headers reach the access log: remove {} early",
            logged.join(", ")
        );
        report.add(&codes::FORGED_IDENTITY, place, message);
    } else if !from_claims.is_empty() {
        let message = format!("only jwt-auth removes {}", from_claims.join(", "));
        report.add(&codes::IDENTITY_NOT_REMOVED_EARLY, place, message);
    }
}

/// The headers that the jwt-auths among filters own.
pub(in crate::check::lints) fn owned(steps: &[Step<'_>]) -> BTreeSet<String> {
    let jwt_auths = steps.iter().filter(|step| step.kind == FilterKind::JwtAuth);
    jwt_auths.flat_map(owned_headers).collect()
}

/// The headers that a connection manager removes before its filters run.
pub(in crate::check::lints) fn removed(manager: &Node) -> BTreeSet<String> {
    let mut removed = BTreeSet::new();
    let extensions = manager.field("early_header_mutation_extensions");
    for extension in extensions.map(Node::items).unwrap_or_default() {
        extension.walk(&mut |node| {
            removed.extend(node.get_text("remove").map(str::to_ascii_lowercase));
        });
    }
    removed
}

/// Whether the access log prints a request header: `%REQ(X-USER-ID)%`.
fn is_logged(manager: &Node, name: &str) -> bool {
    let start = format!("%req({name}");
    let mut is_logged = false;
    if let Some(log) = manager.field("access_log") {
        log.walk(&mut |node| {
            let text = node.text().unwrap_or_default().to_ascii_lowercase();
            is_logged |=
                text.split_once(&start).is_some_and(|(_, rest)| rest.starts_with([')', '?', ':']));
        });
    }
    is_logged
}
