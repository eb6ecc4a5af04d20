//! The decisions and events of rate-limit.

use super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text("allowed", "The request is within its limits.", "Normal traffic.", NOTHING),
    text(
        "not_limited",
        "No limit applies to the request.",
        "A rule with unlimited matches, or the filter has limits for other requests only.",
        NOTHING,
    ),
    text("exempt", "The client is on the allow list.", "An entry of allow matches.", NOTHING),
    text(
        "limited",
        "The client used up a limit. The response is error_code, 429 by default, with Retry-After.",
        "The client sends too many requests, or several clients count as one, for example behind a \
         NAT or a proxy.",
        "rate_limit_detail in the access log names rule, window and identity. If different clients \
         count as one, check limit_by and client_ip.",
    ),
    text(
        "denied",
        "The client is on the deny list. The response is 403.",
        "An entry of deny matches the address or the consumer.",
        "Remove the entry from deny if the client may use the API.",
    ),
    text(
        "ambiguous_path",
        "Servers could match the path to different rules. The response is 400.",
        "The path has .., encoded slashes or similar. Ordinary clients send no such paths.",
        "Nothing, unless a client of yours is affected: it must send the plain path.",
    ),
    text(
        "repeated_header",
        "The header of a rule is on several lines that match different rules. The response is 400.",
        "A client or a proxy in front sends the header twice.",
        "Find out who adds the second line, and remove it there.",
    ),
    text(
        "unresolved_allowed",
        "The client's identity is missing, and on_unresolved is allow. The request passes uncounted.",
        "The header, claim or consumer of limit_by is not in the request.",
        "Use on_unresolved: ip to count such requests by address.",
    ),
    text(
        "unresolved_refused",
        "The client's identity is missing, and on_unresolved is deny. The response is 403.",
        "The header, claim or consumer of limit_by is not in the request. jwt-auth may be missing \
         before this filter.",
        "Check the order of the filters and claims_to_headers of jwt-auth, or use on_unresolved: ip.",
    ),
    text(
        "store_failed_allowed",
        "The request could not be counted, and passes.",
        "The proxy's shared data or Redis failed.",
        "Look for the filter's name in the proxy's log. On Kong, raise nginx_wasm_shm_kv.",
    ),
    text(
        "store_failed_refused",
        "The request could not be counted, and is rejected: 500 for the proxy's own data, 503 for \
         Redis.",
        "The proxy's shared data or Redis failed, and fault_tolerant is false or redis.on_error is deny.",
        "Check Redis and its HTTP service. Use redis.on_error: local to count in the proxy \
         meanwhile.",
    ),
    text(
        "fallback_allowed",
        "Redis failed. This proxy counted the request, which is within its limits.",
        "Redis or its HTTP service cannot be reached.",
        "Check Redis. novasphere_redis_failures_total names the kind of failure.",
    ),
    text(
        "fallback_limited",
        "Redis failed. This proxy counted the request, which is over a limit.",
        "Redis or its HTTP service cannot be reached, and redis.local_share gives this proxy a part \
         of the limits only.",
        "Check Redis. Raise redis.local_share if clients reach few proxies.",
    ),
    text(
        "fell_back_to_ip",
        "A part of the client's identity was missing. The client address replaced it.",
        "The header, claim or consumer of limit_by is not in the request.",
        "Nothing for requests without a token. Otherwise check limit_by and the order of the filters.",
    ),
    text(
        "fell_back_to_constant",
        "A part of the client's identity was missing. Such requests count together.",
        "The header, claim or consumer of limit_by is not in the request.",
        "Nothing for requests without a token. Otherwise check limit_by and the order of the filters.",
    ),
    text(
        "forwarded_for_unusable",
        "X-Forwarded-For does not have the entry that client_ip names. The connection's address is \
         used.",
        "trusted_hops is higher than the number of proxies, or a client reaches the proxy directly.",
        "Compare client_ip with the proxies in front of this one.",
    ),
    text(
        "evicted",
        "The counts of a client were dropped to make room for another one.",
        "More clients are active than max_clients.",
        "Raise max_clients.",
    ),
    text(
        "overflowed",
        "A client was counted together with others, because the table had no free entry.",
        "More clients are active than max_clients.",
        "Raise max_clients.",
    ),
    text(
        "raced",
        "Two workers counted at the same moment. One of them counted again.",
        "This is normal under load. Counts stay exact.",
        NOTHING,
    ),
    text(
        "reported",
        "The request was over a limit and passed, because report_only is set.",
        "The filter runs without enforcement, for a trial.",
        "Remove report_only to enforce the limits.",
    ),
    text(
        "lease_hit",
        "The request was counted from a lease, without the shared counts.",
        "Leases are on, or the limits are high.",
        NOTHING,
    ),
    text(
        "refused_as_known",
        "The request was rejected without a call to Redis, because its window was known to be full.",
        "The client goes on sending requests over its limit.",
        NOTHING,
    ),
    text("redis_called", "A call to Redis started.", "policy is redis.", NOTHING),
    text(
        "breaker_opened",
        "Calls to Redis failed several times in a row. No calls are made for a moment.",
        "Redis or its HTTP service cannot be reached, or is slow.",
        "Check Redis. The proxy's log has the reason.",
    ),
    text("breaker_closed", "Redis responds again.", "Redis recovered.", NOTHING),
];
