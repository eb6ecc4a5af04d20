//! Bootstrap configurations for tests: one listener per filter chain, and one upstream.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Result;
use serde_json::{Value, json};

use super::filter::{WasmFilter, all_are_native, has_metrics_namespace, native_metrics};

pub(super) const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// The configuration of an Envoy.
#[derive(Clone, Debug)]
pub struct EnvoyConfig {
    /// The listeners, each on a free port.
    pub listeners: Vec<Listener>,
    /// The upstream of all listeners.
    pub upstream: SocketAddr,
    /// Clusters for callouts of the filters, by name.
    pub clusters: BTreeMap<String, SocketAddr>,
    /// Names of clusters without endpoints.
    pub empty_clusters: Vec<String>,
    /// Environment variables, all of which the filters can read.
    pub environment: BTreeMap<String, String>,
    /// The number of worker threads.
    pub concurrency: u32,
    /// Log levels.
    pub logging: Logging,
    /// A file with more listeners that Envoy watches (LDS).
    pub listener_file: Option<PathBuf>,
    /// Makes this process a part of a series of hot restarts.
    pub hot_restart: Option<HotRestart>,
    /// More arguments of the program, such as `--drain-time-s`.
    pub arguments: Vec<String>,
}

/// A process in a series of hot restarts.
#[derive(Clone, Copy, Debug)]
pub struct HotRestart {
    /// Identifies the series on this machine.
    pub base_id: u16,
    /// The number of hot restarts before this process.
    pub epoch: u32,
}

/// Log levels of Envoy.
#[derive(Clone, Debug)]
pub struct Logging {
    /// The level of all components.
    pub level: String,
    /// Levels of single components, such as `wasm:trace`.
    pub components: Option<String>,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), components: None }
    }
}

impl EnvoyConfig {
    /// Returns a configuration with one worker, default log levels and an empty environment.
    pub fn new(upstream: SocketAddr, listeners: Vec<Listener>) -> Self {
        Self {
            listeners,
            upstream,
            clusters: BTreeMap::new(),
            empty_clusters: Vec::new(),
            environment: BTreeMap::new(),
            concurrency: 1,
            logging: Logging::default(),
            listener_file: None,
            hot_restart: None,
            arguments: Vec::new(),
        }
    }

    pub(super) fn bootstrap(&self) -> Result<Value> {
        let listeners =
            self.listeners.iter().map(|l| self.listener(l)).collect::<Result<Vec<_>>>()?;
        let mut clusters = vec![self.upstream_cluster()];
        clusters.extend(self.clusters.iter().map(|(name, addr)| cluster(name, *addr)));
        clusters.extend(self.empty_clusters.iter().map(|name| json!({"name": name})));
        let mut bootstrap = json!({
            "node": {"id": "novasphere-tests", "cluster": "novasphere-tests"},
            "admin": {"address": address(([127, 0, 0, 1], 0).into())},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        });
        if let Some(members) = bootstrap.as_object_mut() {
            let is_wanted = self.has_native_module() && has_metrics_namespace()?;
            members.extend(is_wanted.then(native_metrics));
        }
        if let (Some(path), Some(members)) = (&self.listener_file, bootstrap.as_object_mut()) {
            let source =
                json!({"path_config_source": {"path": path}, "resource_api_version": "V3"});
            members.insert("dynamic_resources".to_owned(), json!({"lds_config": source}));
        }
        Ok(bootstrap)
    }

    fn has_native_module(&self) -> bool {
        // A listener file may add filters later.
        all_are_native()
            || self
                .listeners
                .iter()
                .flat_map(|listener| &listener.filters)
                .any(WasmFilter::is_native)
    }

