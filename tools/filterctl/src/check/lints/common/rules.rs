//! Rules that never apply, and limits that count twice.

use std::collections::{BTreeSet, HashMap};

use novasphere_explain::FilterKind;
use serde_json::Value;

use crate::{
    chains::{
        Chain, Chains, Step,
        facts::{items, text},
    },
    check::lints::report::Report,
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
    let mut routes_of: HashMap<usize, Vec<&Route>> = HashMap::new();
    for route in &project.routes {
        for filter in route.filters.iter().collect::<BTreeSet<_>>() {
            routes_of.entry(*filter).or_default().push(route);
        }
    }
    let mut paths = RoutedPaths { project, known: HashMap::new() };
    for filter in routes_of.keys().copied().collect::<BTreeSet<_>>() {
        let routes = routes_of.get(&filter).map(Vec::as_slice).unwrap_or_default();
        for step in chains.steps(filter) {
            let lists: &[&str] = match step.kind {
                FilterKind::JwtAuth => &["skip", "rules"],
                FilterKind::RateLimit => &["rules"],
                _ => continue,
            };
            for list in lists {
                for (i, rule) in items(step.config, list).iter().enumerate() {
                    let rule = (format!("{list}[{i}]"), rule);
                    unknown_route(&step, &rule, routes, report);
                    unrouted(&step, &rule, routes, &mut paths, report);
                }
            }
        }
    }
}

/// Reports a `route` that no route has as its name. Istio generates the names of its routes, and
/// Traefik gives filters no names. The names that Envoy Gateway generates have a known start.
fn unknown_route(
    step: &Step<'_>,
    (path, rule): &(String, &Value),
    routes: &[&Route],
    report: &mut Report,
) {
    let has_names =
        matches!(step.found.platform, Platform::Envoy | Platform::Kong | Platform::KongIngress);
    let Some(name) = text(rule, "route") else { return };
    if step.found.platform == Platform::EnvoyGateway && !is_generated(name) {
        let path = format!("{path}.route");
        let message = format!(
            "{path}: no route has the name {name:?}: Envoy Gateway generates names such as \
             httproute/NAMESPACE/NAME/rule/0/match/0/HOST, with _ for each dot of the host"
        );
        report.add(&codes::UNKNOWN_ROUTE, step.place(&path), step.says(&message));
    }
    if has_names && !routes.iter().any(|route| route.route_name.as_deref() == Some(name)) {
        let path = format!("{path}.route");
        let message = format!("{path}: no route with this filter has the name {name:?}");
        report.add(&codes::UNKNOWN_ROUTE, step.place(&path), step.says(&message));
    }
}

/// Whether Envoy Gateway may generate this name.
fn is_generated(name: &str) -> bool {
    ["httproute/", "grpcroute/"].into_iter().any(|start| name.starts_with(start))
}

fn unrouted(
    step: &Step<'_>,
    (path, rule): &(String, &Value),
    routes: &[&Route],
    paths: &mut RoutedPaths<'_>,
    report: &mut Report,
) {
    let fields = ["path", "path_prefix"].into_iter();
    let Some((field, value)) = fields.filter_map(|f| Some((f, text(rule, f)?))).next() else {
        return;
    };
    let groups = routes.iter().map(|route| route.group).collect();
    if !paths.has_route(groups, field == "path_prefix", value) {
        let path = format!("{path}.{field}");
        let message = format!("{path}: no route leads to {value:?}");
        report.add(&codes::UNROUTED_RULE, step.place(&path), step.says(&message));
    }
}

/// The paths of rules, and whether a route leads to each. Many routes often have the same rules.
struct RoutedPaths<'p> {
    project: &'p Project,
    known: HashMap<(BTreeSet<usize>, bool, String), bool>,
}

impl RoutedPaths<'_> {
    /// Whether a route leads to a path, also one without this filter: several services often have
    /// the same rules.
    fn has_route(&mut self, groups: BTreeSet<usize>, is_prefix: bool, path: &str) -> bool {
        let key = (groups, is_prefix, path.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let may_match = |route: &Route| {
            // A prefix also applies to routes below it.
            let is_below = || {
                let starts = route.path.starts();
                starts.is_none_or(|starts| starts.iter().any(|start| start.starts_with(path)))
            };
            route.path.matches(path) != Some(false) || is_prefix && is_below()
        };
        let mut routes = self.project.routes.iter().filter(|route| key.0.contains(&route.group));
        let has_route = routes.any(may_match);
        self.known.insert(key, has_route);
        has_route
    }
}
