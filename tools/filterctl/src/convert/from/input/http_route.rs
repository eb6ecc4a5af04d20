//! Rules of an HTTPRoute of the Gateway API.

use super::{
    kubernetes::Object,
    route_filters::{self, RouteFilters},
};
use crate::{
    convert::{
        model::{Action, PathMatch, Route},
        report::Report,
    },
    source::Node,
};

/// A rule of an HTTPRoute.
#[derive(Debug)]
pub struct Rule<'n> {
    /// A route for each method, without services and filters.
    pub routes: Vec<Route>,
    /// The name, the namespace and the port of the Service.
    pub backend: Option<(String, String, Option<&'n Node>)>,
    pub filters: RouteFilters,
}

/// Reads a rule.
///
/// # Errors
/// Why it cannot be converted.
pub fn rule<'n>(
    object: &Object<'_>,
    rule: &'n Node,
    report: &mut Report,
) -> Result<Rule<'n>, String> {
    let hosts = hostnames(object);
    let mut routes: Vec<Route> = Vec::new();
    let matches = rule.get("matches").map(Node::items).unwrap_or_default();
    for condition in matches {
        for name in ["headers", "queryParams"] {
            if condition.get(name).is_some() {
                return Err(format!("conditions in {name} are not supported"));
            }
        }
        let path = condition.get("path").map(path).transpose()?;
        let method = condition.get_text("method").map(str::to_owned);
        let methods: Vec<String> = method.into_iter().collect();
        match routes.iter_mut().find(|route| route.methods == methods) {
            Some(route) => route.paths.extend(path),
            None => {
                let mut route = Route::new(object.name, 0, object.document.place(rule));
                route.hosts.clone_from(&hosts);
                route.methods = methods;
                route.paths.extend(path);
                routes.push(route);
            }
        }
    }
    if routes.is_empty() {
        let mut route = Route::new(object.name, 0, object.document.place(rule));
        route.hosts = hosts;
        routes.push(route);
    }
    let filters = route_filters::read(object, rule, report)?;
    if let Some(redirect) = &filters.redirect {
        routes.iter_mut().for_each(|route| route.action = Action::Redirect(redirect.clone()));
    }
    if filters.prefix.is_some() {
        strip(&mut routes)?;
    }
    let backends = rule.get("backendRefs").map(Node::items).unwrap_or_default();
    if backends.len() > 1 {
        let message = format!("{}: all backends but the first", object.describe());
        report.left_out(&object.document.place(rule), message);
    }
    if backends.iter().any(|backend| backend.get("filters").is_some()) {
        return Err("filters of its backends are not supported".to_owned());
    }
    let backend = backends.first().and_then(|backend| {
        let name = backend.get_text("name")?.to_owned();
        let namespace = backend.get_text("namespace").unwrap_or(object.namespace).to_owned();
        Some((name, namespace, backend.get("port")))
    });
    Ok(Rule { routes, backend, filters })
}

/// Makes routes replace the part of the path that they match.
fn strip(routes: &mut [Route]) -> Result<(), String> {
    for route in routes {
        if !route.paths.iter().all(|path| matches!(path, PathMatch::Segments(_))) {
            return Err("its rewrite replaces the prefix of a path that is none".to_owned());
        }
        route.strip_path = !route.paths.iter().all(PathMatch::is_any);
    }
    Ok(())
}

/// The routes of a rule without the conditions that [`rule`] does not support: they match at least
/// the requests of the rule.
pub fn widened(object: &Object<'_>, rule: &Node) -> Vec<Route> {
    let mut route = Route::new(object.name, 0, object.document.place(rule));
    route.hosts = hostnames(object);
    let matches = rule.get("matches").map(Node::items).unwrap_or_default();
    let routes = matches.iter().map(|condition| {
        let mut route = route.clone();
        route.paths.extend(condition.get("path").and_then(|node| path(node).ok()));
        route.methods.extend(condition.get_text("method").map(str::to_owned));
        route
    });
    let routes: Vec<Route> = routes.collect();
    if routes.is_empty() { vec![route] } else { routes }
}

fn hostnames(object: &Object<'_>) -> Vec<String> {
    let names = object.items(&["spec", "hostnames"]).iter();
    names.filter_map(|name| name.text().map(str::to_owned)).collect()
}

fn path(node: &Node) -> Result<PathMatch, String> {
    let value = node.get_text("value").unwrap_or("/").to_owned();
    let path = match node.get_text("type") {
        Some("Exact") => PathMatch::Exact(value),
        Some("RegularExpression") => PathMatch::Regex(value),
        _ => PathMatch::Segments(value),
    };
    path.fault().map_or(Ok(path), Err)
}
