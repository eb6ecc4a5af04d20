//! Codes of the settings of Traefik, NS401 to NS499.

super::codes! {
    TRAEFIK;

    /// Plugins that may be missing silently.
    PLUGINS_MAY_BE_MISSING = "NS401" Warning, "a plugin that fails to load disables all plugins" {
        why: "Without abortOnPluginFailure, Traefik starts without plugins and leaves out their routes. \
              Requests get 404, or pass through a broader route without the filters.",
        remedy: "Set experimental.abortOnPluginFailure: true.",
    }

    /// Header names with underscores or dots.
    ALIASES_PASS = "NS402" Warning, "other spellings of headers pass" {
        why: "An upstream that maps _ or . to - accepts a forged x_user_id on routes without jwt-auth.",
        remedy: "Set http.aliasHeadersStrategy: delete on the entry point.",
    }

    /// Encoded characters in paths.
    ENCODED_CHARACTERS_PASS = "NS403" Warning, "encoded characters in paths pass" {
        why: "/api/v1/healthz%2f..%2fadmin can be one path for the routes and another for the upstream.",
        remedy: "Set all seven fields of http.encodedCharacters to false on the entry point.",
    }

    /// A variable that the plugin does not get.
    NOT_IN_ENVS = "NS404" Error, "settings.envs misses a variable" {
        why: "Traefik passes only listed variables to a plugin. The filter rejects its configuration, \
              and its routes return 500.",
        remedy: "Add the variable to settings.envs of the plugin.",
    }

    /// A plugin that the static configuration does not have.
    UNKNOWN_MODULE = "NS405" Error, "plugin is not in the static configuration" {
        why: "Traefik cannot build the middleware and leaves out its routes. Requests get 404, or pass \
              through a broader route without the filters.",
        remedy: "Add the plugin to experimental.localPlugins, with this name.",
    }

    /// CORS headers behind a filter that rejects.
    HEADERS_NOT_FIRST = "NS406" Warning, "CORS or security headers behind a filter that rejects" {
        why: "A 401 or 429 of an earlier middleware has no CORS and security headers, and browsers \
              cannot read it. Preflights, which carry no token, are rejected.",
        remedy: "Put the middleware with headers before jwt-auth and the limits.",
    }

    /// Forged identities on routes without jwt-auth.
    FORGED_IDENTITY_PASSES = "NS407" Warning, "forged identity headers reach the upstream" {
        why: "On a router without jwt-auth, a client's own X-User-Id reaches an upstream that trusts it.",
        remedy: "Add a headers middleware to the router that sets each identity header to \"\" in \
                 customRequestHeaders.",
    }

    /// Any client is trusted to name its address.
    FORWARDED_TRUSTED = "NS408" Warning, "every client may set X-Forwarded-For" {
        why: "Clients choose the address that limits count by.",
        remedy: "Remove forwardedHeaders.insecure, and list only the addresses of the load balancers in \
                 forwardedHeaders.trustedIPs.",
    }
}
