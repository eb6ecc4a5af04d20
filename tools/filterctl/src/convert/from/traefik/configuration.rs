//! Routers and middlewares of all documents.

use std::collections::BTreeMap;

use super::{
    services::file_service,
    tls::{Tls, TlsOptions},
};
use crate::{
    convert::{from::input::fields::Fields, model::Service, report::Report},
    found::{Document, Place},
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
    /// Names of entry points. Empty for the default ones.
    pub entry_points: Vec<String>,
    /// Its TLS settings. `None` for plain HTTP, unless the entry point has some.
    pub tls: Option<Tls>,
    pub service: Option<Service>,
    pub preserve_host: bool,
    /// Why it cannot be converted.
    pub obstacle: Option<String>,
    /// Whether its entry points and its TLS settings are not known.
    pub is_everywhere: bool,
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
    pub tls_options: TlsOptions,
}

/// Fields of a router that are read elsewhere or have no effect on requests.
const KNOWN: [&str; 2] = ["observability", "ruleSyntax"];

impl Configuration {
    /// Adds the middlewares and TLS options of a file, and reports its parts that are not HTTP.
    pub fn add_parts(&mut self, document: &Document, report: &mut Report) {
        self.add_middlewares(document);
        self.tls_options.add_file(document);
        for (key, _) in document.root.members() {
            let name = key.text().unwrap_or_default();
            if name == "tcp" || name == "udp" {
                report.left_out(&document.place(key), format!("{name}: is not HTTP"));
            }
        }
    }

    /// The middlewares of a list. The middlewares of a chain follow it.
    ///
    /// # Errors
    /// If a chain contains itself.
    pub fn expand(&self, names: &[String], within: &[&str]) -> Result<Vec<String>, String> {
        let mut expanded = Vec::new();
        for name in names {
            expanded.push(name.clone());
            let chain = self.middlewares.get(name).and_then(|m| m.node.get("chain"));
            let Some(chain) = chain else { continue };
            if within.contains(&name.as_str()) {
                return Err(format!("its middleware {name} contains itself"));
            }
            let namespace = name.split_once('/').map(|(namespace, _)| namespace);
            let items = chain.get("middlewares").map(Node::items).unwrap_or_default();
            let names: Vec<String> = items.iter().map(|item| self.key(item, namespace)).collect();
            expanded.extend(self.expand(&names, &[within, &[name.as_str()]].concat())?);
        }
        Ok(expanded)
    }

    /// The key of a reference: `auth`, `auth@file`, `namespace-auth@kubernetescrd`, or an object
    /// with a name and a namespace. `namespace` is that of the resource that refers to it.
    pub fn key(&self, item: &Node, namespace: Option<&str>) -> String {
        let name = item.text().or_else(|| item.get_text("name")).unwrap_or("without a name");
        if name.contains('@') {
            return self.key_of_text(name);
        }
        match namespace {
            None => name.to_owned(),
            Some(own) => format!("{}/{name}", item.get_text("namespace").unwrap_or(own)),
        }
    }

    /// The key of a reference in a file or in the static configuration.
    pub fn key_of_text(&self, text: &str) -> String {
        match text.split_once('@') {
            None => text.to_owned(),
            Some((name, "file")) => name.to_owned(),
            Some((name, "kubernetescrd")) => {
                let is_it = |key: &&String| key.contains('/') && key.replace('/', "-") == name;
                self.middlewares.keys().find(is_it).cloned().unwrap_or_else(|| text.to_owned())
            }
            // Another provider's, which is not in the input.
            Some(_) => text.to_owned(),
        }
    }

    fn add_middlewares(&mut self, document: &Document) {
        let middlewares = document.root.at(&["http", "middlewares"]);
        for (key, node) in middlewares.map(Node::members).unwrap_or_default() {
            let middleware =
                Middleware { node: node.clone(), reader: Reader::Yaml, place: document.place(key) };
            self.middlewares.insert(key.text().unwrap_or_default().to_owned(), middleware);
        }
    }

    /// Adds the routers of a file. Their services are in any of the files.
    pub fn add_routers(&mut self, document: &Document, files: &[&Document], report: &mut Report) {
        let routers = document.root.at(&["http", "routers"]);
        for (key, node) in routers.map(Node::members).unwrap_or_default() {
            let fields = Fields::new(Some(node), Reader::Yaml);
            let name = key.text().unwrap_or_default();
            let rule = fields.text("rule").unwrap_or_default().to_owned();
            let items = fields.items("middlewares").iter();
            let wanted = fields.text("service").unwrap_or_default();
            let wanted = wanted.strip_suffix("@file").unwrap_or(wanted);
            let service = files.iter().find_map(|file| file_service(file, wanted, report));
            let (service, preserve_host) = service.map_or((None, true), |(s, p)| (Some(s), p));
            let mut router = Router {
                name: name.to_owned(),
                priority: priority(&fields, &rule),
                rule,
                middlewares: items.map(|item| self.key(item, None)).collect(),
                entry_points: fields.texts("entryPoints"),
                tls: Tls::of(fields.get("tls")),
                service,
                preserve_host,
                obstacle: None,
                is_everywhere: false,
                place: document.place(key),
            };
            fields.ignore(&KNOWN);
            if let Some((key, _)) = fields.rest().first() {
                // `parentRefs` and whatever future versions add may restrict the router.
                let field = key.text().unwrap_or_default();
                report.left_out(&document.place(key), format!("router {name}: {field}"));
                router.obstacle = Some(format!("{field} is not supported"));
            }
            self.routers.push(router);
        }
    }
}

/// Without a priority, the longest rule is tried first.
pub(super) fn priority(fields: &Fields<'_>, rule: &str) -> i64 {
    let own = fields.number("priority").filter(|priority| *priority != 0);
    own.unwrap_or_else(|| i64::try_from(rule.len()).unwrap_or(i64::MAX))
}
