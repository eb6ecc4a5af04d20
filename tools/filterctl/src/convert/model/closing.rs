//! Routes for the other requests of a host, where the host of the input rejects them.

use super::{Action, Gateway, PathMatch, Response, Route, hosts::covers};

/// The gateway with a last route for each host name whose other requests must not match routes of
/// wildcards or of all hosts.
pub fn closed(gateway: &Gateway) -> Gateway {
    let mut closed = gateway.clone();
    if !gateway.is_host_final {
        return closed;
    }
    let mut hosts: Vec<&String> = gateway.routes.iter().flat_map(|route| &route.hosts).collect();
    hosts.sort();
    hosts.dedup();
    for host in hosts {
        let is_own = |route: &&Route| route.hosts.contains(host);
        let own: Vec<&Route> = gateway.routes.iter().filter(is_own).collect();
        let is_wider = |route: &Route| {
            !route.hosts.contains(host)
                && (route.hosts.is_empty() || route.hosts.iter().any(|wide| covers(wide, host)))
        };
        let Some(place) = own.first().map(|route| route.place.clone()) else { continue };
        if own.iter().any(|route| is_catch_all(route)) || !gateway.routes.iter().any(is_wider) {
            continue;
        }
        let mut last = Route::new(&format!("other-paths-of-{host}"), 0, place);
        last.hosts = vec![host.clone()];
        last.priority = i64::MIN;
        last.action = Action::Respond(Response { status: 404, body: String::new() });
        closed.add_route(last);
    }
    closed
}

fn is_catch_all(route: &Route) -> bool {
    route.methods.is_empty()
        && (route.paths.is_empty() || route.paths.iter().any(PathMatch::is_any))
}
