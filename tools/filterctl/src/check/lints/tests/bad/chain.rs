//! Chains of filters, as policies of Envoy Gateway.

use std::fmt::Write as _;

/// A filter and its configuration.
pub(super) type Filter = (&'static str, &'static str);

const JWT: Filter = (
    "jwt-auth",
    r#"{"credentials": [{"key": "a", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}], "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}, {"claim": "tier", "header": "X-Tier", "keep_inbound": true}]}"#,
);
const CORS: Filter = ("cors", r#"{"origins": ["https://app.example.com"]}"#);
const BY_IP: Filter = ("rate-limit", r#"{"minute": 100, "limit_by": "ip"}"#);

/// Chains with exactly one finding.
pub(super) const CHAINS: &[(&str, &[Filter])] = &[
    ("NS101", &[JWT, CORS]),
    (
        "NS101",
        &[("header-transform", r#"{"request": {"add": {"headers": ["a:b"]}}}"#), BY_IP, CORS],
    ),
    ("NS102", &[("rate-limit", r#"{"minute": 1, "limit_by": "consumer"}"#), JWT]),
    ("NS102", &[("rate-limit", r#"{"minute": 1, "limit_by": "claim", "claim_name": "sub"}"#), JWT]),
    (
        "NS102",
        &[
            ("rate-limit", r#"{"minute": 1, "limit_by": "header", "header_name": "X-User-Id"}"#),
            JWT,
        ],
    ),
    ("NS103", &[BY_IP, JWT]),
    (
        "NS104",
        &[
            (
                "header-transform",
                r#"{"request": {"add": {"headers": ["a:$(headers.x-user-id)"]}}}"#,
            ),
            JWT,
        ],
    ),
    (
        "NS104",
        &[("header-transform", r#"{"request": {"rename": {"headers": ["X-User-Id:X-Me"]}}}"#), JWT],
    ),
    // The gateway's own fault.
    (
        "NS013",
        &[(
            "gateway",
            r#"{"order": ["header_transform", "jwt_auth"], "jwt_auth": {"credentials": [{"key": "a", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}, "header_transform": {"request": {"add": {"headers": ["a:$(headers.x-consumer-id)"]}}}}"#,
        )],
    ),
    ("NS105", &[JWT, ("header-transform", r#"{"response": {"security_headers": true}}"#)]),
    ("NS106", &[("header-transform", r#"{"response": {"allow": {"headers": ["etag"]}}}"#), CORS]),
    (
        "NS107",
        &[JWT, ("header-transform", r#"{"request": {"rename": {"headers": ["X-Me:X-User-Id"]}}}"#)],
    ),
    (
        "NS107",
        &[JWT, ("header-transform", r#"{"request": {"remove": {"headers": ["X-User-*"]}}}"#)],
    ),
    ("NS110", &[JWT, ("rate-limit", r#"{"minute": 1, "limit_by": "claim", "claim_name": "sub"}"#)]),
    (
        "NS110",
        &[JWT, ("header-transform", r#"{"request": {"add": {"headers": ["a:$(claims.sub)"]}}}"#)],
    ),
    ("NS110", &[("header-transform", r#"{"request": {"add": {"headers": ["a:$(claims.sub)"]}}}"#)]),
    ("NS111", &[JWT, ("rate-limit", r#"{"minute": 1, "limit_by": "credential"}"#)]),
    (
        "NS112",
        &[JWT, ("rate-limit", r#"{"minute": 1, "limit_by": "header", "header_name": "X-Key"}"#)],
    ),
    ("NS113", &[("rate-limit", r#"{"minute": 1, "limit_by": "consumer"}"#)]),
    ("NS113", &[("rate-limit", r#"{"minute": 1, "deny": {"consumers": ["a"]}}"#)]),
    (
        "NS114",
        &[JWT, ("rate-limit", r#"{"minute": 1, "limit_by": "header", "header_name": "X-Tier"}"#)],
    ),
    ("NS121", &[("rate-limit", r#"{"minute": 1, "on_unresolved": "allow", "limit_by": "host"}"#)]),
    ("NS134", &[BY_IP, BY_IP]),
    (
        "NS135",
        &[("cors", r#"{"origins": ["https://app.example.com"], "preflight_continue": true}"#), JWT],
    ),
];

/// A policy of Envoy Gateway with these filters.
pub(super) fn policy(filters: &[Filter]) -> String {
    let mut text = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\n\
                    metadata: {name: x}\nspec:\n  targetRefs: [{kind: Gateway, name: g}]\n  wasm:\n"
        .to_owned();
    for (n, (name, config)) in filters.iter().enumerate() {
        let _ = writeln!(
            text,
            "  - {{name: f{n}, code: {{type: Image, image: {{url: r.io/novasphere/{name}:1}}}}, config: \
             {config}}}"
        );
    }
    text
}
