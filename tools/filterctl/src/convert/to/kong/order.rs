//! The order of the input in Kong's terms.
//!
//! Kong tries the routes with the most kinds of conditions first, then those with exact hosts, then
//! expressions by `regex_priority`, then the longest paths (kong/router/transform.lua of 3.9).

use std::cmp::Reverse;

use crate::convert::{
    model::{Action, Entry, Gateway, PathMatch, Route, block_misplaced, escape, in_order},
    report::Report,
};

/// The methods of a route for all methods, beside routes with some of them.
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// The gateway with routes that Kong tries in the order of the input.
pub(super) fn prepared(gateway: &Gateway, report: &mut Report) -> Gateway {
    let mut prepared = gateway.clone();
    for route in &mut prepared.routes {
        if matches!(route.action, Action::Redirect(_)) {
            route.block("Kong 3.5 to 3.8 have no redirects", report);
        } else if matches!(route.action, Action::Respond(_)) && !route.chain.is_empty() {
            route.block("a fixed response behind filters is not supported on Kong", report);
        }
    }
    if !gateway.is_ordered {
        return prepared;
    }
    let mut ordered = with_priorities(&prepared);
    block_misplaced(&mut ordered, "Kong", key, report);
    ordered
}

/// Routes whose `regex_priority` gives their order, with the same kinds of conditions.
fn with_priorities(gateway: &Gateway) -> Gateway {
    let mut routes: Vec<Route> = Vec::new();
    let mut last: Option<(&str, Vec<&str>)> = None;
    for Entry { route, hosts, path } in in_order(gateway) {
        let current = (route.name.as_str(), hosts.clone());
        let expression = path.map_or_else(any_path, expression);
        match routes.last_mut().filter(|_| last.as_ref() == Some(&current)) {
            Some(same) => same.paths.push(expression),
            None => {
                let mut new = route.clone();
                new.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
                new.paths = vec![expression];
                routes.push(new);
            }
        }
        last = Some(current);
    }
    let has_methods = routes.iter().any(|route| !route.methods.is_empty());
    let count = i64::try_from(routes.len()).unwrap_or(i64::MAX);
    let mut ordered = Gateway { routes: Vec::new(), is_host_final: false, ..gateway.clone() };
    for (position, mut route) in (0_i64..).zip(routes) {
        route.priority = position.saturating_neg();
        route.regex_priority = count.saturating_sub(position);
        if has_methods && route.methods.is_empty() {
            route.methods = METHODS.map(str::to_owned).to_vec();
        }
        ordered.add_route(route);
    }
    ordered
}

fn any_path() -> PathMatch {
    PathMatch::RegexStart("/".to_owned())
}

/// The path as an expression. Kong tries expressions before prefixes, and only expressions have
/// priorities.
fn expression(path: &PathMatch) -> PathMatch {
    match path {
        path if path.is_any() => any_path(),
        PathMatch::Prefix(prefix) => PathMatch::RegexStart(escape(prefix)),
        path => path.clone(),
    }
}

/// Kong's order of the prepared routes.
fn key(entry: &Entry<'_>) -> (Reverse<usize>, Reverse<bool>, Reverse<i64>) {
    let route = entry.route;
    let kinds = [!route.hosts.is_empty(), !route.methods.is_empty()];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let is_plain = !route.hosts.is_empty() && !route.hosts.iter().any(|host| host.contains('*'));
    (Reverse(kinds), Reverse(is_plain), Reverse(route.regex_priority))
}
