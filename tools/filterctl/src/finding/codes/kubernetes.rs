//! Codes of the settings of Istio, Envoy Gateway and the Gateway API, NS501 to NS599.

super::codes! {
    KUBERNETES;

    /// WasmPlugins with the same priority.
    SAME_PRIORITY = "NS501" Warning, "WasmPlugins of one phase have the same priority" {
        why: "Istio then orders them by name and namespace, so rate-limit can run before jwt-auth, and a \
              new name changes the order.",
        remedy: "Give each WasmPlugin its own priority. Higher priorities run first.",
    }

    /// Routes of other namespaces.
    ROUTES_FROM_ALL = "NS502" Warning, "Gateway accepts routes of all namespaces" {
        why: "A route of any namespace can bypass the filters, or replace them with a policy of its \
              own.",
        remedy: "Use allowedRoutes.namespaces.from: Same, or a selector.",
    }

    /// Escaped slashes that are kept.
    ESCAPED_SLASHES_KEPT = "NS503" Warning, "escaped slashes are kept" {
        why: "/api/v1/healthz%2f..%2fadmin can be one path for the routes and another for the upstream.",
        remedy: "Set path.escapedSlashesAction: RejectRequest in the ClientTrafficPolicy.",
    }

    /// Header names with underscores.
    UNDERSCORES_ALLOWED = "NS504" Warning, "header names with underscores are allowed" {
        why: "An upstream that maps _ to - accepts a forged x_user_id.",
        remedy: "Set headers.withUnderscoresAction: DropHeader in the ClientTrafficPolicy.",
    }

    /// A client address that clients choose.
    DETECTION_BREAKS_ADDRESS = "NS505" Warning, "clientIPDetection does not fit rate-limit" {
        why: "With customHeader or trustedCIDRs, Envoy Gateway turns use_remote_address off. Envoy then \
              appends nothing to X-Forwarded-For, and clients choose the address that rate-limit counts \
              by.",
        remedy: "Use xForwardedFor.numTrustedHops, with trusted_hops of rate-limit one higher, or let \
                 rate-limit use the connection's address.",
    }
}
