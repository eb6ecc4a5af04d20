//! HTTPRoutes and GRPCRoutes.

use super::{
    super::entities::{Entities, RouteEntity},
    Cluster,
    annotations::Settings,
    ingress::plugin_names,
    obstruct_last,
};
use crate::{
    convert::{
        from::{input::http_route, input::kubernetes::Object},
        model::{Action, PathMatch, Route},
        report::Report,
    },
    source::Node,
};

/// Adds the routes of an HTTPRoute: one for each rule.
pub(super) fn add(
    cluster: &mut Cluster<'_>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) {
    if let Some(reason) = cluster.classes.route_obstacle(object) {
        report.left_out(&object.place(), format!("{}: {reason}", object.describe()));
        return;
    }
    report_sections(object, report);
    let settings = Settings::new(object, report);
    for rule in object.items(&["spec", "rules"]) {
        let names = plugin_names(object);
        let owner = |names: Vec<String>| (names, &settings);
        let read = http_route::rule(object, rule, report).and_then(|read| {
            let changes = read.filters.change_requests();
            let reason = "its filters that change requests are not supported";
            if changes { Err(reason.to_owned()) } else { Ok(read) }
        });
        match read {
            Ok(read) => {
                let backend = read.backend;
                let service = backend.map(|(name, namespace, port)| {
                    cluster.add_service(&name, &namespace, port, entities, report)
                });
                let (names, settings) = owner([names, read.filters.extensions].concat());
                for route in read.routes {
                    let forwards = route.action == Action::Forward;
                    cluster.add_route(route, service, (object, &names, settings), entities);
                    if service.is_none() && forwards {
                        obstruct_last(entities, "its rule has no Service");
                    }
                }
            }
            Err(reason) => {
                for route in http_route::widened(object, rule) {
                    cluster.add_route(route, None, (object, &names, &settings), entities);
                    obstruct_last(entities, &reason);
                }
            }
        }
    }
}

/// A listener may be for TLS only, or for some hosts.
fn report_sections(object: &Object<'_>, report: &mut Report) {
    for parent in object.items(&["spec", "parentRefs"]) {
        for name in ["sectionName", "port"] {
            if parent.get(name).is_some() {
                let message = format!(
                    "{}: {name}: the output has the routes of all listeners; check the hosts and \
                     the protocol of the listener",
                    object.describe()
                );
                report.left_out(&object.document.place(parent), message);
            }
        }
    }
}

/// Adds blocked routes for a GRPCRoute.
pub(super) fn add_grpc(
    cluster: &Cluster<'_>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) {
    if let Some(reason) = cluster.classes.route_obstacle(object) {
        report.left_out(&object.place(), format!("{}: {reason}", object.describe()));
        return;
    }
    let settings = Settings::new(object, report);
    let mut paths = Vec::new();
    for rule in object.items(&["spec", "rules"]) {
        let matches = rule.get("matches").map(Node::items).unwrap_or_default();
        if matches.is_empty() {
            paths.push(PathMatch::Prefix("/".to_owned()));
        }
        for condition in matches {
            let service = condition.at(&["method", "service"]).and_then(Node::text);
            let kind = condition.at(&["method", "type"]).and_then(Node::text);
            let is_exact = kind.is_none_or(|kind| kind == "Exact");
            let service = service.filter(|_| is_exact);
            let prefix = service.map_or("/".to_owned(), |service| format!("/{service}/"));
            paths.push(PathMatch::Prefix(prefix));
        }
    }
    let mut route = Route::new(object.name, 0, object.place());
    let hosts = object.items(&["spec", "hostnames"]).iter().filter_map(Node::text);
    route.hosts = hosts.map(str::to_owned).collect();
    route.paths = paths;
    settings.apply(&mut route);
    let obstacle = Some("GRPCRoutes are not supported".to_owned());
    entities.routes.push(RouteEntity { route, service: None, obstacle, is_stream: false });
}
