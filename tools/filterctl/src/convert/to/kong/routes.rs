//! Routes, and those that Kong answers itself.

use crate::convert::{
    model::{Action, PathMatch, Response, Route},
    to::ids::id,
    yaml::Map,
};

/// A route of a service.
pub(super) fn entry(route: &Route) -> Map {
    let mut entry = Map::new()
        .with("id", route.id.clone().unwrap_or_else(|| id("route", &route.name)))
        .with("name", route.name.as_str());
    entry.set_list("hosts", route.hosts.clone());
    entry.set_list("paths", route.paths.iter().map(path).collect());
    entry.set_list("methods", route.methods.clone());
    if route.regex_priority != 0 {
        entry.set("regex_priority", route.regex_priority);
    }
    let own = ["hosts", "paths", "methods"].iter().all(|name| entry.get(name).is_none());
    if own && ["headers", "snis"].iter().all(|name| route.kong.get(name).is_none()) {
        // Kong rejects a route without conditions.
        entry.set("paths", vec!["/"]);
    }
    entry.set("strip_path", route.strip_path);
    entry.set("preserve_host", route.preserve_host);
    if route.requires_tls {
        entry.set("protocols", vec!["https"]);
    }
    entry.extend(&route.kong);
    entry
}

/// A route without a service, which Kong answers itself. `None` for a route that forwards requests.
/// If the plugin were missing, Kong would answer 503, too.
pub(super) fn answered(route: &Route) -> Option<Map> {
    let blocked = Response::blocked();
    let response = match &route.action {
        Action::Respond(response) => response,
        Action::Block | Action::Redirect(_) => &blocked,
        Action::Forward => return None,
    };
    let mut config = Map::new().with("status_code", response.status);
    if !response.body.is_empty() {
        config.set("content_type", "text/plain");
        config.set("body", response.body.as_str());
    }
    let plugin = Map::new()
        .with("id", id("plugin", &route.name))
        .with("name", "request-termination")
        .with("config", config);
    let mut entry = entry(route);
    entry.set("plugins", vec![plugin]);
    if route.is_blocked() {
        entry.comment("plugins", "Blocked: the report has the reason.");
    }
    Some(entry)
}

fn path(path: &PathMatch) -> String {
    match path {
        PathMatch::Prefix(prefix) => prefix.clone(),
        PathMatch::Segments(prefix) if prefix == "/" => prefix.clone(),
        PathMatch::Segments(_) => format!("~{}(/|$)", path.start_regex()),
        PathMatch::Exact(_) | PathMatch::Regex(_) => format!("~{}$", path.whole_regex()),
        PathMatch::RegexStart(regex) => format!("~{}", regex),
    }
}
