//! Ingresses and HTTPRoutes.

use super::{
    super::{declarative::path_match, entities::Entities},
    Cluster,
};
use crate::{
    convert::{
        from::{input::http_route, input::kubernetes::Object},
        model::{PathMatch, Route},
        report::Report,
    },
    source::Node,
};

/// Adds the routes of an Ingress: one for each host and Service, as the controller does.
pub(super) fn add_ingress(
    cluster: &mut Cluster<'_>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) {
    let names = plugin_names(object);
    let mut routes: Vec<(Route, usize)> = Vec::new();
    for rule in object.items(&["spec", "rules"]) {
        let host = rule.get_text("host");
        for path in rule.at(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let Some(backend) = path.at(&["backend", "service"]) else {
                let message = format!("{}: a backend that is not a Service", object.describe());
                report.left_out(&object.document.place(path), message);
                continue;
            };
            let name = backend.get_text("name").unwrap_or_default();
            let port = backend.at(&["port", "number"]).or_else(|| backend.at(&["port", "name"]));
            let service = cluster.add_service(name, object.namespace, port, entities, report);
            let hosts: Vec<String> = host.map(str::to_owned).into_iter().collect();
            let known = routes.iter_mut().find(|(r, s)| *s == service && r.hosts == hosts);
            let condition = ingress_path(path);
            match known {
                Some((route, _)) => route.paths.push(condition),
                None => {
                    let mut route = Route::new(object.name, 0, object.document.place(path));
                    set_annotations(&mut route, object);
                    route.hosts = hosts;
                    route.paths.push(condition);
                    routes.push((route, service));
                }
            }
        }
    }
    if object.root.at(&["spec", "defaultBackend"]).is_some() {
        report.left_out(&object.place(), format!("{}: defaultBackend", object.describe()));
    }
    for (route, service) in routes {
        cluster.add_route(route, service, (object, &names), entities, report);
    }
}

/// Adds the routes of an HTTPRoute: one for each rule.
pub(super) fn add_http_route(
    cluster: &mut Cluster<'_>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) {
    for rule in object.items(&["spec", "rules"]) {
        let read = match http_route::rule(object, rule, report) {
            Ok(read) => read,
            Err(reason) => {
                let message = format!("{}: {reason}", object.describe());
                report.left_out(&object.document.place(rule), message);
                continue;
            }
        };
        let Some((name, namespace, port)) = read.backend else {
            report.left_out(
                &object.document.place(rule),
                format!("{}: a rule without a Service", object.describe()),
            );
            continue;
        };
        let service = cluster.add_service(&name, &namespace, port, entities, report);
        let mut names = plugin_names(object);
        names.extend(read.extensions);
        for mut route in read.routes {
            set_annotations(&mut route, object);
            cluster.add_route(route, service, (object, &names), entities, report);
        }
    }
}

fn plugin_names(object: &Object<'_>) -> Vec<String> {
    let old = object.list("plugins.konghq.com");
    object.list("konghq.com/plugins").into_iter().chain(old).collect()
}

/// The path of an Ingress. `/~` starts an expression.
fn ingress_path(node: &Node) -> PathMatch {
    let path = node.get_text("path").unwrap_or("/");
    match node.get_text("pathType") {
        Some("Exact") => PathMatch::Exact(path.to_owned()),
        Some("Prefix") => PathMatch::Segments(path.to_owned()),
        _ => match path.strip_prefix("/~") {
            Some(regex) => path_match(&format!("~{regex}")),
            None => path_match(path),
        },
    }
}

fn set_annotations(route: &mut Route, object: &Object<'_>) {
    let is = |name: &str, value: &str| object.annotation(name) == Some(value);
    route.strip_path = is("konghq.com/strip-path", "true");
    route.preserve_host = !is("konghq.com/preserve-host", "false");
    if route.methods.is_empty() {
        route.methods = object.list("konghq.com/methods");
    }
    let priority =
        object.annotation("konghq.com/regex-priority").and_then(|text| text.parse().ok());
    route.regex_priority = priority.unwrap_or(0);
}
