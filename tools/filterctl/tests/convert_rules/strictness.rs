//! Conversions that must not be less strict than their source.

use super::*;

/// In Kong, acl rejects an anonymous consumer without groups.
#[test]
fn acl_admits_no_request_without_a_token() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt, config: {{anonymous: otto}}}}, {{name: acl, config: {{allow: [buyers]}}}}]\n{ANNA}"
    ));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"].get("anonymous"), None);
}

#[test]
fn plugins_that_answer_requests_block_the_route() {
    for plugin in ["redirect", "aws-lambda", "standard-webhooks", "request-size-limiting"] {
        let text = kong(&format!("  plugins: [{{name: {plugin}}}]"));
        let blocked = messages(Source::Kong, &text, Fate::Blocked);
        assert!(blocked.iter().any(|message| message.starts_with("route r")), "{blocked:?}");
    }
}

/// Settings in Secrets are not in the input.
#[test]
fn plugin_with_config_from_lets_no_request_pass() {
    let text = "apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: limit, namespace: shop}
plugin: cors
configFrom: {secretKeyRef: {name: s, key: k}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: r, namespace: shop, annotations: {konghq.com/plugins: limit}}
spec: {ingressClassName: kong, rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}
";
    let kong = output(Source::Kic, Target::Kong, text).remove(0);
    let services = kong["services"].as_array().cloned().unwrap_or_default();
    let routes: usize = services.iter().map(|s| s["routes"].as_array().unwrap().len()).sum();
    assert_eq!(routes, 0, "{kong}");
}

/// The plugin may protect any route.
#[test]
fn plugin_of_an_unknown_service_blocks_all_routes() {
    let text = kong("plugins: [{name: key-auth, service: other}]");
    let blocked = messages(Source::Kong, &text, Fate::Blocked);
    assert!(blocked.iter().any(|message| message.starts_with("route r")), "{blocked:?}");
}

#[test]
fn credentials_in_queries_are_left_out() {
    let text = kong(
        "  plugins: [{name: request-transformer, config: {add: {querystring: ['api_key:DO-NOT-SHOW'], headers: ['x-hmac:DO-NOT-SHOW']}}}]",
    );
    assert!(!conversion(Source::Kong, Target::Envoy, &text).text.contains("DO-NOT-SHOW"));
    let left_out = messages(Source::Kong, &text, Fate::LeftOut);
    let credentials = left_out.iter().filter(|message| message.contains("may be a credential"));
    assert_eq!(credentials.count(), 2, "{left_out:?}");
}

#[test]
fn route_that_would_be_less_protected_is_blocked() {
    for plugin in ["{name: key-auth}", "{name: acl, config: {allow: [a]}}", "{name: my-own}"] {
        let text = kong(&format!("  plugins: [{plugin}, {{name: cors}}]"));
        let messages = messages(Source::Kong, &text, Fate::Blocked);
        let is_blocked = |message: &String| message.starts_with("route r: without plugin");
        assert!(messages.iter().any(is_blocked), "{messages:?}");
    }
    // A logger rejects no request.
    let text = kong("  plugins: [{name: file-log, config: {path: /x}}, {name: cors}]");
    assert_eq!(output(Source::Kong, Target::Filters, &text).len(), 1);
}

/// `jwt_authn` compares raw prefixes, which rules of jwt-auth do not have. Routes have them.
#[test]
fn raw_prefixes_of_jwt_authn_become_routes() {
    let text = blocked::envoy(
        "            - {name: all, domains: ['*'], routes: [{name: r, match: {prefix: /}, route: {cluster: c}}]}",
    );
    let jwt = "http_filters:
          - name: jwt
            typed_config:
              '@type': x.JwtAuthentication
              providers: {x: {issuer: x, remote_jwks: {http_uri: {uri: 'https://x/keys', cluster: x}}}}
              rules: [{match: {prefix: /api/open}}, {match: {prefix: /api}, requires: {provider_name: x}}]";
    let text = text.replace("http_filters: []", jwt);
    let output = output(Source::Envoy, Target::Envoy, &text).remove(0);
    let manager = &output["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let routes = &manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"];
    let shown: Vec<(&Value, bool)> = routes
        .as_array()
        .unwrap()
        .iter()
        .map(|route| {
            let is_off = &route["typed_per_filter_config"]["gateway"]["disabled"];
            (&route["match"]["prefix"], is_off == &json!(true))
        })
        .collect();
    let expected = [(json!("/api/open"), true), (json!("/api"), false), (json!("/"), true)];
    let expected: Vec<(&Value, bool)> = expected.iter().map(|(path, off)| (path, *off)).collect();
    assert_eq!(shown, expected);
}
