//! Annotations of Ingresses and HTTPRoutes.

use super::super::declarative::{Conditions, requires_tls};
use crate::{
    convert::{
        from::input::kubernetes::Object,
        model::Route,
        report::Report,
        yaml::{Map, Yaml},
    },
    source::Node,
};

/// Annotations that are read here or elsewhere, or have no effect on requests.
const KNOWN: [&str; 18] = [
    "plugins",
    "strip-path",
    "preserve-host",
    "methods",
    "regex-priority",
    "regex-prefix",
    "host-aliases",
    "protocols",
    "https-redirect-status-code",
    "snis",
    "headers-separator",
    "override",
    "path-handling",
    "request-buffering",
    "response-buffering",
    "tags",
    "gateway-unmanaged",
    "expected-ready",
];

/// Settings of routes in the annotations of a resource.
pub(super) struct Settings {
    pub conditions: Conditions,
    strip_path: bool,
    preserve_host: bool,
    methods: Vec<String>,
    /// More host names.
    aliases: Vec<String>,
    regex_priority: i64,
    /// The start of paths that are expressions.
    pub regex_prefix: String,
    /// Settings that only Kong has.
    kong: Map,
}

impl Settings {
    /// Reads the annotations, and reports those without a counterpart.
    pub(super) fn new(object: &Object<'_>, report: &mut Report) -> Self {
        report_unknown(object, &KNOWN, report);
        let own = |name: &str| object.annotation(&format!("konghq.com/{name}"));
        let list = |name: &str| object.list(&format!("konghq.com/{name}"));
        let headers = headers(object);
        let mut kong = Map::new();
        kong.set_list("protocols", list("protocols"));
        let code = own("https-redirect-status-code").and_then(|text| text.parse::<i64>().ok());
        kong.set_some("https_redirect_status_code", code);
        if object.annotation("ingress.kubernetes.io/force-ssl-redirect") == Some("true") {
            kong.set("protocols", vec!["https"]);
            kong.set("https_redirect_status_code", 302);
        }
        kong.set_some("path_handling", own("path-handling"));
        kong.set_list("snis", list("snis"));
        if !headers.is_empty() {
            kong.set("headers", headers.clone());
        }
        let conditions = Conditions {
            headers: headers.names().count(),
            has_snis: !list("snis").is_empty(),
            obstacle: obstacle(object, &headers),
        };
        Self {
            conditions,
            strip_path: own("strip-path") == Some("true"),
            preserve_host: own("preserve-host") != Some("false"),
            methods: list("methods"),
            aliases: list("host-aliases"),
            regex_priority: own("regex-priority").and_then(|t| t.parse().ok()).unwrap_or(0),
            regex_prefix: own("regex-prefix").unwrap_or("/~").to_owned(),
            kong,
        }
    }

    /// Sets everything that the annotations say.
    pub(super) fn apply(&self, route: &mut Route) {
        route.strip_path = self.strip_path;
        route.preserve_host = self.preserve_host;
        if route.methods.is_empty() {
            route.methods.clone_from(&self.methods);
        }
        if !route.hosts.is_empty() {
            route.hosts.extend(self.aliases.iter().cloned());
        }
        route.regex_priority = self.regex_priority;
        route.kong.extend(&self.kong);
        route.requires_tls = requires_tls(&self.kong.texts("protocols"));
        route.priority = self.conditions.priority(route);
    }
}

/// The conditions on headers: `konghq.com/headers.x-kind: a,b`.
fn headers(object: &Object<'_>) -> Map {
    let separator = object.annotation("konghq.com/headers-separator").unwrap_or(",");
    let mut headers = Map::new();
    for (name, value) in annotations(object) {
        if let Some(name) = name.strip_prefix("konghq.com/headers.") {
            let values: Vec<Yaml> = value.split(separator).map(Yaml::from).collect();
            headers.set(name, values);
        }
    }
    headers
}

/// Why routes with these annotations cannot be converted.
fn obstacle(object: &Object<'_>, headers: &Map) -> Option<String> {
    let protocols = object.list("konghq.com/protocols");
    let is_http = |name: &String| ["http", "https", "grpc", "grpcs"].contains(&name.as_str());
    if !headers.is_empty() {
        return Some("has conditions in headers, which are not supported".to_owned());
    }
    if object.annotation("konghq.com/snis").is_some() {
        return Some("has conditions in snis, which are not supported".to_owned());
    }
    if object.annotation("konghq.com/override").is_some() {
        return Some("has settings in a KongIngress, which are not read".to_owned());
    }
    let other = protocols.iter().find(|name| !is_http(name))?;
    Some(format!("has the protocol {other}, which is not supported"))
}

fn annotations<'o>(object: &Object<'o>) -> impl Iterator<Item = (&'o str, &'o str)> {
    let all = object.root.at(&["metadata", "annotations"]).map(Node::members).unwrap_or_default();
    all.iter().filter_map(|(name, value)| Some((name.text()?, value.text()?)))
}

/// Reports the annotations of Kong that are not known.
pub(super) fn report_unknown(object: &Object<'_>, known: &[&str], report: &mut Report) {
    for (name, _) in annotations(object) {
        let Some(own) = name.strip_prefix("konghq.com/") else { continue };
        if !known.contains(&own) && !own.starts_with("headers.") {
            let message = format!("{}: annotation {name}", object.describe());
            report.left_out(&object.place(), message);
        }
    }
}
