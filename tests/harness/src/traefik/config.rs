//! Configurations for tests: one router per chain of middlewares, and one upstream.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Map, Value, json};

/// The filters that Traefik runs.
pub const FILTERS: [&str; 2] = ["header-transform", "jwt-auth"];

/// The configuration of a Traefik.
#[derive(Clone, Debug)]
pub struct TraefikConfig {
    /// The routers.
    pub routers: Vec<Router>,
    /// The upstream of all routers.
    pub upstream: SocketAddr,
    /// Environment variables, all of which the filters can read.
    pub environment: BTreeMap<String, String>,
    /// A merge patch (RFC 7396) for the entry point.
    pub entry_point: Value,
}

/// A router and its middlewares.
#[derive(Clone, Debug)]
pub struct Router {
    /// The name.
    pub name: String,
    /// The rule that matches requests, in Traefik's syntax.
    pub rule: String,
    /// Traefik's middlewares in front of the filters.
    pub native: Vec<Value>,
    /// The filters in order.
    pub plugins: Vec<Plugin>,
    /// Whether to use HTTP/2 to the upstream, as gRPC needs.
    pub speaks_http2: bool,
}

/// A filter and its configuration.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The name, such as `jwt-auth`.
    pub filter: String,
    /// The value below the plugin's name.
    pub config: Value,
}

impl Plugin {
    /// Returns a plugin configured by fields, which Traefik serialises.
    pub fn of_fields(filter: &str, config: Value) -> Self {
        Self { filter: filter.to_owned(), config }
    }

    /// Returns a plugin configured by one text, which Traefik passes unchanged.
    pub fn of_text(filter: &str, config: impl Into<String>) -> Self {
        Self::of_fields(filter, json!({"json": config.into()}))
    }
}

impl Router {
    /// Returns a router with an HTTP/1.1 upstream.
    pub fn new(name: impl Into<String>, rule: impl Into<String>, plugins: Vec<Plugin>) -> Self {
        let (name, rule) = (name.into(), rule.into());
        Self { name, rule, native: Vec::new(), plugins, speaks_http2: false }
    }

    /// Returns a router for all requests.
    pub fn for_all(name: &str, plugins: Vec<Plugin>) -> Self {
        Self::new(name, "PathPrefix(`/`)", plugins)
    }
}

/// The prefix of a path that exists once Traefik has applied a configuration. The path ends with the
/// number of the configuration.
pub(super) const READY: &str = "/-/novasphere-tests/";

/// Returns the router of that path. It needs `ping: {manualRouting: true}` in the static configuration.
pub(super) fn ready(number: u32) -> Value {
    json!({
        "rule": format!("Path(`{READY}{number}`)"),
        "priority": 1_000_000,
        "service": "ping@internal",
    })
}

impl TraefikConfig {
    /// Returns a configuration with an empty environment.
    pub fn new(upstream: SocketAddr, routers: Vec<Router>) -> Self {
        Self { routers, upstream, environment: BTreeMap::new(), entry_point: json!({}) }
    }

    /// Returns the static configuration.
    pub(super) fn fixed(&self, addr: SocketAddr, file: &str) -> Value {
        let names: Vec<_> = self.environment.keys().collect();
        let plugins = FILTERS.map(|filter| {
            let plugin = json!({
                "moduleName": format!("novasphere/{filter}"),
                "settings": {"envs": names},
            });
            (format!("novasphere-{filter}"), plugin)
        });
        let mut entry_point = json!({"address": addr.to_string()});
        if let (Some(members), Some(more)) =
            (entry_point.as_object_mut(), self.entry_point.as_object())
        {
            members.extend(more.clone());
        }
        json!({
            "global": {"checkNewVersion": false, "sendAnonymousUsage": false},
            "log": {"level": "DEBUG", "format": "json"},
            "entryPoints": {"web": entry_point},
            "ping": {"manualRouting": true},
            "providers": {"file": {"filename": file}},
            "experimental": {
                "abortOnPluginFailure": true,
                "localPlugins": Map::from_iter(plugins),
            },
        })
    }

    /// Returns the dynamic configuration, with its number at [`READY`].
    pub(super) fn dynamic(&self, number: u32) -> Value {
        let (mut routers, mut middlewares) = (Map::new(), Map::new());
        for router in &self.routers {
            let mut chain = Vec::new();
            let plugins = router.plugins.iter().map(|plugin| {
                let plugin = json!({format!("novasphere-{}", plugin.filter): plugin.config});
                json!({ "plugin": plugin })
            });
            for (n, middleware) in router.native.iter().cloned().chain(plugins).enumerate() {
                let name = format!("{}-{n}", router.name);
                middlewares.insert(name.clone(), middleware);
                chain.push(name);
            }
            let service = if router.speaks_http2 { "novasphere-api-h2c" } else { "novasphere-api" };
            let mut value = json!({"rule": router.rule, "service": service});
            if let (false, Some(members)) = (chain.is_empty(), value.as_object_mut()) {
                members.insert("middlewares".to_owned(), chain.into());
            }
            routers.insert(router.name.clone(), value);
        }
        routers.insert("ready".to_owned(), ready(number));
        let upstream = |scheme: &str| {
            let url = format!("{scheme}://{}", self.upstream);
            json!({"loadBalancer": {"servers": [{"url": url}]}})
        };
        let mut http = json!({
            "routers": routers,
            "services": {
                "novasphere-api": upstream("http"),
                "novasphere-api-h2c": upstream("h2c"),
            },
        });
        // Traefik rejects a file with an empty list.
        if let (false, Some(members)) = (middlewares.is_empty(), http.as_object_mut()) {
            members.insert("middlewares".to_owned(), middlewares.into());
        }
        json!({ "http": http })
    }
}
