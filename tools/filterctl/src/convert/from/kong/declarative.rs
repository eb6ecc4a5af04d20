//! From kong.yml to entities.

use super::entities::{Entities, Plugin, RouteEntity, Scope, ServiceEntity, reference};
use crate::{
    convert::{
        from::{
            input::fields::{Fields, yaml},
            input::urls::{self, Url},
        },
        model::{PathMatch, Route, Service},
        report::Report,
    },
    found::{Document, DocumentKind, Place, Project},
    source::{Node, Reader},
};

/// Entities of the root that other entities use, or that have no counterpart and no effect here.
const KNOWN: [&str; 12] = [
    "_format_version",
    "_transform",
    "_comment",
    "_info",
    "_workspace",
    "_konnect",
    "upstreams",
    "targets",
    "tags",
    "jwt_secrets",
    "acls",
    "parameters",
];

/// Fields of a service that only Kong has.
const SERVICE_SETTINGS: [&str; 5] =
    ["retries", "write_timeout", "tls_verify", "tls_verify_depth", "tags"];

/// Fields of a route that only Kong has.
const ROUTE_SETTINGS: [&str; 6] = [
    "protocols",
    "https_redirect_status_code",
    "request_buffering",
    "response_buffering",
    "path_handling",
    "tags",
];

/// Adds the entities of all documents of Kong.
pub(super) fn add(project: &Project, entities: &mut Entities, report: &mut Report) {
    for (_, document) in project.documents_of(&DocumentKind::Kong) {
        let file = FileEntities { document, root: Fields::new(Some(&document.root), Reader::Kong) };
        file.add(entities, report);
    }
}

/// The entities of one document.
pub(super) struct FileEntities<'d> {
    pub(super) document: &'d Document,
    pub(super) root: Fields<'d>,
}

impl<'d> FileEntities<'d> {
    pub(super) fn place(&self, node: &Node) -> Place {
        self.document.place(node)
    }

    fn add(&self, entities: &mut Entities, report: &mut Report) {
        self.add_consumers(entities, report);
        for node in self.root.items("services") {
            let index = self.add_service(node, entities, report);
            for route in items(node, "routes") {
                self.add_route(route, index, entities, report);
            }
        }
        for node in self.root.items("routes") {
            let service = node.get("service").and_then(reference);
            let index = service.as_deref().and_then(|name| service_index(entities, name));
            match (service, index) {
                (Some(name), None) => report.left_out(
                    &self.place(node),
                    format!("route of the service {name:?}, which is not in the input"),
                ),
                (_, index) => self.add_route(node, index, entities, report),
            }
        }
        for node in self.root.items("plugins") {
            self.add_root_plugin(node, entities, report);
        }
        self.root.ignore(&KNOWN);
        for (key, _) in self.root.rest() {
            let name = key.text().unwrap_or_default();
            report.left_out(&self.place(key), format!("{name}: has no counterpart"));
        }
    }

    /// Adds a service with its plugins. Returns its index.
    fn add_service(
        &self,
        node: &'d Node,
        entities: &mut Entities,
        report: &mut Report,
    ) -> Option<usize> {
        let fields = Fields::new(Some(node), Reader::Kong);
        let place = self.place(node);
        let number = entities.services.len().saturating_add(1);
        let name = fields.text("name").map_or(format!("service-{number}"), str::to_owned);
        let Some(mut service) = address(&fields, &name) else {
            report.left_out(
                &place,
                format!("service {name}: its protocol is not HTTP, or it has no host"),
            );
            return None;
        };
        service.id = fields.text("id").map(str::to_owned);
        service.connect_timeout_ms = Some(fields.number("connect_timeout").unwrap_or(60_000));
        service.read_timeout_ms = Some(fields.number("read_timeout").unwrap_or(60_000));
        for name in SERVICE_SETTINGS {
            service.kong.set_some(name, fields.get(name).and_then(|node| yaml(node, Reader::Kong)));
        }
        self.add_targets(&mut service, report);
        let is_enabled = fields.flag("enabled") != Some(false);
        fields.ignore(&["routes", "plugins", "tags", "created_at", "updated_at"]);
        report_rest(&fields, &place, &format!("service {name}"), report);
        entities.services.push(ServiceEntity { service, is_enabled });
        let index = entities.services.len().saturating_sub(1);
        let scope = Scope { service: Some(index), ..Scope::default() };
        self.add_plugins(node, scope, entities);
        Some(index)
    }

