//! Codes of the settings of Kong and its Ingress Controller, NS301 to NS399.

super::codes! {
    KONG;

    /// A variable that nginx does not pass on.
    NOT_IN_MAIN_ENV = "NS301" Error, "nginx_main_env misses a variable" {
        why: "nginx passes only listed variables on to its workers. The filter cannot read the \
              variable and responds with 500.",
        remedy: "Add the variable to nginx_main_env. For several, write: FIRST; env SECOND.",
    }

    /// Kong without WebAssembly.
    WASM_OFF = "NS302" Error, "WebAssembly is off" {
        why: "Kong rejects filter chains without wasm = on.",
        remedy: "Set wasm = on, in YAML with quotes: KONG_WASM: \"on\".",
    }

    /// No shared memory, or too little.
    NO_SHARED_MEMORY = "NS303" Error, "shared memory is missing or too small" {
        why: "Without the zone, rate-limit and fetched keys get 500 for every request. A zone that is \
              too small loses counts silently: each slot takes 1 KiB, and the default table 32 MiB.",
        remedy: "Set nginx_wasm_shm_kv = 64m.",
    }

    /// Any client is trusted to name its address.
    TRUSTS_EVERY_ADDRESS = "NS304" Warning, "every address is a trusted proxy" {
        why: "With trusted_ips of 0.0.0.0/0, clients choose the address that rate-limit counts by.",
        remedy: "List only the addresses of the load balancers in front.",
    }

    /// An admin API that is reachable.
    ADMIN_REACHABLE = "NS305" Warning, "admin API is not on loopback" {
        why: "Any client that reaches the admin API can remove the filters.",
        remedy: "Set admin_listen = 127.0.0.1:8001, or off.",
    }

    /// Entities without ids.
    NO_ID = "NS310" Note, "service, route, chain or plugin without an id" {
        why: "Kong generates an id from the name. A changed name is a new id, and while Kong applies an \
              update, requests to a new id pass without any filter.",
        remedy: "None while names stay. Before a rename, give each entity an id (uuidgen), and keep it.",
    }

    /// Filters of a route instead of its service.
    CHAIN_ON_ROUTE = "NS311" Warning, "jwt-auth belongs to a route, not to its service" {
        why: "While Kong applies an update, a new route works without its own filters. A service's \
              filters apply to a new route from its first request.",
        remedy: "Put all filters into the chain of the service, and give routes that need other \
                 filters a service of their own.",
    }

    /// Filters of a service and of its route.
    CHECKED_TWICE = "NS312" Note, "jwt-auth of the service and of the route both run" {
        why: "Kong runs the filters of the service, then those of the route. A token must satisfy both \
              jwt-auths, and limits of both count.",
        remedy: "None, if that is intended. Otherwise put all filters into the chain of the service.",
    }

    /// Separate filter plugins whose order is arbitrary.
    ARBITRARY_ORDER = "NS313" Warning, "filter plugins run in an arbitrary order" {
        why: "Kong runs filters that are plugins in the order of their ids. With generated ids, \
              rate-limit can run before jwt-auth.",
        remedy: "Use novasphere_gateway as the one plugin, or give the plugins ids in the right order.",
    }

    /// A filter with a hyphen in its name.
    HYPHEN_IN_NAME = "NS314" Warning, "filter name has a hyphen" {
        why: "Each scrape of Kong's /metrics then ends in a Lua error, and Kong's own metrics are lost.",
        remedy: "Name the file and the filter with underscores: novasphere_jwt_auth.",
    }

    /// A filter as a global plugin or for a consumer.
    GLOBAL_FILTER = "NS315" Error, "filter without a service or route" {
        why: "Kong rejects the whole configuration: a filter cannot be global or belong to a consumer.",
        remedy: "Put the plugin on each service.",
    }

    /// jwt-auth that is switched off.
    FILTER_DISABLED = "NS316" Warning, "filter is switched off" {
        why: "Requests pass without this filter.",
        remedy: "Remove enabled: false (or disabled: true), or the entry.",
    }

    /// A KongPlugin that the webhook rejects.
    NOT_FOR_WEBHOOK = "NS320" Note, "KongPlugin reaches the admission webhook" {
        why: "The webhook of Kong Ingress Controller validates plugins without their Service, and \
              rejects filters.",
        remedy: "Add the label owner: helm, which the chart's webhook skips, or exclude filters with \
                 matchConditions.",
    }

    /// A filter annotated on an Ingress.
    PLUGIN_ON_INGRESS = "NS321" Warning, "filter belongs to the Ingress, not to its Service" {
        why: "While Kong applies an update, a new route works without its own filters. A plugin of the \
              Service applies to a new route from its first request.",
        remedy: "Put the annotation konghq.com/plugins on the Service.",
    }

    /// A configuration in a Secret.
    CONFIG_FROM_SECRET = "NS322" Note, "configuration is in a Secret" {
        why: "It is not checked here. Without its Secret, the plugin does not exist, and requests pass \
              without filters.",
        remedy: "Use config, and {env: NAME} for secrets.",
    }

    /// An annotation that names an unknown plugin.
    UNKNOWN_PLUGIN = "NS323" Warning, "annotation names an unknown KongPlugin" {
        why: "If the plugin does not exist, requests pass without its filters.",
        remedy: "Correct the name, or add the KongPlugin to the files.",
    }
}
