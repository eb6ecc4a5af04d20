//! Routers, services and middlewares of all documents.

use std::collections::BTreeMap;

use crate::{
    convert::{
        from::{input::fields::Fields, input::urls::Url},
        model::{Endpoint, Scheme, Service},
        report::Report,
    },
    found::{Document, DocumentKind, Place, Project},
    source::{Node, Reader},
};

/// A router with its service.
#[derive(Debug)]
pub struct Router {
    pub name: String,
    pub rule: String,
    pub priority: i64,
    /// Keys of [`Configuration::middlewares`].
    pub middlewares: Vec<String>,
    pub service: Option<Service>,
    pub preserve_host: bool,
    pub place: Place,
}

/// A middleware: its kind and its settings.
#[derive(Debug)]
pub struct Middleware {
    pub node: Node,
    pub reader: Reader,
    pub place: Place,
}

/// All routers and middlewares of the input.
#[derive(Debug, Default)]
pub struct Configuration {
    pub routers: Vec<Router>,
    /// By name, or by `namespace/name` in Kubernetes.
    pub middlewares: BTreeMap<String, Middleware>,
}

impl Configuration {
    /// Reads all documents.
    pub fn read(project: &Project, report: &mut Report) -> Self {
        let mut configuration = Self::default();
        let files: Vec<&Document> = project
            .documents_of(&DocumentKind::TraefikDynamic)
            .map(|(_, document)| document)
            .collect();
        for document in &files {
            configuration.add_middlewares(document);
        }
        for document in &files {
            configuration.add_routers(document, &files, report);
        }
        for document in &project.documents {
            configuration.add_resource(document, report);
        }
        configuration
    }

    /// The middlewares of a list. The middlewares of a chain follow it.
    pub fn expand(&self, names: &[String], depth: usize) -> Vec<String> {
        let mut expanded = Vec::new();
        for name in names {
            let chain = self.middlewares.get(name).and_then(|m| m.node.get("chain"));
            match chain.filter(|_| depth < 8) {
                Some(chain) => {
                    let namespace = name.split_once('/').map(|(namespace, _)| namespace);
                    let items = chain.get("middlewares").map(Node::items).unwrap_or_default();
                    let names: Vec<String> =
                        items.iter().filter_map(|item| middleware_key(item, namespace)).collect();
                    expanded.push(name.clone());
                    expanded.extend(self.expand(&names, depth.saturating_add(1)));
                }
                None => expanded.push(name.clone()),
            }
        }
        expanded
    }

    fn add_middlewares(&mut self, document: &Document) {
        let middlewares = document.root.at(&["http", "middlewares"]);
        for (key, node) in middlewares.map(Node::members).unwrap_or_default() {
            let middleware =
                Middleware { node: node.clone(), reader: Reader::Yaml, place: document.place(key) };
            self.middlewares.insert(key.text().unwrap_or_default().to_owned(), middleware);
        }
    }

    fn add_routers(&mut self, document: &Document, files: &[&Document], report: &mut Report) {
        let routers = document.root.at(&["http", "routers"]);
        for (key, node) in routers.map(Node::members).unwrap_or_default() {
            let fields = Fields::new(Some(node), Reader::Yaml);
            let name = key.text().unwrap_or_default();
            let rule = fields.text("rule").unwrap_or_default().to_owned();
            let items = fields.items("middlewares");
            let wanted = fields.text("service").map(|name| name.split('@').next().unwrap_or(name));
            let service = wanted.and_then(|wanted| {
                files.iter().find_map(|file| file_service(file, wanted, report))
            });
            let (service, preserve_host) = service.map_or((None, true), |(s, p)| (Some(s), p));
            self.routers.push(Router {
                name: name.to_owned(),
                priority: priority(&fields, &rule),
                rule,
                middlewares: items.iter().filter_map(|item| middleware_key(item, None)).collect(),
                service,
                preserve_host,
                place: document.place(key),
            });
            fields.ignore(&["entryPoints", "tls", "observability", "ruleSyntax"]);
            for (key, _) in fields.rest() {
                let field = key.text().unwrap_or_default();
                report.left_out(&document.place(key), format!("router {name}: {field}"));
            }
        }
    }

