//! Services, routes, filter chains and plugins.

use serde_json::Value;

use super::{Document, Platform, Project, add_filter};
use crate::{
    found::{PathCondition, Route},
    source::{Node, Reader},
};

/// Adds everything in a document.
pub(super) fn add(project: &mut Project, index: usize, document: &Document, group: usize) {
    let mut all = Vec::new();
    for service in list(&document.root, "services") {
        let of_service = filters(project, index, document, service, "service");
        let nested = list(service, "routes").iter();
        let separate = list(&document.root, "routes").iter();
        let separate = separate.filter(|route| refers_to(route, "service", service));
        for route in nested.chain(separate) {
            let of_route = filters(project, index, document, route, "route");
            let filters = [of_service.clone(), of_route].concat();
            all.extend(new_routes(document, index, Some(service), route, &filters));
        }
    }
    let without_service =
        list(&document.root, "routes").iter().filter(|route| route.get("service").is_none());
    for route in without_service {
        let filters = filters(project, index, document, route, "route");
        all.extend(new_routes(document, index, None, route, &filters));
    }
    all.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    project.routes.extend(all.into_iter().map(|(_, route)| Route { group, ..route }));
}

fn list<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

/// Whether the field `name` of an entity refers to `target` by name or id.
fn refers_to(entity: &Node, name: &str, target: &Node) -> bool {
    let Some(reference) = entity.get(name) else { return false };
    let texts = [reference.text(), reference.get_text("name"), reference.get_text("id")];
    let own = [target.get_text("name"), target.get_text("id")];
    texts.iter().flatten().any(|text| own.iter().flatten().any(|own| own == text))
}

/// The filters of a service or a route: those of its chains in order, then its plugins in the order
/// of their ids, in which Kong runs them.
fn filters(
    project: &mut Project,
    index: usize,
    document: &Document,
    entity: &Node,
    kind: &str,
) -> Vec<usize> {
    let of_root = |name: &str| {
        let all = list(&document.root, name).iter();
        all.filter(|chain| refers_to(chain, kind, entity))
    };
    let chains = list(entity, "filter_chains").iter().chain(of_root("filter_chains"));
    let mut found = Vec::new();
    for chain in chains.filter(|chain| !is_off(chain)) {
        for entry in list(chain, "filters").iter().filter(|entry| !is_off(entry)) {
            let Some(name) = entry.get_text("name") else { continue };
            let named = (name, entry.get("config"));
            found.extend(add_filter(project, Platform::Kong, index, document, entry, named));
        }
    }
    let plugins = list(entity, "plugins").iter().chain(of_root("plugins"));
    let mut plugins: Vec<&Node> = plugins.filter(|plugin| !is_off(plugin)).collect();
    plugins.sort_by_key(|plugin| plugin.get_text("id").unwrap_or("~").to_owned());
    for plugin in plugins {
        let Some(name) = plugin.get_text("name") else { continue };
        let named = (name, plugin.get("config"));
        found.extend(add_filter(project, Platform::Kong, index, document, plugin, named));
    }
    found
}

fn is_off(entity: &Node) -> bool {
    entity.get("enabled").is_some_and(|value| Reader::Kong.value(value) == Value::Bool(false))
}

