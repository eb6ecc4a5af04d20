//! Ingresses.

use super::{
    super::declarative::{is_legacy_regex, path_match},
    super::entities::Entities,
    Cluster,
    annotations::Settings,
    obstruct_last,
};
use crate::{
    convert::{
        from::input::kubernetes::Object,
        model::{PathMatch, Route},
        report::Report,
    },
    source::Node,
};

/// Adds the routes of an Ingress: one for each host and Service, as the controller does.
pub(super) fn add(
    cluster: &mut Cluster<'_>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) {
    if let Some(reason) = cluster.classes.class_obstacle(object) {
        report.left_out(&object.place(), format!("{}: {reason}", object.describe()));
        return;
    }
    let settings = Settings::new(object, report);
    let names = plugin_names(object);
    if object.root.at(&["spec", "tls"]).is_some() {
        let message = format!("{}: tls; set certificates in the proxy", object.describe());
        report.changed(&object.place(), message);
    }
    // The service is `None` if a backend is not a Service.
    let mut routes: Vec<(Route, Option<usize>)> = Vec::new();
    let is_legacy = has_legacy_regexes(cluster.objects);
    for rule in object.items(&["spec", "rules"]) {
        let hosts: Vec<String> = rule.get_text("host").map(str::to_owned).into_iter().collect();
        for path in rule.at(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let backend = path.get("backend");
            let service = service(cluster, backend, object, entities, report);
            let known = routes.iter_mut().find(|(r, s)| *s == service && r.hosts == hosts);
            let condition = ingress_path(path, &settings.regex_prefix, is_legacy);
            match known {
                Some((route, _)) => route.paths.push(condition),
                None => {
                    let mut route = Route::new(object.name, 0, object.document.place(path));
                    route.hosts.clone_from(&hosts);
                    route.paths.push(condition);
                    routes.push((route, service));
                }
            }
        }
    }
    if let Some(backend) = object.root.at(&["spec", "defaultBackend"]) {
        let service = service(cluster, Some(backend), object, entities, report);
        let mut route = Route::new(object.name, 0, object.document.place(backend));
        route.paths.push(PathMatch::Prefix("/".to_owned()));
        routes.push((route, service));
    }
    for (route, service) in routes {
        cluster.add_route(route, service, (object, &names, &settings), entities);
        if service.is_none() {
            obstruct_last(entities, "its backend is not a Service");
        }
    }
}

/// The Service of a backend. `None` if it is something else.
fn service(
    cluster: &mut Cluster<'_>,
    backend: Option<&Node>,
    object: &Object<'_>,
    entities: &mut Entities,
    report: &mut Report,
) -> Option<usize> {
    let backend = backend?.get("service")?;
    let name = backend.get_text("name")?;
    let port = backend.at(&["port", "number"]).or_else(|| backend.at(&["port", "name"]));
    Some(cluster.add_service(name, object.namespace, port, entities, report))
}

pub(super) fn plugin_names(object: &Object<'_>) -> Vec<String> {
    let old = object.list("plugins.konghq.com");
    object.list("konghq.com/plugins").into_iter().chain(old).collect()
}

/// Whether the controller takes paths for expressions as Kong 2 did.
fn has_legacy_regexes(objects: &[Object<'_>]) -> bool {
    objects.iter().filter(|object| object.kind == "IngressClassParameters").any(|object| {
        let flag = object.root.at(&["spec", "enableLegacyRegexDetection"]);
        flag.and_then(Node::text) == Some("true")
    })
}

/// The path of an Ingress.
fn ingress_path(node: &Node, regex_prefix: &str, is_legacy: bool) -> PathMatch {
    let path = node.get_text("path").filter(|path| !path.is_empty()).unwrap_or("/");
    match node.get_text("pathType") {
        Some("Exact") => PathMatch::Exact(path.to_owned()),
        Some("Prefix") => PathMatch::Segments(path.to_owned()),
        _ => match path.strip_prefix(regex_prefix) {
            Some(regex) => path_match(&format!("~{regex}")),
            None if is_legacy && is_legacy_regex(path) => path_match(&format!("~{path}")),
            None => path_match(path),
        },
    }
}
