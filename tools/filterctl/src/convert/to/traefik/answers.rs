//! Blocked routes and redirects.

use super::Http;
use crate::convert::{
    model::{Action, Gateway, Redirect, Route},
    report::Report,
    yaml::Map,
};

/// Blocks the routes whose responses Traefik cannot send.
pub(super) fn block_unsupported(gateway: &mut Gateway, report: &mut Report) {
    for route in &mut gateway.routes {
        match &route.action {
            Action::Respond(response) if response.status >= 400 => {
                let message = format!(
                    "route {}: Traefik answers 503 instead of {}, because it has no fixed responses",
                    route.name, response.status
                );
                report.changed(&route.place, message);
            }
            Action::Respond(_) => route.block("Traefik has no fixed responses", report),
            Action::Redirect(redirect) if !is_for_scheme(redirect) || !route.chain.is_empty() => {
                route.block("Traefik can only redirect to another scheme, without filters", report);
            }
            _ => {}
        }
    }
}

/// Whether a redirect only changes the scheme.
fn is_for_scheme(redirect: &Redirect) -> bool {
    redirect.scheme.is_some()
        && redirect.host.is_none()
        && redirect.path.is_none()
        && !redirect.strip_query
        && matches!(redirect.status, 301 | 302)
}

/// The middlewares of a route that forwards no requests.
pub(super) fn middlewares(route: &Route, http: &mut Http) -> Vec<String> {
    let Action::Redirect(redirect) = &route.action else { return Vec::new() };
    let mut settings = Map::new();
    settings.set_some("scheme", redirect.scheme.as_deref());
    settings.set_some("port", redirect.port.map(|port| port.to_string()));
    settings.set("permanent", redirect.status == 301);
    let middleware = Map::new().with("redirectScheme", settings);
    vec![http.middleware("redirect", middleware)]
}
