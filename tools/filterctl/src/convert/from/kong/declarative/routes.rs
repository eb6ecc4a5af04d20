//! Routes of kong.yml.

use super::{
    super::entities::{Entities, RouteEntity, Scope},
    File, refers, report_rest,
};
use crate::{
    convert::{
        from::input::fields::{Fields, yaml},
        model::{PathMatch, Route},
        report::Report,
    },
    source::{Node, Reader},
};

/// Fields that only Kong has.
const SETTINGS: [&str; 6] = [
    "protocols",
    "https_redirect_status_code",
    "request_buffering",
    "response_buffering",
    "path_handling",
    "tags",
];

/// Conditions that only Kong has.
const CONDITIONS: [&str; 4] = ["headers", "snis", "sources", "destinations"];

/// Protocols that are not HTTP.
const STREAMS: [&str; 4] = ["tcp", "tls", "tls_passthrough", "udp"];

impl<'d> File<'d> {
    /// Adds the routes of the root.
    pub(super) fn add_routes(&mut self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("routes") {
            let name = refers(node, "service");
            let index = name.as_deref().and_then(|name| service_index(entities, name));
            let obstacle = match (name, index) {
                (Some(name), None) => Some(format!("its service {name:?} is not in the input")),
                _ => None,
            };
            self.add_route(node, index, obstacle, entities, report);
        }
    }

    /// Adds a route.
    pub(super) fn add_route(
        &mut self,
        node: &'d Node,
        service: Option<usize>,
        obstacle: Option<String>,
        entities: &mut Entities,
        report: &mut Report,
    ) {
        let fields = self.fields(node, "route");
        let place = self.place(node);
        let number = entities.routes.len().saturating_add(1);
        let name = fields.text("name").map_or(format!("route-{number}"), str::to_owned);
        let mut route = Route::new(&name, 0, place.clone());
        route.id = fields.text("id").map(str::to_owned);
        route.hosts = fields.texts("hosts");
        let is_old = self.is_old();
        route.paths =
            fields.texts("paths").iter().map(|path| versioned_path(path, is_old)).collect();
        route.methods = fields.texts("methods");
        route.strip_path = fields.flag("strip_path").unwrap_or(true);
        route.preserve_host = fields.flag("preserve_host").unwrap_or(false);
        route.regex_priority = fields.number("regex_priority").unwrap_or(0);
        route.requires_tls = requires_tls(&fields.texts("protocols"));
        let conditions = Conditions::of(&fields);
        route.priority = conditions.priority(&route);
        for name in SETTINGS {
            route.kong.set_some(name, fields.get(name).and_then(|node| yaml(node, Reader::Kong)));
        }
        // Kong's own output keeps them, for a blocked route.
        for name in CONDITIONS {
            route.kong.set_some(name, fields.get(name).and_then(|node| yaml(node, Reader::Kong)));
        }
        let is_stream = fields.texts("protocols").iter().any(|p| STREAMS.contains(&p.as_str()));
        let of_chains = self.filter_chains(node, &format!("route {name}"), report);
        fields.ignore(&["plugins", "service", "filter_chains", "created_at", "updated_at"]);
        fields.ignore(&["priority"]);
        report_rest(&fields, &place, &format!("route {name}"), report);
        let obstacle = obstacle.or(conditions.obstacle).or_else(|| host_obstacle(&route));
        let obstacle = obstacle.or(of_chains);
        entities.routes.push(RouteEntity { route, service, obstacle, is_stream });
        let index = entities.routes.len().saturating_sub(1);
        self.nest_plugins(node, Scope { route: Some(index), ..Scope::default() });
    }

    /// Whether the format is older than Kong 3, where expressions have no `~`.
    fn is_old(&self) -> bool {
        let version = self.root.text("_format_version").and_then(|text| text.parse::<f64>().ok());
        version.is_some_and(|version| version < 3.0)
    }
}

/// Conditions of a route that the output does not have.
#[derive(Debug, Default)]
pub(in crate::convert::from::kong) struct Conditions {
    /// The number of headers.
    pub headers: usize,
    pub has_snis: bool,
    /// Why the route cannot be converted.
    pub obstacle: Option<String>,
}

impl Conditions {
    fn of(fields: &Fields<'_>) -> Self {
        let has = |name: &&str| {
            fields.get(name).is_some_and(|n| {
                n.text().is_some() || !n.items().is_empty() || !n.members().is_empty()
            })
        };
        let obstacle = CONDITIONS.iter().chain(&["expression"]).find(|name| has(name));
        let mut obstacle =
            obstacle.map(|name| format!("has conditions in {name}, which are not supported"));
        if fields.texts("protocols").iter().any(|protocol| protocol == "ws" || protocol == "wss") {
            obstacle.get_or_insert_with(|| "is for WebSockets only".to_owned());
        }
        Self {
            headers: fields.get("headers").map_or(0, |headers| headers.members().len()),
            has_snis: has(&"snis"),
            obstacle,
        }
    }

    /// The order in which Kong tries routes, before it compares paths: routes with more kinds of
    /// conditions first, then those for exact host names, then those with more headers.
    pub(in crate::convert::from::kong) fn priority(&self, route: &Route) -> i64 {
        let kinds = [
            !route.hosts.is_empty(),
            !route.paths.is_empty(),
            !route.methods.is_empty(),
            self.headers > 0,
            self.has_snis,
        ];
        let kinds: i64 = kinds.into_iter().map(i64::from).sum();
        let is_plain = !route.hosts.is_empty() && !route.hosts.iter().any(|h| h.contains('*'));
        let headers = i64::try_from(self.headers.min(255)).unwrap_or(255);
        kinds.saturating_mul(512).saturating_add(if is_plain { 256 } else { 0 }) + headers
    }
}

/// Whether requests without TLS are rejected or redirected.
pub(in crate::convert::from::kong) fn requires_tls(protocols: &[String]) -> bool {
    let is_plain = |protocol: &String| protocol == "http" || protocol == "grpc";
    !protocols.is_empty() && !protocols.iter().any(is_plain)
}

/// A host with a port matches only connections to this port of Kong.
fn host_obstacle(route: &Route) -> Option<String> {
    let host = route.hosts.iter().find(|host| host.contains(':'))?;
    Some(format!("its host {host} has a port, which is not supported"))
}

/// A path that starts with `~` is an expression for the start of the path.
pub(in crate::convert::from::kong) fn path_match(path: &str) -> PathMatch {
    match path.strip_prefix('~') {
        Some(regex) => PathMatch::RegexStart(regex.to_owned()),
        None => PathMatch::Prefix(path.to_owned()),
    }
}

fn versioned_path(path: &str, is_old: bool) -> PathMatch {
    match is_old && is_legacy_regex(path) {
        true => PathMatch::RegexStart(path.to_owned()),
        false => path_match(path),
    }
}

/// Whether versions before Kong 3 take a path for an expression.
pub(in crate::convert::from::kong) fn is_legacy_regex(path: &str) -> bool {
    !path.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_~/%".contains(&b))
}

pub(super) fn service_index(entities: &Entities, name: &str) -> Option<usize> {
    entities
        .services
        .iter()
        .position(|own| own.service.name == name || own.service.id.as_deref() == Some(name))
}
