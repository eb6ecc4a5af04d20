//! The request, its route and its cluster.

use super::super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "via_upstream",
        "The upstream sent the response. No filter rejected the request.",
        "The status is the application's own.",
        "For an unexpected status, look into the application's log.",
    ),
    text(
        "direct_response",
        "The route itself responds, without an upstream.",
        "The route has direct_response or redirect.",
        NOTHING,
    ),
    text(
        "internal_redirect",
        "Envoy followed the upstream's redirect itself. The next line of the log has the response.",
        "The route has an internal_redirect_policy.",
        NOTHING,
    ),
    text(
        "route_not_found",
        "No route matches the request. The response is 404.",
        "Host or path is not in the route configuration.",
        "Compare Host and path with the routes of the file.",
    ),
    text(
        "route_configuration_not_found",
        "The connection manager has no route configuration yet. The response is 404.",
        "The route discovery service did not send it, or Envoy rejected it.",
        "Look for rds in Envoy's log, and at route_config_name.",
    ),
    text(
        "filter_chain_not_found",
        "No filter chain of the listener matches the connection, so Envoy closed it.",
        "The client sent another server name in TLS, or connected to an unexpected port.",
        "Compare the filter_chain_match of the listener with the client's server name.",
    ),
    text(
        "cluster_not_found",
        "The cluster of the route does not exist. The response is 503.",
        "The route names a cluster that is not configured.",
        "Run filterctl check on the configuration.",
    ),
    text(
        "maintenance_mode",
        "The cluster is in maintenance mode. The response is 503.",
        "The runtime key upstream.maintenance_mode.CLUSTER is set.",
        "Remove the runtime key after the maintenance.",
    ),
    text(
        "no_healthy_upstream",
        "The cluster has no healthy endpoint. The response is 503.",
        "The application is down, or its health checks fail.",
        "Check the application and the cluster's health checks.",
    ),
    text(
        "path_normalization_failed",
        "Envoy rejected the path with 400, or redirected it with 307.",
        "The path has an escaped slash, a fragment or the escape %00. With UNESCAPE_AND_REDIRECT, \
         Envoy redirects a path with an escaped slash.",
        NOTHING,
    ),
    text(
        "absolute_path_rejected",
        "The request line has a whole URL. The response is 404.",
        "The client uses the gateway as a forward proxy.",
        "Correct the client's proxy settings.",
    ),
    text(
        "missing_host_header",
        "The request has no Host header. The response is 400.",
        "The client is faulty, or a scanner.",
        NOTHING,
    ),
    text(
        "missing_path_rejected",
        "The request has no path. The response is 404.",
        "The client sent CONNECT without a route for it, or is faulty.",
        NOTHING,
    ),
    text(
        "low_version",
        "The request is HTTP/1.0 or older. The response is 426.",
        "An old client or health check does not use HTTP/1.1.",
        "Let the client use HTTP/1.1, or set http_protocol_options.accept_http_10.",
    ),
    text(
        "upgrade_failed",
        "The request asks for a protocol that the route does not allow. The response is 403.",
        "The client opens a WebSocket, but upgrade_configs does not list websocket.",
        "Add upgrade_configs: [{upgrade_type: websocket}] to the connection manager or the route.",
    ),
    text(
        "request_headers_failed_strict_check",
        "An x-envoy-* header has an invalid value. The response is 400.",
        "The client sets a header that is for Envoy itself.",
        "Remove these headers at the edge, as use_remote_address does.",
    ),
];
