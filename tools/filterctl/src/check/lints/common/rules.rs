//! Rules that never apply, and limits that count twice.

use std::collections::HashSet;

use novasphere_explain::FilterKind;
use serde_json::Value;

use crate::{
    check::lints::{
        chain::{Chain, Chains, Step},
        facts::{items, text},
        report::Report,
    },
    finding::codes,
    found::{Platform, Project, Route},
};

/// The fields that decide which limiters share their counts.
const IDENTITY: [&str; 15] = [
    "second",
    "minute",
    "hour",
    "day",
    "month",
    "year",
    "window",
    "limit_by",
    "header_name",
    "claim_name",
    "path",
    "on_unresolved",
    "name",
    "scope",
    "max_clients",
];

/// Two limiters of one chain that share their counts.
pub(super) fn counted_twice(chain: &Chain<'_>, report: &mut Report) {
    let identity = |limit: &Step<'_>| IDENTITY.map(|name| limit.config.get(name).cloned());
    let limits: Vec<_> = chain.of_kind(FilterKind::RateLimit).map(|(_, limit)| limit).collect();
    for (n, limit) in limits.iter().enumerate() {
        if limits.iter().take(n).any(|earlier| identity(earlier) == identity(limit)) {
            let message = "counts each request again: an earlier rate-limit of the chain has the \
                           same limits, identity and name";
            report.add(&codes::COUNTED_TWICE, limit.place(""), limit.says(message));
        }
    }
}

/// Rules for routes and paths that do not exist. On a filter without a route, nothing is known.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let filters: HashSet<usize> =
        project.routes.iter().flat_map(|route| route.filters.iter().copied()).collect();
    let mut filters: Vec<usize> = filters.into_iter().collect();
    filters.sort_unstable();
    for filter in filters {
        let routes: Vec<&Route> =
            project.routes.iter().filter(|route| route.filters.contains(&filter)).collect();
        // Several services often have the same rules.
        let groups: HashSet<usize> = routes.iter().map(|route| route.group).collect();
        let alternatives: Vec<&Route> =
            project.routes.iter().filter(|route| groups.contains(&route.group)).collect();
        for step in chains.steps(filter) {
            let lists: &[&str] = match step.kind {
                FilterKind::JwtAuth => &["skip", "rules"],
                FilterKind::RateLimit => &["rules"],
                _ => continue,
            };
            for list in lists {
                for (i, rule) in items(step.config, list).iter().enumerate() {
                    let rule = (format!("{list}[{i}]"), rule);
                    unknown_route(&step, &rule, &routes, report);
                    unrouted(&step, &rule, &alternatives, report);
                }
            }
        }
    }
}

/// Istio and Envoy Gateway generate the names of their routes, and Traefik gives filters none.
fn unknown_route(
    step: &Step<'_>,
    (path, rule): &(String, &Value),
    routes: &[&Route],
    report: &mut Report,
) {
    let has_names =
        matches!(step.found.platform, Platform::Envoy | Platform::Kong | Platform::KongIngress);
    let Some(name) = text(rule, "route").filter(|_| has_names) else { return };
    if !routes.iter().any(|route| route.route_name.as_deref() == Some(name)) {
        let path = format!("{path}.route");
        let message = format!("{path}: no route with this filter has the name {name:?}");
        report.add(&codes::UNKNOWN_ROUTE, step.place(&path), step.says(&message));
    }
}

fn unrouted(
    step: &Step<'_>,
    (path, rule): &(String, &Value),
    routes: &[&Route],
    report: &mut Report,
) {
    let fields = ["path", "path_prefix"].into_iter();
    let Some((field, value)) = fields.filter_map(|f| Some((f, text(rule, f)?))).next() else {
        return;
    };
    let may_match = |route: &&Route| {
        // A prefix also applies to routes below it.
        let is_below = route
            .path
            .starts()
            .is_none_or(|starts| starts.iter().any(|start| start.starts_with(value)));
        route.path.matches(value) != Some(false) || field == "path_prefix" && is_below
    };
    if !routes.iter().any(may_match) {
        let path = format!("{path}.{field}");
        let message = format!("{path}: no route leads to {value:?}");
        report.add(&codes::UNROUTED_RULE, step.place(&path), step.says(&message));
    }
}
