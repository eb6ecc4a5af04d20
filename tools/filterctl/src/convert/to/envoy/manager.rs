//! The HTTP connection manager.

use super::{message, plugin, routes};
use crate::convert::{
    model::{Chain, Gateway},
    report::Report,
    to::identity_headers,
    yaml::Map,
};

/// The configuration of the connection manager.
///
/// Filters of all listeners share a VM, and the upstreams: clients may not set any identity header.
pub(super) fn manager(
    gateway: &Gateway,
    all: &Gateway,
    variables: &[String],
    report: &mut Report,
) -> Map {
    let default = default_chain(gateway);
    let mut manager = message("filters.network.http_connection_manager.v3.HttpConnectionManager")
        .with("stat_prefix", "gateway")
        .with("use_remote_address", true)
        .with("normalize_path", true)
        .with("merge_slashes", true)
        .with("path_with_escaped_slashes_action", "REJECT_REQUEST")
        .with(
            "common_http_protocol_options",
            Map::new()
                .with("headers_with_underscores_action", "DROP_HEADER")
                .with("idle_timeout", "3600s"),
        )
        .with("request_headers_timeout", "10s")
        .with("stream_idle_timeout", "300s")
        .with("upgrade_configs", vec![Map::new().with("upgrade_type", "websocket")]);
    let comment =
        "The client address is the peer's. Behind load balancers, set xff_num_trusted_hops.";
    manager.comment("use_remote_address", comment);
    let comment =
        "Without these settings, other spellings of a path or a header bypass the filters.";
    manager.comment("normalize_path", comment);
    let owned = identity_headers(all);
    if !owned.is_empty() {
        let mutations = owned.into_iter().map(|name| Map::new().with("remove", name));
        let config = message("http.early_header_mutation.header_mutation.v3.HeaderMutation")
            .with("mutations", mutations.collect::<Vec<_>>());
        let extension = Map::new()
            .with("name", "envoy.http.early_header_mutation.header_mutation")
            .with("typed_config", config);
        manager.set("early_header_mutation_extensions", vec![extension]);
        let comment = "Only jwt-auth may set these headers.";
        manager.comment("early_header_mutation_extensions", comment);
    }
    manager.set("access_log", vec![access_log()]);
    manager.set("route_config", routes::table(gateway, default, variables, report));
    let mut filters = Vec::new();
    if let Some(chain) = default {
        filters.push(plugin::base(chain, variables));
    }
    filters.push(
        Map::new()
            .with("name", "envoy.filters.http.router")
            .with("typed_config", message("filters.http.router.v3.Router")),
    );
    manager.set("http_filters", filters);
    manager
}

/// The chain of most routes, which the others override.
fn default_chain(gateway: &Gateway) -> Option<&Chain> {
    let chains = gateway.routes.iter().map(|route| &route.chain).filter(|chain| !chain.is_empty());
    let count = |chain: &Chain| gateway.routes.iter().filter(|r| r.chain == *chain).count();
    // `max_by_key` returns the last maximum.
    chains.rev().max_by_key(|chain| count(chain))
}

fn access_log() -> Map {
    let fields = [
        ("time", "%START_TIME%"),
        ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("method", "%REQ(:METHOD)%"),
        ("path", "%PATH(NQ)%"),
        ("status", "%RESPONSE_CODE%"),
        ("decision", "%RESPONSE_CODE_DETAILS%"),
        ("cors_decision", "%FILTER_STATE(wasm.cors_decision:PLAIN)%"),
        ("jwt_auth_detail", "%FILTER_STATE(wasm.jwt_auth_detail:PLAIN)%"),
        ("rate_limit_detail", "%FILTER_STATE(wasm.rate_limit_detail:PLAIN)%"),
        ("flags", "%RESPONSE_FLAGS%"),
        ("duration_ms", "%DURATION%"),
        ("upstream", "%UPSTREAM_HOST%"),
        ("request_id", "%REQ(X-REQUEST-ID)%"),
    ];
    let mut format = Map::new();
    for (name, value) in fields {
        format.set(name, value);
    }
    format.comment("path", "Without the query, which can hold the token of a rejected request.");
    let config = message("access_loggers.stream.v3.StdoutAccessLog")
        .with("log_format", Map::new().with("json_format", format));
    Map::new().with("name", "stdout").with("typed_config", config)
}
