//! Traefik's resources in Kubernetes, and other routes that it serves.

use super::{
    configuration::{Configuration, Middleware, Router, priority},
    services::cluster_service,
    tls::Tls,
};
use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object},
        report::Report,
    },
    found::{Document, Project},
    source::{Node, Reader},
};

/// Adds the middlewares and TLS options of a document, and reports kinds that are not read.
pub(super) fn add_parts(
    configuration: &mut Configuration,
    document: &Document,
    report: &mut Report,
) {
    let Some(object) = Object::new(document) else { return };
    if !object.api().starts_with("traefik.") {
        return;
    }
    if object.api().starts_with("traefik.containo.us") {
        let kind = object.kind;
        let message =
            format!("{kind}: Traefik 3 no longer reads the API group traefik.containo.us");
        report.note(&object.place(), message);
    }
    let spec = object.root.get("spec");
    match (object.kind, spec) {
        ("Middleware", Some(spec)) => {
            let place = object.place();
            let middleware = Middleware { node: spec.clone(), reader: Reader::Kubernetes, place };
            let key = format!("{}/{}", object.namespace, object.name);
            configuration.middlewares.insert(key, middleware);
        }
        ("TLSOption", Some(spec)) => configuration.tls_options.add(object.name, spec),
        ("Middleware" | "TLSOption" | "IngressRoute", _) => {}
        _ => report.left_out(&object.place(), object.describe()),
    }
}

/// Adds the routers of all resources.
pub(super) fn add_routers(
    configuration: &mut Configuration,
    project: &Project,
    report: &mut Report,
) {
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(Object::new).collect();
    let is_own = |object: &&Object<'_>| {
        object.kind == "IngressRoute" && object.api().starts_with("traefik.")
    };
    // The first class is that of the output.
    let class = objects.iter().filter(is_own).find_map(class);
    for object in &objects {
        match object.kind {
            "IngressRoute" if is_own(&object) => {
                if let Some(other) = self::class(object).filter(|own| Some(*own) != class) {
                    let message = format!(
                        "{}: its class {other} is another one; convert it on its own",
                        object.describe()
                    );
                    report.left_out(&object.place(), message);
                    continue;
                }
                for (n, node) in object.items(&["spec", "routes"]).iter().enumerate() {
                    let name = match n {
                        0 => object.name.to_owned(),
                        _ => format!("{}-{}", object.name, n.saturating_add(1)),
                    };
                    add_route(configuration, object, node, name, report);
                }
            }
            "Ingress" => add_ingress(configuration, object, report),
            "HTTPRoute" | "GRPCRoute" => add_gateway_route(configuration, object),
            _ => {}
        }
    }
}

fn class<'o>(object: &Object<'o>) -> Option<&'o str> {
    object.annotation("kubernetes.io/ingress.class")
}

fn add_route(
    configuration: &mut Configuration,
    object: &Object<'_>,
    node: &Node,
    name: String,
    report: &mut Report,
) {
    let fields = Fields::new(Some(node), Reader::Kubernetes);
    let rule = fields.text("match").unwrap_or_default().to_owned();
    let items = fields.items("middlewares").iter();
    let namespace = Some(object.namespace);
    let (service, preserve_host) = cluster_service(fields.items("services"), object.namespace);
    let entry_points = object.items(&["spec", "entryPoints"]).iter();
    let mut router = Router {
        priority: priority(&fields, &rule),
        rule,
        middlewares: items.map(|item| configuration.key(item, namespace)).collect(),
        entry_points: entry_points.filter_map(|n| n.text().map(str::to_owned)).collect(),
        tls: Tls::of(object.root.at(&["spec", "tls"])),
        service,
        preserve_host,
        obstacle: None,
        is_everywhere: false,
        place: object.document.place(node),
        name,
    };
    fields.ignore(&["kind", "syntax", "observability"]);
    let spec = Fields::new(object.root.get("spec"), Reader::Kubernetes);
    spec.ignore(&["entryPoints", "routes", "tls"]);
    if let Some((key, _)) = fields.rest().first().or(spec.rest().first()) {
        let field = key.text().unwrap_or_default();
        let message = format!("router {}: {field}", router.name);
        report.left_out(&object.document.place(key), message);
        router.obstacle = Some(format!("{field} is not supported"));
    }
    configuration.routers.push(router);
}

/// Adds blocked routers for an Ingress.
fn add_ingress(configuration: &mut Configuration, object: &Object<'_>, report: &mut Report) {
    report.left_out(&object.place(), format!("{}: only IngressRoutes are read", object.describe()));
    let own = object.annotation("traefik.ingress.kubernetes.io/router.priority");
    let own = own.and_then(|text| text.parse::<i64>().ok()).filter(|priority| *priority != 0);
    for rule in object.items(&["spec", "rules"]) {
        let host = rule.get_text("host").filter(|host| !host.contains('*'));
        for path in rule.at(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let text = path.get_text("path").unwrap_or("/");
            let is_exact = path.get_text("pathType") == Some("Exact");
            let matcher = if is_exact { "Path" } else { "PathPrefix" };
            let rule = match host {
                Some(host) => format!("Host(`{host}`) && {matcher}(`{text}`)"),
                None => format!("{matcher}(`{text}`)"),
            };
            let blocked = blocked(object, path, rule, own);
            configuration.routers.push(blocked);
        }
    }
}

/// Adds blocked routers for a route of the Gateway API.
fn add_gateway_route(configuration: &mut Configuration, object: &Object<'_>) {
    let hosts: Vec<String> = object
        .items(&["spec", "hostnames"])
        .iter()
        .filter_map(|host| host.text().map(|host| format!("Host(`{host}`)")))
        .collect();
    let rule = match hosts.is_empty() || hosts.iter().any(|host| host.contains('*')) {
        true => "PathPrefix(`/`)".to_owned(),
        false => hosts.join(" || "),
    };
    // Its rules may have more conditions, and then a higher priority.
    configuration.routers.push(blocked(object, object.root, rule, Some(i64::MAX)));
}

fn blocked(object: &Object<'_>, node: &Node, rule: String, priority: Option<i64>) -> Router {
    let length = i64::try_from(rule.len()).unwrap_or(i64::MAX);
    Router {
        name: object.name.to_owned(),
        priority: priority.unwrap_or(length),
        rule,
        middlewares: Vec::new(),
        entry_points: Vec::new(),
        tls: None,
        service: None,
        preserve_host: true,
        obstacle: Some(format!("{}: only IngressRoutes are read", object.describe())),
        is_everywhere: true,
        place: object.document.place(node),
    }
}
