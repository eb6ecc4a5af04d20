//! Settings of Kong and its Ingress Controller.

use super::Bad;

const KONG: &[&str] = &["host-config/kong/kong.yml"];
const CONF: &[&str] = &["host-config/kong/kong.yml", "host-config/kong/kong.conf"];
const ENV: &[&str] = &["host-config/kong/gateway.yml", "host-config/kong/kong.env"];
const VALUES: &[&str] = &["deploy/kong-ingress/plugins.yaml", "deploy/kong-ingress/values.yaml"];
const PLUGINS: &[&str] = &["host-config/kong/separate-plugins.yml"];
const INGRESS: &[&str] = &[
    "deploy/kong-ingress/plugins.yaml",
    "deploy/kong-ingress/services.yaml",
    "deploy/kong-ingress/ingress.yaml",
];

pub(super) const CHANGES: &[Bad] = &[
    ("NS301", CONF, &[("nginx_main_env = NOVASPHERE_JWT_SECRET\n", "nginx_main_env = A; env B\n")]),
    ("NS301", CONF, &[("nginx_main_env = NOVASPHERE_JWT_SECRET\n", "\n")]),
    ("NS301", ENV, &[("KONG_NGINX_MAIN_ENV=NOVASPHERE_JWT_SECRET\n", "\n")]),
    (
        "NS301",
        VALUES,
        &[("nginx_main_env: \"NOVASPHERE_JWT_SECRET\"", "nginx_main_env: \"OTHER\"")],
    ),
    ("NS302", CONF, &[("wasm = on\n", "wasm = off\n")]),
    ("NS302", ENV, &[("KONG_WASM=on\n", "\n")]),
    ("NS303", CONF, &[("nginx_wasm_shm_kv = 64m\n", "\n")]),
    ("NS303", CONF, &[("nginx_wasm_shm_kv = 64m\n", "nginx_wasm_shm_kv = 10m\n")]),
    ("NS304", CONF, &[("wasm = on\n", "wasm = on\ntrusted_ips = 0.0.0.0/0\n")]),
    ("NS305", CONF, &[("admin_listen = 127.0.0.1:8001\n", "admin_listen = 0.0.0.0:8001\n")]),
    ("NS211", VALUES, &[("novasphere_jwt_secret:", "other:")]),
    (
        "NS211",
        &["deploy/kong/kong.yml", "deploy/kong/deployment.yaml"],
        &[("- name: NOVASPHERE_JWT_SECRET\n", "- name: OTHER\n")],
    ),
    ("NS310", KONG, &[("- id: a575bb9d-0d16-42ca-bef3-8d815671ebca\n  name:", "- name:")]),
    ("NS310", KONG, &[("- id: 025a57a9-a33b-4e7e-943e-db22a1a38d05\n    name:", "- name:")]),
    (
        "NS311",
        &["host-config/kong/gateway.yml"],
        &[(
            "  filter_chains:\n  - id: e485fb5a",
            "  routes:\n  - id: 125a57a9-a33b-4e7e-943e-db22a1a38d05\n    name: x\n    paths: [/x]\n    filter_chains:\n    - {id: a485fb5a-d124-4aa6-89cb-f6a54137e273, filters: [{name: novasphere_gateway, config: {jwt_auth: {credentials: [{key: a, secret: {env: A}}]}}}]}\n- id: 325a57a9-a33b-4e7e-943e-db22a1a38d05\n  name: y\n  url: http://y\n  filter_chains:\n  - id: e485fb5a",
        )],
    ),
    (
        "NS312",
        &["host-config/kong/gateway.yml"],
        &[(
            "    name: events\n",
            "    name: events\n    filter_chains:\n    - {id: a485fb5a-d124-4aa6-89cb-f6a54137e273, filters: [{name: novasphere_gateway, config: {jwt_auth: {credentials: [{key: a, secret: {env: NOVASPHERE_JWT_SECRET}}]}}}]}\n",
        )],
    ),
    ("NS313", PLUGINS, &[("- id: 10000004-6c1d-4e8a-9f35-7b20d4a8c916\n    name:", "- name:")]),
    // The lowest id runs first.
    (
        "NS103",
        PLUGINS,
        &[
            ("- id: 10000004-6c1d", "- id: 10000000-6c1d"),
            (
                "      response:\n        remove:\n          headers: [X-Powered-By]\n        # Strict-Transport-Security requires TLS, here or on a proxy in front. Without TLS, write\n        # security_headers: {strict_transport_security: false}.\n        security_headers: true\n",
                "",
            ),
            ("    name: novasphere_cors\n", "    name: cors\n"),
        ],
    ),
    (
        "NS314",
        KONG,
        &[("- name: novasphere_header_transform", "- name: novasphere-header-transform")],
    ),
    (
        "NS315",
        KONG,
        &[("services:\n", "plugins:\n- {name: novasphere_cors, config: {}}\nservices:\n")],
    ),
    (
        "NS316",
        KONG,
        &[("- name: novasphere_cors\n", "- name: novasphere_cors\n      enabled: false\n")],
    ),
    ("NS320", INGRESS, &[("owner: helm\n", "owner: me\n")]),
    (
        "NS321",
        INGRESS,
        &[
            (
                "    konghq.com/plugins: novasphere-gateway-kong-ingress-console\n    konghq.com/connect-timeout",
                "    konghq.com/connect-timeout",
            ),
            (
                "    konghq.com/regex-priority: \"2\"\n",
                "    konghq.com/regex-priority: \"2\"\n    konghq.com/plugins: novasphere-gateway-kong-ingress-console\n",
            ),
        ],
    ),
    (
        "NS322",
        INGRESS,
        &[(
            "plugin: novasphere_gateway\n",
            "configPatches: [{path: /cors/max_age, valueFrom: {secretKeyRef: {name: a, key: b}}}]\nplugin: novasphere_gateway\n",
        )],
    ),
    (
        "NS323",
        INGRESS,
        &[(
            "konghq.com/plugins: novasphere-gateway-kong-ingress\n",
            "konghq.com/plugins: novasphere-gateway-kong-ingresz, novasphere-gateway-kong-ingress\n",
        )],
    ),
];