    fn add_route(
        &self,
        node: &'d Node,
        service: Option<usize>,
        entities: &mut Entities,
        report: &mut Report,
    ) {
        let fields = Fields::new(Some(node), Reader::Kong);
        let place = self.place(node);
        let number = entities.routes.len().saturating_add(1);
        let name = fields.text("name").map_or(format!("route-{number}"), str::to_owned);
        let mut route = Route::new(&name, 0, place.clone());
        route.id = fields.text("id").map(str::to_owned);
        route.hosts = fields.texts("hosts");
        route.paths = fields.texts("paths").iter().map(|path| path_match(path)).collect();
        route.methods = fields.texts("methods");
        route.strip_path = fields.flag("strip_path").unwrap_or(true);
        route.preserve_host = fields.flag("preserve_host").unwrap_or(false);
        route.regex_priority = fields.number("regex_priority").unwrap_or(0);
        route.priority = priority(&route);
        let conditions = ["headers", "snis", "sources", "destinations", "expression"];
        let obstacle = conditions.into_iter().find(|name| fields.get(name).is_some());
        let obstacle =
            obstacle.map(|name| format!("has conditions in {name}, which are not supported"));
        for name in ROUTE_SETTINGS {
            route.kong.set_some(name, fields.get(name).and_then(|node| yaml(node, Reader::Kong)));
        }
        fields.ignore(&["plugins", "service", "tags", "created_at", "updated_at", "priority"]);
        report_rest(&fields, &place, &format!("route {name}"), report);
        entities.routes.push(RouteEntity { route, service, obstacle });
        let index = entities.routes.len().saturating_sub(1);
        let scope = Scope { route: Some(index), ..Scope::default() };
        self.add_plugins(node, scope, entities);
    }

    pub(super) fn add_plugins(&self, parent: &Node, scope: Scope, entities: &mut Entities) {
        for node in items(parent, "plugins") {
            self.add_plugin(node, scope, entities);
        }
    }

    fn add_plugin(&self, node: &Node, mut scope: Scope, entities: &mut Entities) {
        let fields = Fields::new(Some(node), Reader::Kong);
        let Some(name) = fields.text("name") else { return };
        let is_for_consumer =
            ["consumer", "consumer_group"].iter().any(|n| fields.get(n).is_some());
        scope.is_for_consumer = scope.is_for_consumer || is_for_consumer;
        entities.plugins.push(Plugin {
            name: name.to_owned(),
            config: fields.get("config").cloned(),
            reader: Reader::Kong,
            scope,
            is_enabled: fields.flag("enabled") != Some(false),
            place: self.place(node),
        });
    }

    /// Adds a plugin of the root, whose scope it names itself.
    fn add_root_plugin(&self, node: &Node, entities: &mut Entities, report: &mut Report) {
        let service = node.get("service").filter(|n| !n.is_null()).and_then(reference);
        let route = node.get("route").filter(|n| !n.is_null()).and_then(reference);
        let service_index = service.as_deref().map(|name| service_index(entities, name));
        let route_index = route.as_deref().map(|name| {
            let is_it =
                |own: &RouteEntity| own.route.name == name || own.route.id.as_deref() == Some(name);
            entities.routes.iter().position(is_it)
        });
        if service_index == Some(None) || route_index == Some(None) {
            let name = node.get_text("name").unwrap_or_default();
            let message = format!("plugin {name}: its service or route is not in the input");
            report.left_out(&self.place(node), message);
            // It may protect any route.
            let obstacle = format!("plugin {name} of an unknown service or route");
            for route in &mut entities.routes {
                route.obstacle.get_or_insert_with(|| obstacle.clone());
            }
            return;
        }
        let scope = Scope {
            service: service_index.flatten(),
            route: route_index.flatten(),
            is_for_consumer: false,
        };
        self.add_plugin(node, scope, entities);
    }
}

pub(super) fn items<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

fn service_index(entities: &Entities, name: &str) -> Option<usize> {
    let is_it =
        |own: &ServiceEntity| own.service.name == name || own.service.id.as_deref() == Some(name);
    entities.services.iter().position(is_it)
}

fn report_rest(fields: &Fields<'_>, place: &Place, owner: &str, report: &mut Report) {
    for (key, _) in fields.rest() {
        let name = key.text().unwrap_or_default();
        let place = Place { file: place.file, span: key.span.clone() };
        report.left_out(&place, format!("{owner}: {name}"));
    }
}

/// The address of a service, from `url` or from its parts.
fn address(fields: &Fields<'_>, name: &str) -> Option<Service> {
    if let Some(url) = fields.text("url") {
        let mut service = Url::parse(url)?.service(name);
        if service.base_path.is_empty() {
            service.base_path = base_path(fields);
        }
        return Some(service);
    }
    let scheme = urls::scheme(fields.text("protocol").unwrap_or("http"))?;
    let port = fields.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
    let host = fields.text("host").filter(|host| !host.is_empty())?;
    let mut service = Service::new(name, scheme, host, port);
    service.base_path = base_path(fields);
    Some(service)
}

fn base_path(fields: &Fields<'_>) -> String {
    fields.text("path").unwrap_or_default().trim_end_matches('/').to_owned()
}

/// A path that starts with `~` is an expression for the start of the path.
pub(super) fn path_match(path: &str) -> PathMatch {
    match path.strip_prefix('~') {
        Some(regex) => PathMatch::RegexStart(regex.to_owned()),
        None => PathMatch::Prefix(path.to_owned()),
    }
}

/// Kong tries routes with more kinds of conditions first, then those for exact host names.
pub(super) fn priority(route: &Route) -> i64 {
    let conditions = [!route.hosts.is_empty(), !route.paths.is_empty(), !route.methods.is_empty()];
    conditions.into_iter().map(i64::from).sum()
}
