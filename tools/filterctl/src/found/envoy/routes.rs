//! The routes of Envoy's connection managers, each with the filters that run for it.

use serde_json::Value;

use super::{Entries, Project, typed_config};
use crate::{
    found::{Document, DocumentKind, PathCondition, Place, Platform, Route},
    source::{Node, Reader},
};

/// Adds the routes of all connection managers of a document.
pub(super) fn add(
    project: &mut Project,
    index: usize,
    document: &Document,
    documents: &[Document],
    entries: &Entries,
) {
    let mut managers = Vec::new();
    document.root.walk(&mut |node| {
        if node.field("http_filters").is_some() {
            managers.push(node);
        }
    });
    for manager in managers {
        let filters = manager.field("http_filters").map(Node::items).unwrap_or_default();
        let chain: Vec<ChainItem<'_>> =
            filters.iter().map(|entry| ChainItem::new(entry, entries)).collect();
        if chain.iter().all(|item| item.filters.is_empty()) && entries.is_empty() {
            continue;
        }
        let strips = |name: &str| flag(manager, name);
        let ignores_port = strips("strip_any_host_port") || strips("strip_matching_host_port");
        let group = project.new_group();
        let context = Context { chain: &chain, entries, index, group, ignores_port };
        for (document, table) in route_tables(manager, document, documents) {
            context.add_table(project, document, table);
        }
    }
}

/// The route tables of a connection manager: its own, or all tables of this name in the files.
fn route_tables<'d>(
    manager: &'d Node,
    own: &'d Document,
    documents: &'d [Document],
) -> Vec<(&'d Document, &'d Node)> {
    if let Some(table) = manager.field("route_config") {
        return vec![(own, table)];
    }
    let name = manager.fields(&["rds", "route_config_name"]).and_then(Node::text);
    let mut tables = Vec::new();
    for document in documents.iter().filter(|document| document.kind == DocumentKind::Envoy) {
        document.root.walk(&mut |node| {
            let is_table = node.field("virtual_hosts").is_some();
            if is_table && name.is_some() && node.get_text("name") == name {
                tables.push((document, node));
            }
        });
    }
    tables
}

/// An entry of `http_filters`.
struct ChainItem<'n> {
    name: &'n str,
    is_disabled: bool,
    /// The filters that run unless a route overrides the entry.
    filters: Vec<Named<'n>>,
}

/// A filter of a chain by name. The index is `None` for a filter of another project.
type Named<'n> = (&'n str, Option<usize>);

impl<'n> ChainItem<'n> {
    fn new(entry: &'n Node, entries: &Entries) -> Self {
        let inner = typed_config(entry)
            .and_then(|config| config.fields(&["default_filter_chain", "filters"]))
            .map(Node::items)
            .unwrap_or_default();
        let own = std::iter::once(entry).chain(inner);
        Self {
            name: entry.get_text("name").unwrap_or_default(),
            is_disabled: flag(entry, "disabled"),
            filters: own.map(|node| named(node, entries)).collect(),
        }
    }

    /// The filters that run with the overrides of the route, the virtual host and the table. The nearest
    /// one decides whether the entry runs.
    fn with_overrides<'o>(&'o self, overrides: &[&'o Node], entries: &Entries) -> Vec<usize> {
        let is_disabled = overrides
            .first()
            .map_or(self.is_disabled, |nearest| flag(message(nearest), "disabled"));
        if is_disabled {
            return Vec::new();
        }
        // A filter replaces the one of its name, and runs behind all others (measured on Envoy 1.40).
        let mut chain: Vec<Named<'o>> = self.filters.clone();
        for config in overrides.iter().rev() {
            let chain_config = inner_config(config);
            let Some(inner) = chain_config.fields(&["filter_chain", "filters"]) else { continue };
            let inner: Vec<Named<'o>> =
                inner.items().iter().map(|node| named(node, entries)).collect();
            chain.retain(|(name, _)| !inner.iter().any(|(other, _)| other == name));
            chain.extend(inner);
        }
        chain.into_iter().filter_map(|(_, filter)| filter).collect()
    }
}

/// A protobuf boolean, which may be a word of YAML 1.1.
fn flag(message: &Node, name: &str) -> bool {
    message.field(name).is_some_and(|value| Reader::Envoy.value(value) == Value::Bool(true))
}

/// The message of an `Any`, also inside a TypedStruct.
fn message(any: &Node) -> &Node {
    let is_typed = any.get_text("@type").is_some_and(|url| url.ends_with(".TypedStruct"));
    if is_typed { any.get("value").unwrap_or(any) } else { any }
}

/// The override of a filter, also inside a `FilterConfig`.
fn inner_config(any: &Node) -> &Node {
    let outer = message(any);
    outer.field("config").map_or(outer, message)
}

fn named<'n>(node: &'n Node, entries: &Entries) -> Named<'n> {
    let filter = entries.get(&std::ptr::from_ref(node)).copied();
    (node.get_text("name").unwrap_or_default(), filter)
}

