//! Envoy's configuration: one listener with a chain of filters, one upstream cluster.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use serde_json::{Value, json};

use super::chain::Chain;

/// A free port of this machine.
const LOOPBACK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

const TYPES: &str = "type.googleapis.com/envoy.extensions.filters";

/// A configuration with one chain, on the listener `gateway`.
pub(crate) fn bootstrap(chain: &Chain, upstream: SocketAddr) -> Value {
    bootstrap_of(vec![listener("gateway", chain)], upstream)
}

/// A configuration with these listeners.
pub(crate) fn bootstrap_of(listeners: Vec<Value>, upstream: SocketAddr) -> Value {
    json!({
        "admin": {"address": address(LOOPBACK)},
        "static_resources": {
            "listeners": listeners,
            "clusters": [cluster("novasphere-api", upstream)],
        },
    })
}

/// A listener on a free port, with a chain of filters.
pub(crate) fn listener(name: &str, chain: &Chain) -> Value {
    let mut filters = chain.filters.clone();
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": format!("{TYPES}.http.router.v3.Router")},
    }));
    // Like host-config/envoy, without the access log.
    let manager = json!({
        "@type":
            format!("{TYPES}.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        "use_remote_address": true,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"},
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{
            "name": "novasphere-api",
            "domains": ["*"],
            "routes": [{
                "match": {"path_separated_prefix": "/api/v1"},
                "route": {"cluster": "novasphere-api", "timeout": "60s"},
            }],
            "typed_per_filter_config": chain.per_route,
        }]},
    });
    let manager = json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    });
    json!({
        "name": name,
        "address": address(LOOPBACK),
        "filter_chains": [{"filters": [manager]}],
    })
}

/// A cluster with one endpoint.
pub(crate) fn cluster(name: &str, addr: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(addr)}}]}],
        },
    })
}

fn address(addr: SocketAddr) -> Value {
    json!({"socket_address": {"address": addr.ip().to_string(), "port_value": addr.port()}})
}
