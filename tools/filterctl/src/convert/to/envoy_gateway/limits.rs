//! The limits of HTTPRoutes. The API server rejects an HTTPRoute beyond them, and a wider one would
//! then match its requests.

use super::routes::path_entry;
use crate::convert::{
    model::{Action, Gateway, NewPath, PathMatch, Route, Service, block_overlapping},
    report::Report,
};

/// Host names of an HTTPRoute.
const MAX_HOSTS: usize = 16;
/// Rules of an HTTPRoute.
const MAX_RULES: usize = 16;
/// Matches of a rule.
const MAX_MATCHES: usize = 64;
/// Letters of a path.
const MAX_PATH: usize = 1024;
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const REDIRECTS: [i64; 5] = [301, 302, 303, 307, 308];

/// Why no HTTPRoute does what a route does with its requests.
pub(super) fn fault(route: &Route, service: Option<&Service>) -> Option<String> {
    match &route.action {
        Action::Redirect(to) if !REDIRECTS.contains(&to.status) => {
            Some(format!("HTTPRoutes have no redirect with status {}", to.status))
        }
        Action::Redirect(to) if to.host.as_ref().is_some_and(|host| !is_host(host)) => {
            Some("HTTPRoutes have no redirect to this host".to_owned())
        }
        Action::Forward => {
            let is_rewritten = |service: &&Service| !route.preserve_host && !is_host(&service.host);
            let service = service.filter(is_rewritten)?;
            Some(format!("HTTPRoutes cannot set Host to {}", service.host))
        }
        _ => None,
    }
}

/// Removes the conditions that HTTPRoutes cannot express, and blocks the routes that would match
/// their requests.
pub(super) fn without_unknown(gateway: &mut Gateway, report: &mut Report) {
    let mut lost: Vec<Route> = Vec::new();
    gateway.routes.retain_mut(|route| {
        route.hosts.iter_mut().for_each(|host| host.make_ascii_lowercase());
        align_paths(route);
        let mut lost = Lost { parts: &mut lost, report };
        let is_method = |method: &String| METHODS.contains(&method.as_str());
        let is_name = |host: &String| is_host(host.strip_prefix("*.").unwrap_or(host));
        let is_path = |path: &PathMatch| path_entry(path).text("value").is_none_or(is_short);
        lost.take(route, "methods", |route| &mut route.methods, is_method)
            && lost.take(route, "host names", |route| &mut route.hosts, is_name)
            && lost.take(route, "paths", |route| &mut route.paths, is_path)
    });
    for part in &lost {
        let reason = format!("it would match requests of route {}, which are left out", part.name);
        block_overlapping(gateway, part, &reason, report);
    }
}

/// The parts of routes that no HTTPRoute has.
struct Lost<'l> {
    parts: &'l mut Vec<Route>,
    report: &'l mut Report,
}

impl Lost<'_> {
    /// Moves the unknown conditions of a route to a lost one. Returns whether the route has others.
    fn take<T>(
        &mut self,
        route: &mut Route,
        what: &str,
        list: impl Fn(&mut Route) -> &mut Vec<T>,
        is_known: impl Fn(&T) -> bool,
    ) -> bool {
        if list(route).iter().all(&is_known) {
            return true;
        }
        let mut part = route.clone();
        list(&mut part).retain(|item| !is_known(item));
        self.parts.push(part);
        list(route).retain(is_known);
        let message = format!("route {}: {what} that HTTPRoutes do not have", route.name);
        self.report.left_out(&route.place, message);
        !list(route).is_empty()
    }
}

/// Writes paths that an HTTPRoute only accepts as expressions as such.
fn align_paths(route: &mut Route) {
    let replaces = match &route.action {
        Action::Forward => route.strip_path,
        Action::Redirect(to) => matches!(to.path, Some(NewPath::Prefix(_))),
        _ => false,
    };
    for path in route.paths.iter_mut().filter(|path| !path.is_regex() && !is_path(path.text())) {
        if !replaces {
            *path = PathMatch::Regex(path.whole_regex());
        }
    }
}

/// Whether an HTTPRoute accepts a path that is no expression.
pub(super) fn is_path(path: &str) -> bool {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@".contains(c);
    let is_odd = |part: &str| path.contains(part);
    path.starts_with('/')
        && path.chars().all(is_known)
        && !["//", "/./", "/../"].into_iter().any(is_odd)
        && !path.ends_with("/.")
        && !path.ends_with("/..")
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty()
            && label.chars().all(is_known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

fn is_short(path: &str) -> bool {
    path.len() <= MAX_PATH
}

/// Splits routes with more host names or matches than an HTTPRoute has.
pub(super) fn split(gateway: &mut Gateway) {
    let routes = std::mem::take(&mut gateway.routes);
    for route in routes {
        // A rule that replaces a prefix has one match.
        let replaces = route.strip_path || matches!(route.action, Action::Redirect(_));
        let matches = if replaces { MAX_RULES } else { MAX_MATCHES };
        let paths = matches.checked_div(route.methods.len()).unwrap_or(matches).max(1);
        for hosts in parts(&route.hosts, MAX_HOSTS) {
            for paths in parts(&route.paths, paths) {
                let part = Route { hosts: hosts.clone(), paths, ..route.clone() };
                gateway.add_route(part);
            }
        }
    }
}

/// The items in lists of at most this length. One empty list for none.
fn parts<T: Clone>(items: &[T], length: usize) -> Vec<Vec<T>> {
    match items {
        [] => vec![Vec::new()],
        items => items.chunks(length).map(<[T]>::to_vec).collect(),
    }
}
