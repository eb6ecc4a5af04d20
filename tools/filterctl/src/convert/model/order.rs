//! The order in which routes are tried.

use std::cmp::Reverse;

use super::{Gateway, PathMatch, Route, overlap::may_overlap};
use crate::convert::report::Report;

/// A route with some of its hosts and one of its paths.
#[derive(Clone, Debug)]
pub struct Entry<'g> {
    /// The route.
    pub route: &'g Route,
    /// Hosts of one class. Empty for all hosts.
    pub hosts: Vec<&'g str>,
    /// The path. `None` for all paths.
    pub path: Option<&'g PathMatch>,
}

/// The class of a host: exact names come first, then `*.example.com`, `example.*` and all hosts, and
/// of each class the longest.
pub type HostClass = (u8, Reverse<usize>);

impl Entry<'_> {
    /// The class of the hosts.
    pub fn host_class(&self) -> HostClass {
        self.hosts.first().map_or((3, Reverse(0)), |host| host_class(host))
    }
}

fn host_class(host: &str) -> HostClass {
    match host {
        "*" => (3, Reverse(0)),
        _ if host.starts_with('*') => (1, Reverse(host.len())),
        _ if host.ends_with('*') => (2, Reverse(host.len())),
        _ => (0, Reverse(0)),
    }
}

/// All routes in the order in which they are tried, without virtual hosts.
pub fn in_order(gateway: &Gateway) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for route in &gateway.routes {
        let classes = if gateway.is_by_priority() { one_class(route) } else { classes(route) };
        for hosts in classes {
            let entry = |path| Entry { route, hosts: hosts.clone(), path };
            match route.paths.as_slice() {
                [] => entries.push(entry(None)),
                paths => entries.extend(paths.iter().map(|path| entry(Some(path)))),
            }
        }
    }
    let class = |entry: &Entry<'_>| match gateway.is_by_priority() {
        true => (0, Reverse(0)),
        false => entry.host_class(),
    };
    entries.sort_by_key(|entry| (class(entry), rank(entry.route, entry.path)));
    entries
}

fn one_class(route: &Route) -> Vec<Vec<&str>> {
    vec![route.hosts.iter().map(String::as_str).collect()]
}

/// The hosts of a route by class. One empty list for all hosts.
fn classes(route: &Route) -> Vec<Vec<&str>> {
    let mut classes: Vec<Vec<&str>> = Vec::new();
    for host in route.hosts.iter().map(String::as_str) {
        let is_same = |class: &&mut Vec<&str>| {
            class.first().is_some_and(|first| host_class(first) == host_class(host))
        };
        match classes.iter_mut().find(is_same) {
            Some(class) => class.push(host),
            None => classes.push(vec![host]),
        }
    }
    if classes.is_empty() { vec![Vec::new()] } else { classes }
}

/// The order of routes for the same hosts.
pub(super) type Rank = (i64, u8, i64, Reverse<usize>, bool, bool);

/// Lower ranks are tried first: by priority, then exact paths, expressions, and longer prefixes. Of
/// equal paths, a blocked route is first, then one with methods.
pub(super) fn rank(route: &Route, path: Option<&PathMatch>) -> Rank {
    let (kind, regex_priority) = match path {
        Some(PathMatch::Exact(_)) => (0, 0),
        Some(PathMatch::Regex(_) | PathMatch::RegexStart(_)) => (1, route.regex_priority),
        Some(_) => (2, 0),
        None => (3, 0),
    };
    let length = path.map_or(0, |path| path.text().len());
    (
        route.priority.saturating_neg(),
        kind,
        regex_priority.saturating_neg(),
        Reverse(length),
        !route.is_blocked(),
        route.methods.is_empty(),
    )
}

/// Blocks the routes that the proxy of the output tries before routes which come first in the input.
/// `key` is the proxy's order: lower ones are tried first.
pub fn block_misplaced<K: Ord>(
    gateway: &mut Gateway,
    proxy: &str,
    key: impl Fn(&Entry<'_>) -> K,
    report: &mut Report,
) {
    let entries = in_order(gateway);
    let mut reasons: Vec<(String, String)> = Vec::new();
    for (n, later) in entries.iter().enumerate() {
        let before = entries.iter().take(n);
        let mut wrong = before.filter(|earlier| {
            key(later) <= key(earlier)
                && !is_equivalent(later.route, earlier.route)
                && may_overlap(later, earlier)
        });
        if let Some(earlier) = wrong.next().filter(|_| !later.route.is_blocked()) {
            reasons.push((later.route.name.clone(), earlier.route.name.clone()));
        }
    }
    for (name, earlier) in reasons {
        let route = gateway.routes.iter_mut().find(|r| r.name == name && !r.is_blocked());
        if let Some(route) = route {
            route.block(&format!("{proxy} would try it before route {earlier}"), report);
        }
    }
}

/// Blocks the routes after a lost one that may match its requests.
pub fn block_overlapping(gateway: &mut Gateway, lost: &Route, reason: &str, report: &mut Report) {
    let paths: Vec<Option<&PathMatch>> = match lost.paths.as_slice() {
        [] => vec![None],
        paths => paths.iter().map(Some).collect(),
    };
    let hosts: Vec<&str> = lost.hosts.iter().map(String::as_str).collect();
    let entries = paths.into_iter().map(|path| Entry { route: lost, hosts: hosts.clone(), path });
    let entries: Vec<Entry<'_>> = entries.collect();
    let overlapping: Vec<String> = in_order(gateway)
        .iter()
        .filter(|entry| !entry.route.is_blocked() && entry.route.name != lost.name)
        .filter(|entry| entries.iter().any(|lost| may_overlap(lost, entry)))
        .map(|entry| entry.route.name.clone())
        .collect();
    let routes = gateway.routes.iter_mut();
    for route in routes.filter(|route| overlapping.contains(&route.name)) {
        route.block(reason, report);
    }
}

/// Whether it makes no difference which of two routes gets a request.
fn is_equivalent(one: &Route, other: &Route) -> bool {
    one.name == other.name
        || (one.action == other.action
            && one.service == other.service
            && one.chain == other.chain
            && one.strip_path == other.strip_path
            && one.preserve_host == other.preserve_host)
}
