//! Filters, of this project and others.

use super::super::{Decision, text};

pub(super) const TEXTS: &[Decision] = &[
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
        "wasm_fail_stream",
        "The filter's module failed, so Envoy rejected the request with 503.",
        "The module trapped, or could not be loaded.",
        "Look for wasm in the proxy's log. With failure_policy: FAIL_RELOAD, a new instance starts.",
    ),
    text(
        "filter_removed_required_request_headers",
        "A filter removed Host, the path or the method. The response is 502.",
        "A filter that is not of this project changes the request head.",
        "Look at the other HTTP filters of the route.",
    ),
    text(
        "filter_removed_required_response_headers",
        "A filter removed the status of the response. The response is 502.",
        "A filter that is not of this project changes the response head.",
        "Look at the other HTTP filters of the route.",
    ),
    text(
        "ext_authz_denied",
        "Envoy's external authorization denied the request.",
        "The authorization service denied it.",
        "Look into the log of the authorization service.",
    ),
    text(
        "ext_authz_error",
        "Envoy's external authorization failed. The response is 403 unless status_on_error is set.",
        "The authorization service cannot be reached or is slow.",
        "Check the cluster of ext_authz.",
    ),
    text(
        "rbac_access_denied_matched_policy",
        "Envoy's RBAC filter denied the request with 403. The policy's name is in brackets.",
        "No policy allows the request, or one denies it.",
        "Compare the request with the rules of the RBAC filter, or the AuthorizationPolicy of Istio.",
    ),
    text(
        "jwt_authn_access_denied",
        "Envoy's own jwt_authn rejected the token. The text in braces gives the reason.",
        "Envoy's filter runs in addition to jwt-auth of this project.",
        "Remove one of the two filters: filterctl convert moves the rules of jwt_authn to jwt-auth.",
    ),
    text(
        "local_rate_limited",
        "Envoy's own local rate limit rejected the request with 429.",
        "Envoy's filter runs in addition to rate-limit of this project.",
        "Compare both limits, or remove one of the two filters.",
    ),
    text(
        "request_rate_limited",
        "Envoy's global rate limit rejected the request with 429.",
        "Envoy's filter runs in addition to rate-limit of this project.",
        "Look at the descriptors of the rate limit service, or remove one of the two filters.",
    ),
    text(
        "cors_response",
        "Envoy's own cors filter answered the preflight.",
        "Envoy's filter runs in addition to cors of this project.",
        "Remove one of the two filters.",
    ),
];
