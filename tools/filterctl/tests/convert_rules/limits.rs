//! Limits and lists of addresses, which must not be lost.

use super::{blocked::envoy_with, *};

const OFFICE: &str = "
          - name: rbac
            typed_config:
              '@type': x.RBAC
              rules: {action: ALLOW, policies: {p: {permissions: [{any: true}], principals: [{direct_remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}]}}}";

fn local_ratelimit(bucket: &str, enforced: &str, more: &str) -> String {
    format!(
        "
          - name: limit
            typed_config:
              '@type': x.LocalRateLimit
              token_bucket: {bucket}
              filter_enabled: {{default_value: {{numerator: 100}}}}
              filter_enforced: {{default_value: {enforced}}}{more}"
    )
}

#[test]
fn local_ratelimit_that_is_not_converted_blocks_the_route() {
    let usual = "{max_tokens: 5, fill_interval: 60s}";
    let descriptors = "
              descriptors: [{entries: [{key: a}], token_bucket: {max_tokens: 1, fill_interval: 1s}}]";
    let of_connections = "
              local_rate_limit_per_downstream_connection: true";
    for (bucket, numerator, more, expected) in [
        (usual, "{numerator: 100}", "", 0),
        ("{max_tokens: 5, fill_interval: 0.5s}", "{numerator: 100}", "", 1),
        ("{max_tokens: 5, fill_interval: 0.5s}", "{numerator: 5000, denominator: MILLION}", "", 1),
        ("{max_tokens: 5, fill_interval: 0.5s}", "{numerator: 0}", "", 0),
        (usual, "{numerator: 100}", descriptors, 1),
        (usual, "{numerator: 100}", of_connections, 1),
    ] {
        let text = envoy_with(&local_ratelimit(bucket, numerator, more));
        let blocked = messages(Source::Envoy, &text, Fate::Blocked);
        assert_eq!(blocked.len(), expected, "{bucket} {numerator} {more} {blocked:?}");
    }
}

#[test]
fn second_local_ratelimit_blocks_the_route() {
    let limit = local_ratelimit("{max_tokens: 5, fill_interval: 60s}", "{numerator: 100}", "");
    let text = envoy_with(&format!("{limit}{limit}"));
    assert_eq!(messages(Source::Envoy, &text, Fate::Blocked).len(), 1);
}

#[test]
fn backend_traffic_policy_that_is_not_converted_blocks_the_route() {
    let text = |spec: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: default}}
spec: {{rules: [{{backendRefs: [{{name: s, port: 80}}]}}]}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {{name: p, namespace: default}}
spec: {{targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}}], {spec}}}
"
        )
    };
    let rule = |limit: &str| format!("rateLimit: {{local: {{rules: [{{{limit}}}]}}}}");
    for (spec, expected) in [
        (rule("limit: {requests: 5, unit: Minute}"), 0),
        ("circuitBreaker: {}".to_owned(), 0),
        (rule("limit: {requests: 0, unit: Minute}"), 1),
        (rule("limit: {requests: 5, unit: Week}"), 1),
        (rule("limit: {requests: 5, unit: Minute}, cost: {request: {from: Number, number: 9}}"), 1),
        (rule("limit: {requests: 5, unit: Minute}, clientSelectors: [{methods: [GET]}]"), 1),
        (
            rule(
                "limit: {requests: 5, unit: Minute}, clientSelectors: [{headers: [{name: x, value: a}]}]",
            ),
            1,
        ),
        (rule("limit: {requests: 5, unit: Minute}") + ", mergeType: StrategicMerge", 1),
        (rule("limit: {requests: 5, unit: Minute}}, {limit: {requests: 9, unit: Minute}"), 1),
    ] {
        let blocked = messages(Source::EnvoyGateway, &text(&spec), Fate::Blocked);
        assert_eq!(blocked.len(), expected, "{spec} {blocked:?}");
    }
}

/// Clients behind a Unix socket have no address, so that no network of a list covers them.
#[test]
fn list_of_allowed_addresses_rejects_clients_without_one() {
    let config = output(Source::Envoy, Target::Filters, &envoy_with(OFFICE)).remove(0);
    let limits = &config["rate_limit"];
    let closed = (&limits["limit_by"], &limits["on_unresolved"]);
    assert_eq!(closed, (&json!("ip"), &json!("deny")), "{config}");
    let denied = kong("  plugins: [{name: ip-restriction, config: {deny: [10.0.0.0/8]}}]");
    let config = output(Source::Kong, Target::Filters, &denied).remove(0);
    assert_eq!(config["rate_limit"]["limit_by"], json!("constant"), "{config}");
}

#[test]
fn clients_without_an_address_that_pass_are_reported() {
    let limit = local_ratelimit("{max_tokens: 5, fill_interval: 60s}", "{numerator: 100}", "");
    let text = envoy_with(&format!("{OFFICE}{limit}"));
    let changed = messages(Source::Envoy, &text, Fate::Changed);
    assert!(changed.iter().any(|m| m.contains("without an address")), "{changed:?}");
}

/// With `report_only`, rate-limit would not reject the addresses either.
#[test]
fn limit_that_only_reports_does_not_admit_all_addresses() {
    let limit = local_ratelimit("{max_tokens: 5, fill_interval: 60s}", "{numerator: 0}", "");
    let text = envoy_with(&format!("{OFFICE}{limit}"));
    let config = output(Source::Envoy, Target::Filters, &text).remove(0);
    assert_eq!(config["rate_limit"].get("report_only"), None, "{config}");
    let left_out = messages(Source::Envoy, &text, Fate::LeftOut);
    assert!(left_out.iter().any(|m| m.contains("only report")), "{left_out:?}");
}