fn texts(node: &Node, name: &str) -> Vec<String> {
    list(node, name).iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

/// A route of the file, once for each of its paths, as Kong's router splits it.
fn new_routes(
    document: &Document,
    index: usize,
    service: Option<&Node>,
    route: &Node,
    filters: &[usize],
) -> Vec<(Rank, Route)> {
    let name = route.get_text("name").map(str::to_owned);
    let others = ["headers", "snis", "sources", "destinations", "expression"].into_iter();
    let others: Vec<String> =
        others.filter(|name| route.get(name).is_some()).map(str::to_owned).collect();
    let new = |path: Option<&str>| {
        let found = Route {
            name: name.clone().unwrap_or_else(|| "unnamed route".to_owned()),
            platform: Platform::Kong,
            group: 0,
            route_name: name.clone(),
            service_name: service.and_then(|s| s.get_text("name")).map(str::to_owned),
            left_out: Vec::new(),
            generated_name: None,
            domains: texts(route, "hosts"),
            ignores_port: true,
            listeners: Vec::new(),
            path: path.map_or(PathCondition::Any, path_condition),
            methods: texts(route, "methods"),
            other_conditions: others.clone(),
            filters: filters.to_vec(),
            direct: None,
            place: document.place(route),
            document: index,
        };
        (rank(route, path), found)
    };
    let paths = texts(route, "paths");
    if paths.is_empty() {
        return vec![new(None)];
    }
    paths.iter().map(|path| new(Some(path))).collect()
}

/// A path that starts with `~` is a regular expression, which must match a start of the path.
pub(in crate::found) fn path_condition(path: &str) -> PathCondition {
    match path.strip_prefix('~') {
        Some(regex) => PathCondition::RegexPrefix(regex.to_owned()),
        None => PathCondition::Prefix(path.to_owned()),
    }
}

/// The order in which Kong's router `traditional_compatible` tries routes, highest first: by the
/// number of kinds of conditions, then host names without wildcards, then the number of headers,
/// then regular expressions by `regex_priority`, then the length of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::found) struct Rank {
    pub conditions: usize,
    pub is_plain_host: bool,
    pub headers: usize,
    pub path: PathRank,
}

/// The order of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::found) struct PathRank {
    is_regex: bool,
    regex_priority: i64,
    length: usize,
}

impl PathRank {
    /// The rank of a path. The priority matters for regular expressions only.
    pub(in crate::found) fn new(path: Option<&str>, regex_priority: Option<&str>) -> Self {
        let is_regex = path.is_some_and(|path| path.starts_with('~'));
        let priority = regex_priority.and_then(|text| text.parse().ok());
        Self {
            is_regex,
            regex_priority: priority.filter(|_| is_regex).unwrap_or(0),
            length: path.map_or(0, str::len),
        }
    }
}

fn rank(route: &Node, path: Option<&str>) -> Rank {
    let has = |name: &&str| {
        route.get(name).is_some_and(|n| !n.items().is_empty() || !n.members().is_empty())
    };
    let hosts = texts(route, "hosts");
    let kinds = ["methods", "hosts", "headers", "paths", "snis"].iter();
    Rank {
        conditions: kinds.filter(|name| has(name)).count(),
        is_plain_host: !hosts.is_empty() && !hosts.iter().any(|host| host.contains('*')),
        headers: route.get("headers").map_or(0, |headers| headers.members().len()),
        path: PathRank::new(path, route.get_text("regex_priority")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    const CONFIG: &str = r#"
_format_version: "3.0"
services:
- name: api
  filter_chains:
  - filters:
    - {name: novasphere_cors, config: {origins: ["*"]}}
    - {name: novasphere_jwt_auth, enabled: false, config: {}}
    - {name: other, config: {}}
  routes:
  - name: short
    paths: [/a]
  - name: long
    paths: [/a/b]
    hosts: [api.example.com]
    plugins:
    - {id: "2", name: novasphere_rate_limit, config: '{"minute": 5}'}
    - {id: "1", name: novasphere_header_transform, config: {}}
  - name: regex
    paths: ["~/a/[0-9]+$"]
  - name: regex-first
    paths: ["~/a/[0-9]"]
    regex_priority: 1
routes:
- {name: separate, service: {name: api}, paths: [/z]}
"#;

    #[test]
    fn routes_have_filters_in_the_order_in_which_they_run() {
        let project = Project::new(vec![File::new("kong.yml", CONFIG.to_owned())]);
        let shown: Vec<(String, Vec<&str>)> = project
            .routes
            .iter()
            .map(|route| {
                let names = route.filters.iter().map(|f| project.filters[*f].name.as_str());
                (route.name.clone(), names.collect())
            })
            .collect();
        let expected = [
            (
                "long",
                vec!["novasphere_cors", "novasphere_header_transform", "novasphere_rate_limit"],
            ),
            ("regex-first", vec!["novasphere_cors"]),
            ("regex", vec!["novasphere_cors"]),
            ("short", vec!["novasphere_cors"]),
            ("separate", vec!["novasphere_cors"]),
        ];
        assert_eq!(shown, expected.map(|(name, filters)| (name.to_owned(), filters)));
        let text = project.filters.iter().find(|f| f.name == "novasphere_rate_limit").unwrap();
        assert_eq!(text.config.json, r#"{"minute": 5}"#);
    }
}
