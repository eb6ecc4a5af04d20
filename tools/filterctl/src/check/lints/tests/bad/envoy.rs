//! Settings of Envoy.

use super::Bad;

const GATEWAY: &[&str] = &["host-config/envoy/gateway.yaml"];
const ALL: &[&str] = &["host-config/envoy/all.yaml"];

/// The value of a transport socket for the cluster in the shipped files.
const CLUSTER: &str = "    connect_timeout: 5s\n";

pub(super) const CHANGES: &[Bad] = &[
    (
        "NS120",
        ALL,
        &[(
            "claims_to_verify: [exp]",
            "claims_to_verify: [exp]\n                    optional: true",
        )],
    ),
    (
        "NS131",
        GATEWAY,
        &[(
            "- match: {path: /api/v1/healthz}",
            "- match: {prefix: /}\n                route: {cluster: novasphere-api}\n              - match: {path: /api/v1/healthz}",
        )],
    ),
    ("NS132", GATEWAY, &[("{name: health, path:", "{name: health, route: helth, path:")]),
    ("NS133", GATEWAY, &[("{name: health, path: /api/", "{name: health, path: /apj/")]),
    (
        "NS140",
        ALL,
        &[
            (
                "- match: {path: /api/v1/healthz}\n                route: {cluster: novasphere-api, timeout: 5s}",
                "- match: {prefix: /api/v1/healthz}\n                route: {cluster: health, timeout: 5s}\n                typed_per_filter_config: {jwt-auth: {\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}",
            ),
            (
                "clusters:\n  - name: novasphere-api",
                "clusters:\n  - {name: health, connect_timeout: 1s}\n  - name: novasphere-api",
            ),
        ],
    ),
    (
        "NS141",
        ALL,
        &[(
            "route: {cluster: novasphere-api, timeout: 5s}",
            "route: {cluster: novasphere-api, timeout: 5s}\n                typed_per_filter_config: {jwt-auth: {\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}",
        )],
    ),
    ("NS150", GATEWAY, &[("failure_policy: FAIL_RELOAD", "failure_policy: FAIL_OPEN")]),
    ("NS150", GATEWAY, &[("failure_policy: FAIL_RELOAD", "fail_open: true")]),
    ("NS151", GATEWAY, &[("failure_policy: FAIL_RELOAD", "failure_policy: FAIL_CLOSED")]),
    ("NS151", GATEWAY, &[("failure_policy: FAIL_RELOAD\n", "\n")]),
    (
        "NS201",
        GATEWAY,
        &[("cluster: novasphere-api, timeout: 60s", "cluster: other, timeout: 60s")],
    ),
    (
        "NS201",
        GATEWAY,
        &[(
            "credentials:\n",
            "jwks: [{issuer: \"https://id.x.io\", uri: \"https://id.x.io/keys\"}]\n                      credentials:\n",
        )],
    ),
    (
        "NS202",
        GATEWAY,
        &[(
            CLUSTER,
            "    connect_timeout: 5s\n    transport_socket: {name: tls, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, common_tls_context: {validation_context: {trusted_ca: {filename: /ca.pem}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: a}}]}}}}\n",
        )],
    ),
    (
        "NS203",
        GATEWAY,
        &[(
            CLUSTER,
            "    connect_timeout: 5s\n    transport_socket: {name: tls, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, sni: a, common_tls_context: {validation_context: {trusted_ca: {filename: /ca.pem}}}}}\n",
        )],
    ),
    (
        "NS203",
        GATEWAY,
        &[(
            CLUSTER,
            "    connect_timeout: 5s\n    transport_socket: {name: tls, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, sni: a}}\n",
        )],
    ),
    (
        "NS204",
        GATEWAY,
        &[(
            "credentials:\n",
            "jwks: [{issuer: \"https://id.x.io\", cluster: novasphere-api, uri: \"https://id.x.io/keys\"}]\n                      credentials:\n",
        )],
    ),
    ("NS210", GATEWAY, &[("host_env_keys: [NOVASPHERE_JWT_SECRET]", "host_env_keys: [OTHER]")]),
    (
        "NS210",
        &["deploy/envoy-gateway/filters.yaml"],
        &[("hostKeys: [NOVASPHERE_JWT_SECRET]", "hostKeys: []")],
    ),
    (
        "NS210",
        &["deploy/istio/jwt-auth.yaml"],
        &[("name: NOVASPHERE_JWT_SECRET, valueFrom: HOST", "name: OTHER, valueFrom: HOST")],
    ),
    ("NS220", GATEWAY, &[("tag_name: decision,", "tag_name: verdict,")]),
    ("NS220", GATEWAY, &[("(\\.filter=([^.]+))", "(\\.filter=[^.]+)")]),
    ("NS230", GATEWAY, &[("- {remove: x-user-id}\n", "\n")]),
    (
        "NS230",
        ALL,
        &[
            (
                "route: {cluster: novasphere-api, timeout: 5s}",
                "route: {cluster: health}\n                typed_per_filter_config: {jwt-auth: {\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}",
            ),
            (
                "clusters:\n  - name: novasphere-api",
                "clusters:\n  - {name: health, connect_timeout: 1s}\n  - name: novasphere-api",
            ),
            ("- {remove: x-consumer-id}\n", "\n"),
        ],
    ),
    ("NS231", GATEWAY, &[("- {remove: x-user-name}\n", "\n")]),
    ("NS240", GATEWAY, &[("normalize_path: true\n", "\n")]),
    ("NS240", GATEWAY, &[("merge_slashes: true\n", "\n")]),
    ("NS240", GATEWAY, &[("action: REJECT_REQUEST", "action: KEEP_UNCHANGED")]),
    ("NS241", GATEWAY, &[("headers_with_underscores_action: DROP_HEADER\n", "\n")]),
    (
        "NS250",
        GATEWAY,
        &[("domains: [api.novasphere.io, \"api.novasphere.io:*\"]", "domains: [\"*\"]")],
    ),
    (
        "NS251",
        GATEWAY,
        &[
            ("domains: [api.novasphere.io, \"api.novasphere.io:*\"]", "domains: [\"*\"]"),
            ("max_age: 3600", "max_age: 3600\n                      block_disallowed: true"),
        ],
    ),
    ("NS252", GATEWAY, &[(", \"api.novasphere.io:*\"]", "]")]),
    (
        "NS253",
        &["host-config/envoy/per-route.yaml"],
        &[(
            "typed_per_filter_config:\n                  jwt-auth:",
            "typed_per_filter_config:\n                  jwt_auth:",
        )],
    ),
    ("NS260", ALL, &[("vm_id: novasphere\n", "vm_id: other\n")]),
    ("NS270", GATEWAY, &[("use_remote_address: true\n", "use_remote_address: false\n")]),
    (
        "NS270",
        GATEWAY,
        &[
            ("use_remote_address: true\n", "\n"),
            ("client_ip: {from: forwarded_for, trusted_hops: 1}", "client_ip: {from: connection}"),
        ],
    ),
    (
        "NS270",
        GATEWAY,
        &[(
            "use_remote_address: true\n",
            "use_remote_address: true\n          skip_xff_append: true\n",
        )],
    ),
    (
        "NS271",
        GATEWAY,
        &[("{from: forwarded_for, trusted_hops: 1}", "{from: forwarded_for, trusted_hops: 2}")],
    ),
    (
        "NS271",
        GATEWAY,
        &[(
            "use_remote_address: true\n",
            "use_remote_address: true\n          xff_num_trusted_hops: 1\n",
        )],
    ),
];
