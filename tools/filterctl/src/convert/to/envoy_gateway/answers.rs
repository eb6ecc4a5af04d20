//! Fixed responses and redirects.

use super::{object_name, resource};
use crate::convert::{
    model::{Action, Gateway, NewPath, Redirect, Response, Route},
    yaml::Map,
};

/// The name of the filter of blocked routes.
pub(super) const BLOCKED: &str = "blocked";

/// The filter of an HTTPRoute that sends the response. `None` for a route that forwards requests.
pub(super) fn filter(route: &Route) -> Option<Map> {
    match &route.action {
        Action::Forward => None,
        Action::Block => Some(reference(BLOCKED)),
        Action::Respond(_) => Some(reference(&route.name)),
        Action::Redirect(to) => Some(redirect(to)),
    }
}

fn reference(name: &str) -> Map {
    let target = Map::new()
        .with("group", "gateway.envoyproxy.io")
        .with("kind", "HTTPRouteFilter")
        .with("name", object_name(name));
    Map::new().with("type", "ExtensionRef").with("extensionRef", target)
}

/// The HTTPRouteFilters to which the routes refer.
pub(super) fn filters(gateway: &Gateway) -> Vec<Map> {
    let mut filters = Vec::new();
    if gateway.routes.iter().any(Route::is_blocked) {
        filters.push(direct_response(BLOCKED, &Response::blocked()));
    }
    for route in &gateway.routes {
        if let Action::Respond(response) = &route.action {
            filters.push(direct_response(&route.name, response));
        }
    }
    filters
}

fn direct_response(name: &str, response: &Response) -> Map {
    let mut answer = Map::new().with("statusCode", response.status);
    if !response.body.is_empty() {
        let body = Map::new().with("type", "Inline").with("inline", response.body.as_str());
        answer.set("contentType", "text/plain");
        answer.set("body", body);
    }
    resource("gateway.envoyproxy.io/v1alpha1", "HTTPRouteFilter", name)
        .with("spec", Map::new().with("directResponse", answer))
}

fn redirect(to: &Redirect) -> Map {
    let mut redirect = Map::new();
    redirect.set_some("scheme", to.scheme.as_deref());
    redirect.set_some("hostname", to.host.as_deref());
    match &to.path {
        Some(NewPath::Full(path)) => {
            let path =
                Map::new().with("type", "ReplaceFullPath").with("replaceFullPath", path.as_str());
            redirect.set("path", path);
        }
        Some(NewPath::Prefix(prefix)) => {
            let path = Map::new()
                .with("type", "ReplacePrefixMatch")
                .with("replacePrefixMatch", prefix.as_str());
            redirect.set("path", path);
        }
        None => {}
    }
    redirect.set_some("port", to.port);
    redirect.set("statusCode", to.status);
    Map::new().with("type", "RequestRedirect").with("requestRedirect", redirect)
}