    /// Returns the text of a listener file.
    ///
    /// # Errors
    /// Fails if a filter is not built.
    pub fn listener_file_text(&self, listeners: &[Listener]) -> Result<String> {
        let resources = listeners
            .iter()
            .map(|listener| {
                let mut value = self.listener(listener)?;
                if let Some(members) = value.as_object_mut() {
                    let kind = "type.googleapis.com/envoy.config.listener.v3.Listener";
                    members.insert("@type".to_owned(), kind.into());
                }
                Ok(value)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(json!({ "resources": resources }).to_string())
    }

    fn listener(&self, listener: &Listener) -> Result<Value> {
        let wasm = listener.filters.iter().map(|filter| filter.http_filter(&self.environment));
        let mut filters = wasm.collect::<Result<Vec<_>>>()?;
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": format!("{TYPES}.filters.http.router.v3.Router")},
        }));
        let manager = json!({
            "@type": format!(
                "{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"
            ),
            "stat_prefix": listener.name,
            "codec_type": "AUTO",
            "use_remote_address": true,
            "xff_num_trusted_hops": listener.trusted_hops,
            "normalize_path": true,
            "merge_slashes": true,
            "path_with_escaped_slashes_action": "REJECT_REQUEST",
            "server_header_transformation": "PASS_THROUGH",
            "max_request_headers_kb": 96,
            "common_http_protocol_options": {
                "max_headers_count": 250,
                "headers_with_underscores_action":
                    if listener.underscores { "ALLOW" } else { "DROP_HEADER" },
            },
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "http2_protocol_options": {"allow_connect": true},
            "access_log": listener.access_log.iter().map(access_log).collect::<Vec<_>>(),
            "http_filters": filters,
            "route_config": {
                "name": listener.name,
                "virtual_hosts": [{
                    "name": "all",
                    "domains": ["*"],
                    "routes": [listener.route()],
                }],
            },
        });
        let network = json!({
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        });
        Ok(json!({
            "name": listener.name,
            "address": address(([127, 0, 0, 1], listener.port).into()),
            "filter_chains": [{"filters": [network]}],
        }))
    }

    /// The upstream uses the client's protocol, so that gRPC and WebSocket both pass.
    fn upstream_cluster(&self) -> Value {
        let mut cluster = cluster("novasphere-api", self.upstream);
        if let Some(members) = cluster.as_object_mut() {
            let options = json!({
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": format!("{TYPES}.upstreams.http.v3.HttpProtocolOptions"),
                    "use_downstream_protocol_config": {
                        "http_protocol_options": {},
                        "http2_protocol_options": {"allow_connect": true},
                    },
                },
            });
            members.insert("typed_extension_protocol_options".to_owned(), options);
        }
        cluster
    }
}

/// Returns an HTTP/1.1 cluster with one endpoint.
fn cluster(name: &str, endpoint: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(endpoint)}}]}],
        },
    })
}

/// A listener and its filters.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The name.
    pub name: String,
    /// The port; 0 for a free one.
    pub port: u16,
    /// The filters in order.
    pub filters: Vec<WasmFilter>,
    /// Whether header names with underscores pass: Envoy's default, which the project does not
    /// recommend.
    pub underscores: bool,
    /// The format of the access log, if any.
    pub access_log: Option<String>,
    /// Whether Envoy responds with 200 itself, without the upstream.
    pub answers: bool,
    /// The number of trusted proxies in front that append to `X-Forwarded-For`.
    pub trusted_hops: u32,
    /// The time limit of a response of the upstream, if any.
    pub upstream_timeout: Option<Duration>,
}

impl Listener {
    /// Returns a listener on a free port that passes header names with underscores.
    pub fn new(name: impl Into<String>, filters: Vec<WasmFilter>) -> Self {
        Self {
            name: name.into(),
            port: 0,
            filters,
            underscores: true,
            access_log: None,
            answers: false,
            trusted_hops: 0,
            upstream_timeout: None,
        }
    }
}

impl Listener {
    fn route(&self) -> Value {
        let all = json!({"prefix": "/"});
        if self.answers {
            return json!({"match": all, "direct_response": {"status": 200}});
        }
        // Envoy's own default is 15 seconds.
        let timeout = self.upstream_timeout.unwrap_or_default().as_secs_f64();
        let timeout = format!("{timeout}s");
        json!({"match": all, "route": {"cluster": "novasphere-api", "timeout": timeout}})
    }
}

/// Logs a line per request to Envoy's log.
fn access_log(format: &String) -> Value {
    json!({
        "name": "stdout",
        "typed_config": {
            "@type": format!("{TYPES}.access_loggers.stream.v3.StdoutAccessLog"),
            "log_format": {"text_format_source": {"inline_string": format!("{format}\n")}},
        },
    })
}

pub(super) fn address(addr: SocketAddr) -> Value {
    json!({"socket_address": {"address": addr.ip().to_string(), "port_value": addr.port()}})
}
