//! Upstream services.

use super::{message, seconds, socket_address};
use crate::convert::{model::Service, yaml::Map};

/// The cluster of a service.
pub(super) fn cluster(service: &Service) -> Map {
    let endpoints = service.endpoints.iter().map(|endpoint| {
        let address = socket_address(&endpoint.host, endpoint.port);
        let mut entry = Map::new().with("endpoint", Map::new().with("address", address));
        if service.endpoints.len() > 1 {
            entry.set("load_balancing_weight", endpoint.weight.max(1));
        }
        entry
    });
    let group = Map::new().with("lb_endpoints", endpoints.collect::<Vec<_>>());
    let assignment =
        Map::new().with("cluster_name", service.name.as_str()).with("endpoints", vec![group]);
    let thresholds = Map::new().with("max_connections", 20_000).with("max_requests", 20_000);
    let mut cluster = Map::new()
        .with("name", service.name.as_str())
        .with("type", "STRICT_DNS")
        .with("connect_timeout", seconds(service.connect_timeout_ms.unwrap_or(5_000)))
        .with("circuit_breakers", Map::new().with("thresholds", vec![thresholds]))
        .with("load_assignment", assignment);
    cluster.comment(
        "circuit_breakers",
        "Envoy's default is 1024 connections. A stream occupies its connection until it ends.",
    );
    if service.scheme.is_http2() {
        let options = message("upstreams.http.v3.HttpProtocolOptions")
            .with("explicit_http_config", Map::new().with("http2_protocol_options", Map::new()));
        cluster.set(
            "typed_extension_protocol_options",
            Map::new().with("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", options),
        );
    }
    if service.scheme.is_tls() {
        let name = Map::new()
            .with("san_type", "DNS")
            .with("matcher", Map::new().with("exact", service.host.as_str()));
        let validation = Map::new()
            .with("trusted_ca", Map::new().with("filename", "/etc/ssl/certs/ca-certificates.crt"))
            .with("match_typed_subject_alt_names", vec![name]);
        let context = message("transport_sockets.tls.v3.UpstreamTlsContext")
            .with("sni", service.host.as_str())
            .with("common_tls_context", Map::new().with("validation_context", validation));
        let socket =
            Map::new().with("name", "envoy.transport_sockets.tls").with("typed_config", context);
        cluster.set("transport_socket", socket);
    }
    cluster
}
