//! Traefik's files.

mod entry_points;
pub(crate) mod middlewares;
mod rule;
mod static_config;

use std::collections::HashMap;

use novasphere_explain::FilterKind;

pub(crate) use self::{
    entry_points::{EntryPoints, Served},
    static_config::StaticConfig,
};
use self::{
    middlewares::{Find, Middleware},
    rule::RuleConditions,
};
use super::{
    Document, DocumentKind, FilterConfig, Found, NamedFilters, Platform, Project, RequestHandling,
    Route, TraefikPath,
};
use crate::source::{Node, Reader};

/// Adds the filters of all of Traefik's files. Returns their middlewares, which the routers of other
/// files and of Kubernetes may name.
pub(super) fn add_filters(project: &mut Project) -> Middlewares {
    let documents = std::mem::take(&mut project.documents);
    let aliases = aliases(&documents);
    let mut middlewares = HashMap::new();
    for (index, document) in dynamic(&documents) {
        add_middlewares(project, index, document, &aliases, &mut middlewares);
    }
    project.documents = documents;
    middlewares
}

/// Adds the routes of all of Traefik's files.
pub(super) fn add_routes(
    project: &mut Project,
    documents: &[Document],
    find: impl Find,
    entry_points: &EntryPoints,
) {
    let routes = dynamic(documents)
        .flat_map(|(index, document)| routers(index, document, find, entry_points));
    let routes = routes.collect();
    add_by_priority(project, routes, entry_points);
}

fn dynamic(documents: &[Document]) -> impl Iterator<Item = (usize, &Document)> {
    let all = documents.iter().enumerate();
    all.filter(|(_, document)| document.kind == DocumentKind::TraefikDynamic)
}

/// Adds routes in the order in which Traefik tries them.
pub(super) fn add_by_priority(
    project: &mut Project,
    mut routes: Vec<(i64, Route)>,
    entry_points: &EntryPoints,
) {
    if routes.is_empty() {
        return;
    }
    routes.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    let group = project.new_group();
    let traefik = Some(TraefikPath { sanitizes: entry_points.sanitize_paths() });
    let handling = RequestHandling { traefik, ..RequestHandling::default() };
    project.request_handling.insert(group, handling);
    if let Some(names) = entry_points.public_names() {
        project.listeners.insert(group, names);
    }
    project.routes.extend(routes.into_iter().map(|(_, route)| Route { group, ..route }));
}

/// The modules of plugins by the names that the static configuration gives them.
fn aliases(documents: &[Document]) -> HashMap<String, String> {
    let mut aliases = HashMap::new();
    for document in documents.iter().filter(|d| d.kind == DocumentKind::TraefikStatic) {
        let plugins = document.root.at(&["experimental", "localPlugins"]);
        for (name, plugin) in plugins.map(Node::members).unwrap_or_default() {
            let module = plugin.get_text("moduleName").and_then(|module| module.rsplit('/').next());
            if let (Some(name), Some(module)) = (name.text(), module) {
                aliases.insert(name.to_owned(), module.to_owned());
            }
        }
    }
    aliases
}

/// The filters of each middleware, and the names in its chain.
pub(super) type Middlewares = HashMap<String, Middleware<Vec<usize>>>;

fn add_middlewares(
    project: &mut Project,
    index: usize,
    document: &Document,
    aliases: &HashMap<String, String>,
    middlewares: &mut Middlewares,
) {
    let all = document.root.at(&["http", "middlewares"]).map(Node::members).unwrap_or_default();
    for (name, middleware) in all {
        let Some(name) = name.text() else { continue };
        let named = (name, middleware);
        let found = add_middleware(project, Platform::Traefik, index, document, named, aliases);
        let chain = middlewares::chain_of_file(middleware);
        middlewares.insert(name.to_owned(), (found, chain));
    }
}

/// The routes of a document with their priorities.
fn routers(
    index: usize,
    document: &Document,
    find: impl Find,
    entry_points: &EntryPoints,
) -> Vec<(i64, Route)> {
    let mut routes = Vec::new();
    for (name, router) in
        document.root.at(&["http", "routers"]).map(Node::members).unwrap_or_default()
    {
        let Some(name) = name.text() else { continue };
        let texts = |field: &str| {
            router.get(field).map(Node::items).unwrap_or_default().iter().filter_map(Node::text)
        };
        let own: Vec<String> = texts("middlewares").map(str::to_owned).collect();
        for Served { listeners, middlewares: first } in entry_points.of_router(texts("entryPoints"))
        {
            let filters = middlewares::filters([first, own.clone()].concat(), find);
            let written = (name, router.get_text("rule").unwrap_or_default(), router);
            let found = self::routes(Platform::Traefik, index, document, written, &filters);
            let service_name = router.get_text("service").map(str::to_owned);
            routes.extend(found.into_iter().map(|(priority, found)| {
                let (listeners, service_name) = (listeners.clone(), service_name.clone());
                (priority, Route { listeners, service_name, ..found })
            }));
        }
    }
    routes
}

