//! Settings of Istio, Envoy Gateway and the Gateway API.

use super::Bad;

const GATEWAY: &[&str] = &[
    "deploy/envoy-gateway/filters.yaml",
    "deploy/envoy-gateway/clients.yaml",
    "deploy/envoy-gateway/gateway.yaml",
    "deploy/envoy-gateway/routes.yaml",
    "deploy/envoy-gateway/proxy.yaml",
];
const ISTIO: &[&str] = &[
    "deploy/istio/cors.yaml",
    "deploy/istio/jwt-auth.yaml",
    "deploy/istio/rate-limit.yaml",
    "deploy/istio/clients.yaml",
    "deploy/istio/statistics.yaml",
    "deploy/istio/routes.yaml",
];

pub(super) const CHANGES: &[Bad] = &[
    ("NS501", ISTIO, &[("priority: 20", "priority: 30")]),
    ("NS101", ISTIO, &[("priority: 40", "priority: 4")]),
    (
        "NS101",
        &["deploy/istio/cors.yaml", "deploy/istio/jwt-auth.yaml"],
        &[("priority: 40", "priority: 4")],
    ),
    ("NS150", ISTIO, &[("failStrategy: FAIL_RELOAD", "failStrategy: FAIL_OPEN")]),
    ("NS150", GATEWAY, &[("failOpen: false", "failOpen: true")]),
    ("NS151", ISTIO, &[("failStrategy: FAIL_RELOAD", "failStrategy: FAIL_CLOSE")]),
    (
        "NS132",
        GATEWAY,
        &[("        unlimited: true\n", "        unlimited: true\n        route: open\n")],
    ),
    ("NS502", GATEWAY, &[("namespaces: {from: Same}", "namespaces: {from: All}")]),
    (
        "NS503",
        GATEWAY,
        &[("escapedSlashesAction: RejectRequest", "escapedSlashesAction: KeepUnchanged")],
    ),
    ("NS504", GATEWAY, &[("withUnderscoresAction: DropHeader", "withUnderscoresAction: Allow")]),
    ("NS231", GATEWAY, &[("      - x-user-id\n", "")]),
    ("NS231", ISTIO, &[("- {remove: x-user-name}\n", "\n")]),
    ("NS220", ISTIO, &[("tag_name: filter,", "tag_name: other,")]),
    ("NS220", GATEWAY, &[("tag_name: decision,", "tag_name: other,")]),
    ("NS211", GATEWAY, &[("- name: NOVASPHERE_JWT_SECRET\n", "- name: OTHER\n")]),
    (
        "NS211",
        &["deploy/envoy/envoy.yaml", "deploy/envoy/deployment.yaml"],
        &[("- name: NOVASPHERE_JWT_SECRET\n", "- name: OTHER\n")],
    ),
    (
        "NS505",
        GATEWAY,
        &[(
            "  timeout:\n    http:\n",
            "  clientIPDetection: {customHeader: {name: x-client}}\n  timeout:\n    http:\n",
        )],
    ),
    (
        "NS271",
        GATEWAY,
        &[(
            "  timeout:\n    http:\n",
            "  clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}\n  timeout:\n    http:\n",
        )],
    ),
];
