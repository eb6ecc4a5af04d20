//! Codes of the settings of Envoy, NS201 to NS299.

super::codes! {
    ENVOY;

    /// A cluster that does not exist.
    UNKNOWN_CLUSTER = "NS201" Error, "cluster does not exist" {
        why: "Envoy does not start if a route names the cluster. A filter cannot fetch keys or reach \
              Redis, and responds with 503 or follows on_error.",
        remedy: "Add the cluster to static_resources.clusters, or correct its name.",
    }

    /// A TLS cluster without a server name.
    CLUSTER_WITHOUT_SNI = "NS202" Warning, "TLS to a cluster without a server name" {
        why: "Without SNI, many servers send another certificate or close the connection.",
        remedy: "Set sni in the cluster's UpstreamTlsContext.",
    }

    /// A TLS cluster that accepts any certificate.
    CLUSTER_UNVERIFIED = "NS203" Warning, "TLS to a cluster without a check of its certificate" {
        why: "Envoy accepts any certificate by default, and any name if only the CA is set. An \
              attacker in the network can answer for the server, for example with keys of its own.",
        remedy: "Set trusted_ca and match_typed_subject_alt_names in validation_context.",
    }

    /// An https URL that is fetched without TLS.
    FETCH_WITHOUT_TLS = "NS204" Warning, "https URL is fetched without TLS" {
        why: "On Envoy the cluster decides about TLS, not the URL. Without a transport socket, keys \
              arrive unencrypted, and an attacker in the network can replace them.",
        remedy: "Add a transport_socket with an UpstreamTlsContext to the cluster.",
    }

    /// A variable that does not reach the filter.
    VARIABLE_NOT_PASSED = "NS210" Error, "environment variable does not reach the filter" {
        why: "The proxy passes only listed variables to a filter. The filter rejects its \
              configuration without the variable.",
        remedy: "Envoy: list it in vm_config.environment_variables.host_env_keys. Envoy Gateway: in \
                 env.hostKeys. Istio: in vmConfig.env with valueFrom: HOST.",
    }

    /// A variable that the container does not have.
    VARIABLE_NOT_IN_CONTAINER = "NS211" Warning, "container does not have the variable" {
        why: "The filter reads the variable from the proxy's environment, where the manifest does not \
              set it.",
        remedy: "Set the variable in env of the container, from a Secret.",
    }

    /// Metrics without labels.
    METRICS_WITHOUT_LABELS = "NS220" Warning, "metrics have no labels" {
        why: "Envoy puts the labels of a filter's metric into its name. Without tags that extract \
              them, alerts and dashboards have no data.",
        remedy: "Add the stats_config of host-config/envoy to the bootstrap.",
    }

    /// Identity headers that reach the upstream or the access log.
    FORGED_IDENTITY = "NS230" Warning, "forged identity header is not removed" {
        why: "Where jwt-auth does not run, a client's own copy of the header reaches the upstream or \
              the access log.",
        remedy: "Remove the header in early_header_mutation_extensions of the connection manager.",
    }

    /// Identity headers that only jwt-auth removes.
    IDENTITY_NOT_REMOVED_EARLY = "NS231" Note, "identity header is removed by jwt-auth only" {
        why: "Filters before jwt-auth, and access logs, see the client's own copy of the header.",
        remedy: "Remove the header in early_header_mutation_extensions of the connection manager, or in \
                 earlyRequestHeaders of the ClientTrafficPolicy.",
    }

    /// Paths that are not normalised.
    PATHS_NOT_NORMALISED = "NS240" Warning, "paths are not normalised" {
        why: "Without these settings, /api/v1/healthz/../admin and its encoded forms can reach a route \
              with weaker filters.",
        remedy: "Set normalize_path: true, merge_slashes: true and path_with_escaped_slashes_action: \
                 REJECT_REQUEST in the connection manager.",
    }

    /// Header names with underscores.
    UNDERSCORES_PASS = "NS241" Warning, "header names with underscores pass" {
        why: "An upstream that maps _ to - accepts a forged x_user_id.",
        remedy: "Set common_http_protocol_options.headers_with_underscores_action: DROP_HEADER in the \
                 connection manager.",
    }

    /// A virtual host for all host names.
    ANY_DOMAIN = "NS250" Note, "virtual host for every host name" {
        why: "Requests with any Host header reach the routes.",
        remedy: "List your own host names in domains, each also with the suffix :*.",
    }

    /// A virtual host for all host names beside block_disallowed.
    REBINDING = "NS251" Warning, "block_disallowed with a virtual host for every host name" {
        why: "A page whose host name is made to point to the proxy (DNS rebinding) has the same origin \
              as its requests, so cors does not block it.",
        remedy: "List your own host names in domains, each also with the suffix :*.",
    }

    /// A domain without its form with a port.
    DOMAIN_WITHOUT_PORT = "NS252" Note, "domain does not match with a port" {
        why: "Envoy compares domains with the whole Host header. A client that sends a port gets 404.",
        remedy: "Add the domain with the suffix :*, or set strip_any_host_port: true.",
    }

    /// An override of a filter that does not exist.
    UNKNOWN_OVERRIDE = "NS253" Warning, "route overrides a filter that does not exist" {
        why: "Envoy ignores the override, so the route has the default settings of its filters.",
        remedy: "Use the name of the entry in http_filters. A filter inside a filter_chain is \
                 overridden by the name of the filter_chain.",
    }

    /// Filters with different vm_ids.
    DIFFERENT_VM_IDS = "NS260" Warning, "filters have different vm_ids" {
        why: "Shared data belongs to a vm_id: filters with different vm_ids do not share counts and \
              fetched keys.",
        remedy: "Use one vm_id in all filters, such as vm_id: novasphere.",
    }

    /// A client address that clients choose.
    CLIENT_CHOOSES_ADDRESS = "NS270" Warning, "clients choose their address" {
        why: "rate-limit counts by an address that a client can write into X-Forwarded-For.",
        remedy: "Set use_remote_address: true in the connection manager, and do not set \
                 skip_xff_append.",
    }

    /// trusted_hops that does not fit xff_num_trusted_hops.
    WRONG_HOPS = "NS271" Warning, "trusted_hops does not fit the connection manager" {
        why: "rate-limit counts by the address of a proxy, or by one that clients choose. Envoy \
              appends one entry to X-Forwarded-For, so trusted_hops is the number of trusted \
              proxies in front plus 1.",
        remedy: "Set trusted_hops of client_ip to xff_num_trusted_hops plus 1.",
    }
}
