//! The rules of routers.

use std::cmp::Reverse;

use crate::convert::model::{Gateway, PathMatch, Route};

/// Routes, each with one of its paths, in the order in which they are tried.
pub(super) fn in_order(gateway: &Gateway) -> Vec<(&Route, Option<&PathMatch>)> {
    let mut entries = Vec::new();
    for route in &gateway.routes {
        match route.paths.as_slice() {
            [] => entries.push((route, None)),
            paths => entries.extend(paths.iter().map(|path| (route, Some(path)))),
        }
    }
    entries.sort_by_key(|(route, path)| {
        let kind = match path {
            Some(PathMatch::Exact(_)) => 0,
            Some(path) if path.is_regex() => 1,
            Some(_) => 2,
            None => 3,
        };
        let regex_priority = if kind == 1 { route.regex_priority } else { 0 };
        let length = path.map_or(0, |path| path.text().len());
        let rank = (Reverse(route.priority), kind, Reverse(regex_priority), Reverse(length));
        (host_rank(route), rank)
    });
    entries
}

/// Exact host names first, then wildcards, then routes for all hosts.
fn host_rank(route: &Route) -> u8 {
    match route.hosts.as_slice() {
        [] => 2,
        hosts if hosts.iter().any(|host| host.contains('*')) => 1,
        _ => 0,
    }
}

/// The rule of a route.
pub(super) fn rule(route: &Route, path: Option<&PathMatch>) -> String {
    let mut parts = Vec::new();
    let hosts = route.hosts.iter().map(|host| host_matcher(host)).collect::<Vec<_>>();
    parts.extend(either(hosts));
    parts.extend(path.map(path_matcher));
    let methods = route.methods.iter().map(|method| matcher("Method", method));
    parts.extend(either(methods.collect()));
    if parts.is_empty() { matcher("PathPrefix", "/") } else { parts.join(" && ") }
}

fn either(matchers: Vec<String>) -> Option<String> {
    match matchers.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" || "))),
    }
}

fn matcher(name: &str, argument: &str) -> String {
    match argument.contains('`') {
        true => format!("{name}({argument:?})"),
        false => format!("{name}(`{argument}`)"),
    }
}

fn host_matcher(host: &str) -> String {
    if host == "*" {
        return matcher("PathPrefix", "/");
    }
    if !host.contains('*') {
        return matcher("Host", host);
    }
    let regex = host.replace('.', r"\.").replace('*', ".+");
    matcher("HostRegexp", &format!("^{regex}$"))
}

fn path_matcher(path: &PathMatch) -> String {
    match path {
        PathMatch::Exact(path) => matcher("Path", path),
        path if path.is_any() => matcher("PathPrefix", "/"),
        PathMatch::Prefix(prefix) => matcher("PathPrefix", prefix),
        PathMatch::Segments(prefix) => {
            let prefix = prefix.trim_end_matches('/');
            let below = matcher("PathPrefix", &format!("{prefix}/"));
            format!("({} || {below})", matcher("Path", prefix))
        }
        path => matcher("PathRegexp", &format!("^(?:{})$", path.whole_regex())),
    }
}