/// Adds the filters of a middleware. Returns their indices.
pub(super) fn add_middleware(
    project: &mut Project,
    platform: Platform,
    index: usize,
    document: &Document,
    (name, middleware): (&str, &Node),
    aliases: &HashMap<String, String>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for (key, settings) in middleware.get("plugin").map(Node::members).unwrap_or_default() {
        let Some(plugin) = key.text() else { continue };
        let module = aliases.get(plugin).map_or(plugin, String::as_str);
        let is_known = module.starts_with("novasphere") || aliases.contains_key(plugin);
        let Some(kind) = FilterKind::from_name(module).filter(|_| is_known) else { continue };
        let Some(file) = project.files.get(document.file) else { continue };
        let config = match settings.get("json") {
            Some(json) if settings.members().len() == 1 => FilterConfig::text(file, json),
            _ => {
                let reader = match platform {
                    Platform::Traefik => Reader::Traefik,
                    _ => Reader::Kubernetes,
                };
                FilterConfig { values_are_text: true, ..FilterConfig::of(file, settings, reader) }
            }
        };
        found.push(project.filters.len());
        project.filters.push(Found {
            kind,
            platform,
            name: name.to_owned(),
            module: plugin.to_owned(),
            config,
            entry: middleware.clone(),
            place: document.place(key),
            document: index,
        });
    }
    found
}

/// The alternatives of a router, and its priority. Traefik tries the longest rule first, unless
/// routers have priorities.
pub(super) fn routes(
    platform: Platform,
    index: usize,
    document: &Document,
    (name, rule, router): (&str, &str, &Node),
    NamedFilters { filters, left_out }: &NamedFilters,
) -> Vec<(i64, Route)> {
    let priority = router.get_text("priority").and_then(|text| text.parse().ok()).unwrap_or(0);
    let length = i64::try_from(rule.len()).unwrap_or(i64::MAX);
    let priority = if priority == 0 { length } else { priority };
    let new = |RuleConditions { domains, path, methods, others }| Route {
        name: name.to_owned(),
        platform,
        group: 0,
        route_name: None,
        service_name: None,
        left_out: left_out.clone(),
        generated_name: None,
        domains,
        ignores_port: true,
        listeners: Vec::new(),
        path,
        methods,
        other_conditions: others,
        filters: filters.clone(),
        direct: None,
        place: document.place(router),
        document: index,
    };
    rule::alternatives(rule).into_iter().map(|one| (priority, new(one))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{found::PathCondition, source::File};

    const STATIC: &str =
        "experimental:\n  localPlugins:\n    auth: {moduleName: novasphere/jwt-auth}\n";
    const DYNAMIC: &str = r#"
http:
  routers:
    api:
      rule: Host(`api.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))
      middlewares: [auth, "transform@file"]
    health: {rule: "Path(`/healthz`)", priority: 1000}
  middlewares:
    auth: {plugin: {auth: {leeway: 5, uri_param_names: []}}}
    transform: {plugin: {novasphere-header-transform: {json: '{"request": {}}'}}}
    other: {headers: {frameDeny: true}}
"#;

    #[test]
    fn finds_plugins_by_alias_and_routes_by_priority() {
        let file = |name: &str, text: &str| File::new(name, text.to_owned());
        let project =
            Project::new(vec![file("traefik.yaml", STATIC), file("dynamic.yaml", DYNAMIC)]);
        let names: Vec<&str> = project.routes.iter().map(|route| route.name.as_str()).collect();
        assert_eq!(names, ["health", "api"]);
        let api = &project.routes[1];
        assert_eq!(api.domains, ["api.example.com"]);
        let expected = PathCondition::OneOf(vec![
            PathCondition::Exact("/api".to_owned()),
            PathCondition::Prefix("/api/".to_owned()),
        ]);
        assert_eq!(api.path, expected);
        let kinds: Vec<FilterKind> = api.filters.iter().map(|f| project.filters[*f].kind).collect();
        assert_eq!(kinds, [FilterKind::JwtAuth, FilterKind::HeaderTransform]);
        assert_eq!(project.filters[0].config.json, r#"{"leeway":"5","uri_param_names":[]}"#);
        assert!(project.filters[0].config.values_are_text);
        assert_eq!(project.filters[1].config.json, r#"{"request": {}}"#);
    }
}
