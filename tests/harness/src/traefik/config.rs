//! Configurations for tests: a router for each chain of middlewares, one upstream.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Map, Value, json};

/// The filters that Traefik runs.
pub const FILTERS: [&str; 2] = ["header-transform", "jwt-auth"];

/// What to start a Traefik with.
#[derive(Clone, Debug)]
pub struct TraefikConfig {
    /// Its routers.
    pub routers: Vec<Router>,
    /// The upstream of all of them.
    pub upstream: SocketAddr,
    /// The variables of its environment, all of which are passed on to the filters.
    pub environment: BTreeMap<String, String>,
    /// What is merged into the entry point (RFC 7396).
    pub entry_point: Value,
}

/// A router and its middlewares.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// Which requests are for it, in Traefik's language.
    pub rule: String,
    /// Middlewares of Traefik's own, before the filters.
    pub native: Vec<Value>,
    /// The filters, in order.
    pub plugins: Vec<Plugin>,
    /// Whether the upstream is to be spoken to in HTTP/2, as gRPC needs it.
    pub speaks_http2: bool,
}

/// A filter of this project and its configuration.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its name: `jwt-auth`.
    pub filter: String,
    /// What stands below the plugin's name.
    pub config: Value,
}

impl Plugin {
    /// With a configuration as fields, which Traefik makes text of.
    pub fn of_fields(filter: &str, config: Value) -> Self {
        Self { filter: filter.to_owned(), config }
    }

    /// With a configuration as one text, which arrives as it is.
    pub fn of_text(filter: &str, config: impl Into<String>) -> Self {
        Self::of_fields(filter, json!({"json": config.into()}))
    }
}

impl Router {
    /// One for an upstream that is spoken to in HTTP/1.1.
    pub fn new(name: impl Into<String>, rule: impl Into<String>, plugins: Vec<Plugin>) -> Self {
        let (name, rule) = (name.into(), rule.into());
        Self { name, rule, native: Vec::new(), plugins, speaks_http2: false }
    }

    /// For all requests.
    pub fn for_all(name: &str, plugins: Vec<Plugin>) -> Self {
        Self::new(name, "PathPrefix(`/`)", plugins)
    }
}

/// Where a Traefik says that it has taken over a configuration: the path ends with its number.
pub(super) const READY: &str = "/-/novasphere-tests/";

impl TraefikConfig {
    /// Those routers before that upstream, an empty environment.
    pub fn new(upstream: SocketAddr, routers: Vec<Router>) -> Self {
        Self { routers, upstream, environment: BTreeMap::new(), entry_point: json!({}) }
    }

    /// What Traefik reads once.
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
            "log": {"level": "INFO", "format": "json"},
            "entryPoints": {"web": entry_point},
            "ping": {"manualRouting": true},
            "providers": {"file": {"filename": file}},
            "experimental": {
                "abortOnPluginFailure": true,
                "localPlugins": Map::from_iter(plugins),
            },
        })
    }

    /// What Traefik watches: its number is shown at [`READY`].
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
        let ready = json!({
            "rule": format!("Path(`{READY}{number}`)"),
            "priority": 1_000_000,
            "service": "ping@internal",
        });
        routers.insert("ready".to_owned(), ready);
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
        // Without any, Traefik takes the whole file for faulty.
        if let (false, Some(members)) = (middlewares.is_empty(), http.as_object_mut()) {
            members.insert("middlewares".to_owned(), middlewares.into());
        }
        json!({ "http": http })
    }
}