/// A connection manager.
struct Context<'c> {
    chain: &'c [ChainItem<'c>],
    entries: &'c Entries,
    /// The index of the connection manager's document.
    index: usize,
    group: usize,
    ignores_port: bool,
}

impl Context<'_> {
    fn add_table(&self, project: &mut Project, document: &Document, table: &Node) {
        let hosts = table.field("virtual_hosts").map(Node::items).unwrap_or_default();
        let ignores_port = self.ignores_port || flag(table, "ignore_port_in_host_matching");
        for host in hosts {
            let domains: Vec<String> = host
                .get("domains")
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|domain| domain.text().map(str::to_owned))
                .collect();
            for route in host.get("routes").map(Node::items).unwrap_or_default() {
                let place = document.place(route);
                let route = self.route((table, host, route), &domains, place);
                let route = Route { ignores_port, ..route };
                project.routes.push(route);
            }
        }
    }

    fn route(
        &self,
        (table, host, route): (&Node, &Node, &Node),
        domains: &[String],
        place: Place,
    ) -> Route {
        let filters = self.chain.iter().flat_map(|item| {
            let overrides: Vec<&Node> = [route, host, table]
                .into_iter()
                .filter_map(|scope| scope.field("typed_per_filter_config")?.get(item.name))
                .collect();
            item.with_overrides(&overrides, self.entries)
        });
        let condition = route.get("match");
        let own_name = route.get_text("name").map(str::to_owned);
        let path = condition.map_or(PathCondition::Any, path_condition);
        let shown = own_name.clone().unwrap_or_else(|| describe(host, &path));
        Route {
            name: shown,
            platform: Platform::Envoy,
            group: self.group,
            route_name: own_name,
            service_name: route
                .fields(&["route", "cluster"])
                .and_then(Node::text)
                .map(str::to_owned),
            domains: domains.to_vec(),
            ignores_port: self.ignores_port,
            path,
            methods: condition.map(methods).unwrap_or_default(),
            other_conditions: condition.map(other_conditions).unwrap_or_default(),
            filters: filters.collect(),
            is_direct: route.field("direct_response").is_some()
                || route.field("redirect").is_some(),
            place,
            document: self.index,
        }
    }
}

/// A name for a route that has none: `api /api/v1`.
fn describe(host: &Node, path: &PathCondition) -> String {
    let host = host.get_text("name").unwrap_or("*");
    let path = match path {
        PathCondition::Exact(path)
        | PathCondition::Prefix(path)
        | PathCondition::SeparatedPrefix(path)
        | PathCondition::Regex(path)
        | PathCondition::RegexPrefix(path) => path,
        PathCondition::Any | PathCondition::All(_) | PathCondition::OneOf(_) => "*",
    };
    format!("{host} {path}")
}

fn path_condition(condition: &Node) -> PathCondition {
    let text = |name: &str| condition.field(name).and_then(Node::text).map(str::to_owned);
    let regex = condition.fields(&["safe_regex", "regex"]).and_then(Node::text);
    if let Some(path) = text("path") {
        return PathCondition::Exact(path);
    }
    if let Some(prefix) = text("path_separated_prefix") {
        return PathCondition::SeparatedPrefix(prefix);
    }
    if let Some(regex) = regex {
        return PathCondition::Regex(regex.to_owned());
    }
    text("prefix").map_or(PathCondition::Any, PathCondition::Prefix)
}

/// The methods that a condition about `:method` allows.
fn methods(condition: &Node) -> Vec<String> {
    let headers = condition.get("headers").map(Node::items).unwrap_or_default();
    let method = headers.iter().find(|header| is_method(header));
    let exact = method.and_then(|header| {
        let matcher = header.field("string_match");
        matcher.and_then(|m| m.field("exact")).or_else(|| header.field("exact_match"))?.text()
    });
    // `GET|POST` is a list of methods.
    let regex = method.and_then(|header| {
        let regex = header.fields(&["string_match", "safe_regex", "regex"])?.text()?;
        let is_list = regex.bytes().all(|b| b.is_ascii_uppercase() || b == b'|');
        is_list.then(|| regex.split('|').map(str::to_owned).collect::<Vec<_>>())
    });
    exact.map(|method| vec![method.to_owned()]).or(regex).unwrap_or_default()
}

/// Whether a condition on a header lists methods.
fn is_method(header: &Node) -> bool {
    header.get_text("name") == Some(":method") && header.field("invert_match").is_none()
}

fn other_conditions(condition: &Node) -> Vec<String> {
    const EVALUATED: [&str; 6] = [
        "path",
        "prefix",
        "path_separated_prefix",
        "safe_regex",
        "pathSeparatedPrefix",
        "safeRegex",
    ];
    let mut others = Vec::new();
    for (key, value) in condition.members() {
        let Some(name) = key.text() else { continue };
        let is_only_method = name == "headers" && value.items().iter().all(is_method);
        if !EVALUATED.contains(&name) && !is_only_method {
            others.push(name.to_owned());
        }
    }
    others
}
