//! The routes of Envoy's connection managers, each with the filters that run for it.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::{
    Entries, Project,
    condition::{methods, other_conditions, path_condition},
    request_handling, typed_config,
};
use crate::{
    found::{DirectResponse, Document, DocumentKind, PathCondition, Place, Platform, Route},
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
        let group = project.new_group();
        let handling = request_handling::of_manager(manager, &document.root);
        project.request_handling.insert(group, handling);
        let context = Context { chain: &chain, entries, index, group };
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
pub(in crate::found) fn flag(message: &Node, name: &str) -> bool {
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
}

impl Context<'_> {
    fn add_table(&self, project: &mut Project, document: &Document, table: &Node) {
        let hosts = table.field("virtual_hosts").map(Node::items).unwrap_or_default();
        let ignores_port = flag(table, "ignore_port_in_host_matching");
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
                for cluster in clusters(route) {
                    let found = self.route((table, host, route, cluster), &domains, &place);
                    project.routes.push(Route { ignores_port, ..found });
                }
            }
        }
    }

    fn route(
        &self,
        (table, host, route, cluster): (&Node, &Node, &Node, Option<&Node>),
        domains: &[String],
        place: &Place,
    ) -> Route {
        let filters = self.chain.iter().flat_map(|item| {
            let overrides: Vec<&Node> = cluster
                .into_iter()
                .chain([route, host, table])
                .filter_map(|scope| scope.field("typed_per_filter_config")?.get(item.name))
                .collect();
            item.with_overrides(&overrides, self.entries)
        });
        let condition = route.get("match");
        let own_name = route.get_text("name").map(str::to_owned);
        let path = condition.map_or(PathCondition::Any, path_condition);
        let shown = own_name.clone().unwrap_or_else(|| describe(host, &path));
        let cluster_name = cluster
            .and_then(|cluster| cluster.get_text("name"))
            .or_else(|| route.fields(&["route", "cluster"])?.text());
        let shown = match (cluster, cluster_name) {
            (Some(_), Some(name)) => format!("{shown}, cluster {name}"),
            _ => shown,
        };
        Route {
            name: shown,
            platform: Platform::Envoy,
            group: self.group,
            route_name: own_name,
            service_name: cluster_name.map(str::to_owned),
            left_out: Vec::new(),
            generated_name: None,
            domains: domains.to_vec(),
            ignores_port: false,
            listeners: Vec::new(),
            path,
            methods: condition.map(methods).unwrap_or_default(),
            other_conditions: condition.map(other_conditions).unwrap_or_default(),
            filters: filters.collect(),
            direct: direct(route),
            place: place.clone(),
            document: self.index,
        }
    }
}

/// The response of a route that redirects or responds itself.
fn direct(route: &Node) -> Option<DirectResponse> {
    if let Some(response) = route.field("direct_response") {
        return Some(DirectResponse::new(response.field("status"), None));
    }
    let code = route.field("redirect")?.field("response_code").map(Node::text);
    let status = match code {
        None | Some(Some("MOVED_PERMANENTLY" | "0")) => Some(301),
        Some(Some("FOUND" | "1")) => Some(302),
        Some(Some("SEE_OTHER" | "2")) => Some(303),
        Some(Some("TEMPORARY_REDIRECT" | "3")) => Some(307),
        Some(Some("PERMANENT_REDIRECT" | "4")) => Some(308),
        Some(_) => None,
    };
    Some(DirectResponse { status })
}

/// The clusters among which a route divides its requests, if one of them overrides filters. Otherwise
/// they are one route: `None`.
fn clusters(route: &Node) -> Vec<Option<&Node>> {
    let clusters = route.fields(&["route", "weighted_clusters", "clusters"]);
    let clusters = clusters.map(Node::items).unwrap_or_default();
    let overrides = |cluster: &Node| cluster.field("typed_per_filter_config").is_some();
    if clusters.iter().any(overrides) { clusters.iter().map(Some).collect() } else { vec![None] }
}

/// A name for a route that has none: `api /api/v1`.
fn describe(host: &Node, path: &PathCondition) -> String {
    let host = host.get_text("name").unwrap_or("*");
    let path = match path {
        PathCondition::AnyCase(path) => path,
        path => path,
    };
    let path = match path {
        PathCondition::Exact(path)
        | PathCondition::Prefix(path)
        | PathCondition::SeparatedPrefix(path)
        | PathCondition::Regex(path)
        | PathCondition::RegexPrefix(path) => path,
        PathCondition::Any
        | PathCondition::AnyCase(_)
        | PathCondition::All(_)
        | PathCondition::OneOf(_) => "*",
    };
    format!("{host} {path}")
}
