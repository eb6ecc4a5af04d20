//! Routes that are never selected, and routes without jwt-auth.

use std::collections::{BTreeMap, HashSet};

use novasphere_explain::FilterKind;

use crate::{
    chains::Chains,
    check::lints::report::Report,
    finding::codes,
    found::{PathCondition, Platform, Project, Route},
};

pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let groups: HashSet<usize> = project.routes.iter().map(|route| route.group).collect();
    let mut groups: Vec<usize> = groups.into_iter().collect();
    groups.sort_unstable();
    for group in groups {
        let routes: Vec<&Route> = project.routes.iter().filter(|r| r.group == group).collect();
        // A listener without filters, such as one for metrics.
        if routes.iter().any(|route| !route.filters.is_empty()) {
            unreachable(&routes, report);
            without_auth(&routes, chains, report);
        }
    }
}

fn unreachable(routes: &[&Route], report: &mut Report) {
    let mut covered: BTreeMap<usize, &Route> = BTreeMap::new();
    for (n, earlier) in routes.iter().enumerate().filter(|(_, r)| r.other_conditions.is_empty()) {
        let path = earlier.path.compiled();
        for (m, route) in routes.iter().enumerate().skip(n.saturating_add(1)) {
            let has_methods = earlier.methods.is_empty()
                || !route.methods.is_empty()
                    && route.methods.iter().all(|m| earlier.methods.contains(m));
            let is_covered = !route.is_sibling_of(earlier)
                && !route.is_alternative_of(earlier)
                && has_methods
                && earlier.has_listeners_of(route)
                && has_same_hosts(earlier, route)
                && path.covers(&route.path);
            if is_covered {
                covered.entry(m).or_insert(earlier);
            }
        }
    }
    for (m, earlier) in &covered {
        let Some(route) = routes.get(*m) else { continue };
        // Another alternative of the rule may be selected, or the same one on another entry point.
        let mut same = routes.iter().enumerate().filter(|(_, r)| r.is_of_same_router(route));
        if same.all(|(n, _)| covered.contains_key(&n)) {
            let message = format!(
                "the route {:?} is never selected: {:?} before it matches all its requests",
                route.name, earlier.name
            );
            report.add(&codes::UNREACHABLE_ROUTE, route.place.clone(), message);
        }
    }
}

/// Virtual hosts are selected before routes, so only routes of the same host names compete.
fn has_same_hosts(earlier: &Route, route: &Route) -> bool {
    match route.platform {
        Platform::Envoy | Platform::EnvoyGateway | Platform::Istio => {
            earlier.domains == route.domains
        }
        _ => {
            earlier.domains.is_empty()
                || !route.domains.is_empty()
                    && route.domains.iter().all(|domain| earlier.domains.contains(domain))
        }
    }
}

fn without_auth(routes: &[&Route], chains: &Chains<'_>, report: &mut Report) {
    let has_auth =
        |route: &Route| chains.of_route(route).iter().any(|step| step.kind == FilterKind::JwtAuth);
    let (protected, open): (Vec<&Route>, Vec<&Route>) =
        routes.iter().copied().partition(|route| has_auth(route));
    if protected.is_empty() {
        return;
    }
    for route in open.into_iter().filter(|route| route.direct.is_none()) {
        // A route for everything else has no exempt path.
        if let Some(prefix) = exempt_prefix(&route.path) {
            let message = format!(
                "the route {:?} runs without jwt-auth and also matches {prefix}XYZ",
                route.name
            );
            report.add(&codes::EXEMPT_PREFIX, route.place.clone(), message);
        }
        let upstream = route.service_name.as_deref();
        // On Traefik, another check looks for the middleware that removes forged headers.
        let is_traefik = matches!(route.platform, Platform::Traefik | Platform::TraefikKubernetes);
        let is_protected = protected.iter().any(|other| other.service_name.as_deref() == upstream);
        if !is_traefik && upstream.is_some() && is_protected {
            let message = format!(
                "the route {:?} runs without jwt-auth, but other routes protect its upstream",
                route.name
            );
            report.add(&codes::ROUTE_WITHOUT_AUTH, route.place.clone(), message);
        }
    }
}

/// A prefix that also matches longer names.
fn exempt_prefix(path: &PathCondition) -> Option<&str> {
    match path {
        PathCondition::Prefix(prefix) if !prefix.ends_with('/') && prefix.len() > 1 => Some(prefix),
        PathCondition::AnyCase(condition) => exempt_prefix(condition),
        PathCondition::OneOf(all) => all.iter().find_map(exempt_prefix),
        // A single narrow condition makes the whole narrow.
        PathCondition::All(all) => {
            let found: Option<Vec<&str>> = all.iter().map(exempt_prefix).collect();
            found?.first().copied()
        }
        _ => None,
    }
}
