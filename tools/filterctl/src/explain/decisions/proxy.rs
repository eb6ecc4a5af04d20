//! What the proxy itself reports in an access log: Envoy's response code details.

use super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "via_upstream",
        "The upstream sent the response. No filter rejected the request.",
        "The status is the application's own.",
        "For an unexpected status, look into the application's log.",
    ),
    text(
        "novasphere_fault",
        "A filter could not do its work, so it rejected the request with 500.",
        "A call to the proxy failed, or the configuration was rejected.",
        "Look for the filter's name in the proxy's log, and run filterctl check on the configuration.",
    ),
    text(
        "repeated_header",
        "On Kong, a header that a filter sets or removes is on several lines. The response is 400.",
        "A client or a proxy in front sends the header twice, or in two spellings.",
        "Find out who adds the second line, and remove it there.",
    ),
    text(
        "route_not_found",
        "No route matches the request. The response is 404.",
        "Host or path is not in the route configuration.",
        "Compare Host and path with the routes of the file.",
    ),
    text(
        "cluster_not_found",
        "The cluster of the route does not exist. The response is 503.",
        "The route names a cluster that is not configured.",
        "Run filterctl check on the configuration.",
    ),
    text(
        "no_healthy_upstream",
        "The cluster has no healthy endpoint. The response is 503.",
        "The application is down, or its health checks fail.",
        "Check the application and the cluster's health checks.",
    ),
    text(
        "upstream_response_timeout",
        "The upstream did not respond in time. The response is 504.",
        "The application is slow, or the route's timeout is too short for this request.",
        "Look into the application's log at this time. Raise the route's timeout for long requests.",
    ),
    text(
        "path_normalization_failed",
        "Envoy rejected the path with 400.",
        "The path has an escaped slash or an invalid escape.",
        NOTHING,
    ),
    text(
        "downstream_remote_disconnect",
        "The client closed the connection before the response was complete.",
        "The client gave up, for example after its own timeout.",
        NOTHING,
    ),
    text(
        "wasm_fail_stream",
        "The filter's module failed, so Envoy rejected the request with 503.",
        "The module trapped, or could not be loaded.",
        "Look for wasm in the proxy's log. With failure_policy: FAIL_RELOAD, a new instance starts.",
    ),
];
