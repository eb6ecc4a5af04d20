//! Codes of filters that do not fit together, or do not fit their routes, NS101 to NS199.

super::codes! {
    CHAIN;

    /// cors behind jwt-auth or rate-limit.
    CORS_NOT_FIRST = "NS101" Warning, "cors behind a filter that rejects requests" {
        why: "jwt-auth rejects preflights, which carry no token, and a page cannot read a 401 or 429 \
              without CORS headers.",
        remedy: "Put cors before jwt-auth and rate-limit.",
    }

    /// rate-limit that reads an identity before jwt-auth has checked it.
    IDENTITY_BEFORE_AUTH = "NS102" Error, "rate-limit reads an identity before jwt-auth" {
        why: "Until jwt-auth has run, the headers of an identity are the client's own. Every client \
              can choose its identity, and so as many quotas as it wants. Claims are missing.",
        remedy: "Put jwt-auth before rate-limit, or let this rate-limit count by address: \
                 limit_by: ip.",
    }

    /// rate-limit by address before jwt-auth.
    LIMIT_BEFORE_AUTH = "NS103" Note, "rate-limit before jwt-auth" {
        why: "Requests without a valid token also use up the quota of their address. This is the \
              order for public APIs, where it bounds the cost of checking tokens.",
        remedy: "None, if that is intended. Otherwise put jwt-auth before rate-limit.",
    }

    /// header-transform that copies an identity header before jwt-auth.
    IDENTITY_COPIED_BEFORE_AUTH = "NS104" Warning,
        "header-transform copies an identity header before jwt-auth" {
        why: "Until jwt-auth has run, the header is the client's own, and its value can be forged. \
              Templates and rename copy the value to where jwt-auth does not remove it.",
        remedy: "Put header-transform behind jwt-auth, or name no such header in templates or as the \
                 old name in rename.",
    }

    /// Security headers that rejections do not get.
    SECURITY_HEADERS_NOT_FIRST = "NS105" Warning, "security headers miss the rejections" {
        why: "A rejection passes the filters before the one that rejects, and no others. A 401 or 429 \
              therefore has no security headers.",
        remedy: "Put a header-transform with response.security_headers and nothing else first, or use \
                 the gateway.",
    }

    /// A list of response headers that removes the headers of other filters.
    ALLOW_BEFORE_OTHERS = "NS106" Warning, "response.allow removes the headers of other filters" {
        why: "The first filter of a chain sees a response last, and removes the CORS and rate-limit \
              headers that it does not list.",
        remedy: "Put this header-transform behind cors and rate-limit, or list their headers.",
    }

    /// header-transform that changes an identity header.
    IDENTITY_HEADER_CHANGED = "NS107" Warning, "header-transform changes an identity header" {
        why: "jwt-auth sets this header from the token. A later change removes the identity, or lets \
              a client's own header take its place.",
        remedy: "Use another header, or change claims_to_headers of jwt-auth.",
    }

    /// A claim that jwt-auth does not pass on.
    CLAIM_NOT_PASSED_ON = "NS110" Warning, "claim is used, but not passed on" {
        why: "Without the attribute, rate-limit counts the request by on_unresolved, which is by \
              address unless set, and header-transform uses the default of its template.",
        remedy: "Add the claim to claims_to_attributes of the jwt-auth in front, or use the gateway, \
                 which passes claims on automatically.",
    }

    /// A limit by consumer or credential that jwt-auth never identifies.
    IDENTITY_NEVER_SET = "NS111" Warning, "limit by an identity that jwt-auth does not send" {
        why: "No request has the header of this identity, so on_unresolved decides: by default, \
              all requests count by address.",
        remedy: "Set credential_header: true in jwt-auth, give each credential a consumer, or use the \
                 gateway, which sends the header automatically.",
    }

    /// A limit by a header that clients can choose.
    CLIENT_CHOOSES_IDENTITY = "NS112" Note, "limit by a header that clients choose" {
        why: "No filter sets this header. A client that sends another value gets another quota.",
        remedy: "None, if the upstream or an earlier check rejects wrong values. Otherwise limit by \
                 ip, or by a header of claims_to_headers.",
    }

    /// A limit by identity without jwt-auth.
    IDENTITY_WITHOUT_AUTH = "NS113" Error, "identity is used without jwt-auth" {
        why: "Only jwt-auth removes X-Consumer-* and X-Credential-Identifier from requests. Without \
              it in front, every client can choose its identity.",
        remedy: "Put jwt-auth before rate-limit, or limit by ip.",
    }

    /// A limit by a header that the client's own value can reach.
    KEPT_HEADER_IDENTIFIES = "NS114" Warning, "limit by a header that clients may set" {
        why: "With keep_inbound: true, the client's own header stays if the token lacks the claim, \
              so a client can choose its quota.",
        remedy: "Remove keep_inbound from this entry of claims_to_headers, or limit by another header.",
    }

    /// jwt-auth lets requests without a valid token pass.
    TOKEN_OPTIONAL = "NS120" Note, "requests without a token pass" {
        why: "With optional, a request without a token passes without an identity. With anonymous, a \
              request without a valid token passes as that consumer. The upstream must check the \
              identity itself.",
        remedy: "None, if that is intended. Otherwise remove the field.",
    }

    /// rate-limit lets requests pass that it cannot count.
    UNCOUNTED_PASS = "NS121" Note, "requests that cannot be counted pass" {
        why: "The limit does not hold while counting fails, or for requests without an identity.",
        remedy: "None, if that is intended. Otherwise use on_error: local or deny, and on_unresolved: \
                 ip or deny.",
    }

    /// A route that an earlier route covers.
    UNREACHABLE_ROUTE = "NS131" Warning, "route is never selected" {
        why: "An earlier route matches every request of this one, so its filters and settings \
              have no effect.",
        remedy: "Put the more specific route first, or remove one of the two.",
    }

    /// A rule for a route that does not exist.
    UNKNOWN_ROUTE = "NS132" Warning, "rule names an unknown route" {
        why: "The rule never applies.",
        remedy: "Correct the name, or give the route this name.",
    }

    /// A rule for a path that no route leads to.
    UNROUTED_RULE = "NS133" Note, "rule for a path without a route" {
        why: "No route of the files leads to the path, so the rule never applies.",
        remedy: "Correct the path, or remove the rule.",
    }

    /// Two limiters that count the same requests.
    COUNTED_TWICE = "NS134" Warning, "two limiters count the same requests" {
        why: "Limiters with the same limits, identity and name share their counts. A request that \
              passes both counts twice, so clients get half of the limit.",
        remedy: "Remove one of the two, or give them different names.",
    }

    /// Preflights that jwt-auth rejects.
    PREFLIGHT_NEEDS_TOKEN = "NS135" Warning, "jwt-auth rejects the preflights that cors forwards" {
        why: "With preflight_continue, preflights go on to jwt-auth. They carry no token, so \
              jwt-auth rejects them, and pages cannot use the API.",
        remedy: "Set run_on_preflight: false in jwt-auth, or remove preflight_continue.",
    }

    /// Exempt routes that match too much.
    EXEMPT_PREFIX = "NS140" Warning, "route without jwt-auth matches by prefix" {
        why: "The prefix also matches longer names: a route for /healthz also exempts /healthzXYZ.",
        remedy: "Match the exact path, or let the route's jwt-auth exempt the path with skip.",
    }

    /// A route without jwt-auth to the same upstream.
    ROUTE_WITHOUT_AUTH = "NS141" Note, "route without jwt-auth to a protected upstream" {
        why: "On this route, no filter checks tokens or removes forged identity headers such as \
              x.user.id.",
        remedy: "Let jwt-auth run on the route, and exempt its path with skip.",
    }

    /// A filter that is left out when it fails.
    FAILS_OPEN = "NS150" Error, "requests pass without a filter that failed" {
        why: "After the filter crashes, the proxy skips it until a restart: requests are not \
              protected.",
        remedy: "Envoy: failure_policy: FAIL_RELOAD. Istio: failStrategy: FAIL_RELOAD. Envoy Gateway: \
                 failOpen: false.",
    }

    /// A filter that does not recover from a crash.
    NOT_RELOADED = "NS151" Note, "filter stays down after a crash" {
        why: "After a crash of the filter, the proxy's worker rejects all requests until it restarts.",
        remedy: "Envoy: failure_policy: FAIL_RELOAD. Istio: failStrategy: FAIL_RELOAD.",
    }
}
