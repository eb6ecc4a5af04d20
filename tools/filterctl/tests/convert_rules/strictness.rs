//! Conversions that must not be less strict than their source.

use super::{blocked::envoy_with, *};

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
    for plugin in [
        "{name: key-auth}",
        "{name: acl, config: {allow: [a]}}",
        "{name: my-own}",
        "{name: request-transformer, config: {replace: {uri: /fixed}}}",
    ] {
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

/// The filter jwt_authn with the providers `x` and `y`.
fn jwt_authn(issuer_of_y: &str, rules: &str) -> String {
    let keys =
        "remote_jwks: {http_uri: {uri: 'https://x/keys', cluster: x}}, payload_in_metadata: p";
    format!(
        "
          - name: jwt
            typed_config:
              '@type': x.JwtAuthentication
              providers: {{x: {{issuer: x, {keys}}}, y: {{issuer: {issuer_of_y}, {keys}}}}}
              rules: [{rules}]"
    )
}

/// Rules of jwt-auth name issuers, not providers.
#[test]
fn providers_with_one_issuer_block_the_route() {
    let text = envoy_with(&jwt_authn(
        "x",
        "{match: {prefix: /a/}, requires: {provider_name: x}}, {match: {prefix: /}, requires: {provider_name: y}}",
    ));
    let left_out = messages(Source::Envoy, &text, Fate::LeftOut);
    assert!(left_out.iter().any(|message| message.contains("have one issuer")), "{left_out:?}");
    assert_eq!(messages(Source::Envoy, &text, Fate::Blocked).len(), 1);
}

#[test]
fn allow_missing_rejects_invalid_tokens() {
    let text = envoy_with(&jwt_authn("y", "{match: {prefix: /}, requires: {allow_missing: {}}}"));
    let config = output(Source::Envoy, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"]["optional"], json!(true), "{config}");
}

/// The policy is for all roles but one.
#[test]
fn inverted_claim_blocks_the_route() {
    let rbac = |more: &str| {
        let claim = format!(
            "{{filter: envoy.filters.http.jwt_authn, path: [{{key: p}}, {{key: role}}], value: {{string_match: {{exact: a}}}}{more}}}"
        );
        let rules = jwt_authn(
            "y",
            "{match: {prefix: /}, requires: {requires_any: {requirements: [{provider_name: x}, {provider_name: y}]}}}",
        );
        let text = format!(
            "{rules}
          - name: rbac
            typed_config:
              '@type': x.RBAC
              rules: {{policies: {{p: {{permissions: [{{any: true}}], principals: [{{metadata: {claim}}}]}}}}}}"
        );
        messages(Source::Envoy, &envoy_with(&text), Fate::Blocked).len()
    };
    assert_eq!((rbac(""), rbac(", invert: true")), (0, 1));
}

/// Traefik compares the names of fields in files without case.
#[test]
fn limit_of_traefik_in_another_case_is_kept() {
    let text = "http:
  routers: {r: {rule: 'PathPrefix(`/`)', service: s, middlewares: [l]}}
  middlewares: {l: {rateLimit: {Average: 10, PERIOD: 1m}}}
  services: {s: {loadBalancer: {servers: [{url: 'http://s'}]}}}
";
    let config = output(Source::Traefik, Target::Filters, text).remove(0);
    assert_eq!(config["rate_limit"]["minute"], json!(10));
}

/// Kubernetes would keep only the last of two objects with one name.
#[test]
fn objects_of_envoy_gateway_have_distinct_names() {
    let text = kong("")
        .replace("{name: r, paths: [/r]}", "{name: r_1, paths: [/a]}, {name: R-1, paths: [/b]}");
    let routes = output(Source::Kong, Target::EnvoyGateway, &text);
    let routes = routes.iter().filter(|object| object["kind"] == json!("HTTPRoute"));
    let names: Vec<&Value> = routes.map(|route| &route["metadata"]["name"]).collect();
    assert_eq!(names, [&json!("r-1"), &json!("r-1-2")]);
}

/// The middleware removes these headers of clients.
#[test]
fn headers_of_an_expression_block_the_router() {
    let text = |more: &str| {
        format!(
            "http:
  routers: {{r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [a]}}}}
  middlewares: {{a: {{forwardAuth: {{address: 'http://a'{more}}}}}}}
  services: {{s: {{loadBalancer: {{servers: [{{url: 'http://s'}}]}}}}}}
"
        )
    };
    let blocked = |more: &str| messages(Source::Traefik, &text(more), Fate::Blocked).len();
    assert_eq!((blocked(""), blocked(", authResponseHeadersRegex: ^X-")), (0, 1));
}

