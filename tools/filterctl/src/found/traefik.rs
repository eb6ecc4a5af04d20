//! Traefik's files.

mod entry_points;
mod rule;
mod static_config;

use std::collections::HashMap;

use novasphere_explain::FilterKind;

pub(in crate::found) use self::entry_points::EntryPoints;
use self::rule::RuleConditions;
pub(crate) use self::static_config::StaticConfig;
use super::{Document, DocumentKind, FilterConfig, Found, Platform, Project, Route};
use crate::source::{Node, Reader};

/// Adds the filters and routes of all of Traefik's files.
pub(super) fn find(project: &mut Project) {
    let documents = std::mem::take(&mut project.documents);
    let aliases = aliases(&documents);
    let entry_points = EntryPoints::of(&documents);
    let mut routes = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        if document.kind == DocumentKind::TraefikDynamic {
            routes.extend(add(project, index, document, &aliases, &entry_points));
        }
    }
    add_by_priority(project, routes);
    project.documents = documents;
}

/// Adds routes in the order in which Traefik tries them.
pub(super) fn add_by_priority(project: &mut Project, mut routes: Vec<(i64, Route)>) {
    routes.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    let group = project.new_group();
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

/// Adds the filters of a document. Returns its routes with their priorities.
fn add(
    project: &mut Project,
    index: usize,
    document: &Document,
    aliases: &HashMap<String, String>,
    entry_points: &EntryPoints,
) -> Vec<(i64, Route)> {
    let mut middlewares = HashMap::new();
    let http = document.root.get("http");
    for (name, middleware) in
        http.and_then(|h| h.get("middlewares")).map(Node::members).unwrap_or_default()
    {
        let Some(name) = name.text() else { continue };
        let found = add_middleware(
            project,
            Platform::Traefik,
            index,
            document,
            (name, middleware),
            aliases,
        );
        middlewares.insert(name.to_owned(), found);
    }
    let mut routes = Vec::new();
    for (name, router) in http.and_then(|h| h.get("routers")).map(Node::members).unwrap_or_default()
    {
        let Some(name) = name.text() else { continue };
        let filters = router.get("middlewares").map(Node::items).unwrap_or_default().iter();
        let filters = filters.filter_map(|item| {
            // `jwt-auth@file` names the provider.
            let name = item.text()?.split('@').next()?;
            middlewares.get(name)
        });
        let filters = filters.flatten().copied().collect();
        let written = (name, router.get_text("rule").unwrap_or_default(), router);
        let mut found = route(Platform::Traefik, index, document, written, filters);
        found.1.service_name = router.get_text("service").map(str::to_owned);
        let names = router.get("entryPoints").map(Node::items).unwrap_or_default();
        found.1.listeners = entry_points.of_router(names.iter().filter_map(Node::text));
        routes.push(found);
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

/// A router and its priority. Traefik tries the longest rule first, unless routers have priorities.
pub(super) fn route(
    platform: Platform,
    index: usize,
    document: &Document,
    (name, rule, router): (&str, &str, &Node),
    filters: Vec<usize>,
) -> (i64, Route) {
    let priority = router.get_text("priority").and_then(|text| text.parse().ok()).unwrap_or(0);
    let length = i64::try_from(rule.len()).unwrap_or(i64::MAX);
    let RuleConditions { domains, path, methods, others } = RuleConditions::parse(rule);
    let route = Route {
        name: name.to_owned(),
        platform,
        group: 0,
        route_name: None,
        service_name: None,
        domains,
        ignores_port: true,
        listeners: Vec::new(),
        path,
        methods,
        other_conditions: others,
        filters,
        direct: None,
        place: document.place(router),
        document: index,
    };
    (if priority == 0 { length } else { priority }, route)
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