    fn add_resource(&mut self, document: &Document, report: &mut Report) {
        let DocumentKind::Kubernetes(kind) = &document.kind else { return };
        let root = &document.root;
        let group = root.get_text("apiVersion").unwrap_or_default();
        if kind == "Ingress" {
            let message = "Ingress: only IngressRoutes are read";
            report.left_out(&document.place(root), message);
        }
        if !group.starts_with("traefik.") {
            return;
        }
        if group.starts_with("traefik.containo.us") {
            let message =
                format!("{kind}: Traefik 3 no longer reads the API group traefik.containo.us");
            report.note(&document.place(root), message);
        }
        let metadata = |field: &str| root.at(&["metadata", field]).and_then(Node::text);
        let namespace = metadata("namespace").unwrap_or("default");
        let name = metadata("name").unwrap_or("unnamed");
        match kind.as_str() {
            "Middleware" => {
                let Some(spec) = root.get("spec") else { return };
                let place = document.place(root);
                let middleware =
                    Middleware { node: spec.clone(), reader: Reader::Kubernetes, place };
                self.middlewares.insert(format!("{namespace}/{name}"), middleware);
            }
            "IngressRoute" => {
                let routes = root.at(&["spec", "routes"]).map(Node::items).unwrap_or_default();
                for (n, node) in routes.iter().enumerate() {
                    let name = match n {
                        0 => name.to_owned(),
                        _ => format!("{name}-{}", n.saturating_add(1)),
                    };
                    self.add_ingress_route(document, node, &name, namespace);
                }
            }
            _ => report.left_out(&document.place(root), format!("{kind} {name}")),
        }
    }

    fn add_ingress_route(&mut self, document: &Document, node: &Node, name: &str, namespace: &str) {
        let fields = Fields::new(Some(node), Reader::Kubernetes);
        let rule = fields.text("match").unwrap_or_default().to_owned();
        let items = fields.items("middlewares");
        let backends = fields.items("services");
        let (service, preserve_host) = cluster_service(backends, namespace);
        self.routers.push(Router {
            name: name.to_owned(),
            priority: priority(&fields, &rule),
            rule,
            middlewares: items
                .iter()
                .filter_map(|item| middleware_key(item, Some(namespace)))
                .collect(),
            service,
            preserve_host,
            place: document.place(node),
        });
    }
}

/// Without a priority, the longest rule is tried first.
fn priority(fields: &Fields<'_>, rule: &str) -> i64 {
    let own = fields.number("priority").filter(|priority| *priority != 0);
    own.unwrap_or_else(|| i64::try_from(rule.len()).unwrap_or(i64::MAX))
}

/// The key of a reference: `auth@file`, or an object with a name and a namespace.
fn middleware_key(item: &Node, namespace: Option<&str>) -> Option<String> {
    if let Some(text) = item.text() {
        let name = text.split('@').next()?;
        return Some(name.to_owned());
    }
    let name = item.get_text("name")?;
    let namespace = item.get_text("namespace").or(namespace).unwrap_or("default");
    Some(format!("{namespace}/{name}"))
}

/// A service of a file, and whether it gets the client's `Host`.
fn file_service(document: &Document, name: &str, report: &mut Report) -> Option<(Service, bool)> {
    let services = document.root.at(&["http", "services"])?;
    let (key, node) = services.member(name)?;
    let Some(balancer) = node.get("loadBalancer") else {
        let message = format!("service {name}: only loadBalancer is supported");
        report.left_out(&document.place(key), message);
        return None;
    };
    let fields = Fields::new(Some(balancer), Reader::Yaml);
    let servers = fields.items("servers").iter();
    let urls: Vec<(Url, i64)> = servers
        .filter_map(|server| {
            let fields = Fields::new(Some(server), Reader::Yaml);
            let url = Url::parse(fields.text("url")?)?;
            Some((url, fields.number("weight").unwrap_or(1)))
        })
        .collect();
    let (first, _) = urls.first()?;
    let mut service = first.service(name);
    service.endpoints = urls
        .iter()
        .map(|(url, weight)| Endpoint { host: url.host.clone(), port: url.port, weight: *weight })
        .collect();
    let preserve_host = fields.flag("passHostHeader") != Some(false);
    fields.ignore(&["responseForwarding"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(
            &document.place(key),
            format!("service {name}: {field}; set it in the proxy"),
        );
    }
    Some((service, preserve_host))
}

/// The Services of a route in the cluster.
fn cluster_service(backends: &[Node], namespace: &str) -> (Option<Service>, bool) {
    let mut service: Option<Service> = None;
    let mut preserve_host = true;
    for backend in backends {
        let fields = Fields::new(Some(backend), Reader::Kubernetes);
        let Some(name) = fields.text("name") else { continue };
        if fields.text("kind").is_some_and(|kind| kind != "Service") {
            continue;
        }
        let namespace = fields.text("namespace").unwrap_or(namespace);
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let port = fields.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
        let weight = fields.number("weight").unwrap_or(1);
        preserve_host = preserve_host && fields.flag("passHostHeader") != Some(false);
        let scheme = match fields.text("scheme") {
            Some("https") => Scheme::Https,
            Some("h2c") => Scheme::H2c,
            _ if port == 443 => Scheme::Https,
            _ => Scheme::Http,
        };
        let new = service.get_or_insert_with(|| {
            let mut first = Service::new(name, scheme, &host, port);
            first.endpoints.clear();
            first
        });
        new.endpoints.push(Endpoint { host, port, weight });
    }
    (service, preserve_host)
}