/// A client chooses its address in X-Forwarded-For.
#[test]
fn allowed_addresses_are_not_those_of_a_limit() {
    let text = |strategy: &str| {
        format!(
            "http:
  routers: {{r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [a, l]}}}}
  middlewares:
    a: {{ipAllowList: {{sourceRange: [10.0.0.0/8]}}}}
    l: {{rateLimit: {{average: 10, sourceCriterion: {{ipStrategy: {strategy}}}}}}}
  services: {{s: {{loadBalancer: {{servers: [{{url: 'http://s'}}]}}}}}}
"
        )
    };
    let blocked = |strategy: &str| messages(Source::Traefik, &text(strategy), Fate::Blocked).len();
    assert_eq!((blocked("{ipv6Subnet: 64}"), blocked("{depth: 1}")), (0, 1));
}

/// The API server rejects other rules, and a wider route would get the requests.
#[test]
fn rule_that_replaces_a_prefix_has_one_match() {
    let text = "http:
  routers: {r: {rule: '(Path(`/a`) || PathPrefix(`/a/`)) && (Method(`GET`) || Method(`POST`))', service: s, middlewares: [p]}}
  middlewares: {p: {stripPrefix: {prefixes: [/a]}}}
  services: {s: {loadBalancer: {servers: [{url: 'http://s'}]}}}
";
    let objects = output(Source::Traefik, Target::EnvoyGateway, text);
    let route = objects.iter().find(|object| object["kind"] == json!("HTTPRoute")).unwrap();
    let rules = route["spec"]["rules"].as_array().unwrap();
    let counts: Vec<usize> = rules.iter().map(|r| r["matches"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [1, 1], "{route}");
}

/// As during a rotation of secrets.
#[test]
fn all_secrets_of_a_key_set_are_kept() {
    for (kids, expected) in [
        (
            [r#""kid": "a","#, r#""kid": "b","#],
            ["NOVASPHERE_JWT_SECRET_A", "NOVASPHERE_JWT_SECRET_B"],
        ),
        (["", ""], ["NOVASPHERE_JWT_SECRET", "NOVASPHERE_JWT_SECRET_2"]),
    ] {
        let keys = kids.map(|kid| format!(r#"{{{kid} "kty": "oct", "k": "RE8tTk9U"}}"#));
        let keys = keys.join(", ");
        let text = envoy_with(&format!(
            "
          - name: jwt
            typed_config:
              '@type': x.JwtAuthentication
              providers: {{x: {{issuer: x, local_jwks: {{inline_string: '{{\"keys\": [{keys}]}}'}}}}}}
              rules: [{{match: {{prefix: /}}, requires: {{provider_name: x}}}}]"
        ));
        let config = output(Source::Envoy, Target::Filters, &text).remove(0);
        let credentials = config["jwt_auth"]["credentials"].as_array().unwrap();
        let names: Vec<&Value> = credentials.iter().map(|c| &c["secret"]["env"]).collect();
        assert_eq!(names, expected, "{config}");
    }
}

/// As during a rotation of secrets.
#[test]
fn all_secrets_of_the_own_plugin_are_kept() {
    let text = headers::traefik(
        "plugin: {novasphere-jwt-auth: {credentials: [{key: a, secret: 0123456789abcdef0123456789abcdef}, {key: a, secret: fedcba9876543210fedcba9876543210}]}}",
    );
    let config = output(Source::Traefik, Target::Filters, &text).remove(0);
    let credentials = config["jwt_auth"]["credentials"].as_array().unwrap();
    let names: Vec<&Value> = credentials.iter().map(|c| &c["secret"]["env"]).collect();
    assert_eq!(names, ["NOVASPHERE_JWT_SECRET", "NOVASPHERE_JWT_SECRET_2"], "{config}");
}
