//! Single rules of `filterctl convert`, on small inputs.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use filterctl::{
    convert::{Conversion, Fate, Source, Target, convert},
    found::Project,
    source::{File, Reader},
};
use serde_json::{Value, json};

mod blocked;
mod consumers;
mod entry_points;
mod headers;
mod http_route_limits;
mod ingress;
mod kong_routes;
mod limits;
mod listeners;
mod mesh;
mod namespaces;
mod request_changes;
mod rewrites;
mod strictness;

fn conversion(from: Source, to: Target, text: &str) -> Conversion {
    convert(from, to, &Project::new(vec![File::new("in.yaml", text.to_owned())])).unwrap()
}

/// The documents of an output.
fn output(from: Source, to: Target, text: &str) -> Vec<Value> {
    let file = File::new("out.yaml", conversion(from, to, text).text);
    file.documents.iter().map(|node| Reader::Yaml.value(node)).collect()
}

fn messages(from: Source, text: &str, fate: Fate) -> Vec<String> {
    let report = conversion(from, Target::Filters, text).report;
    let entries = report.entries.into_iter().filter(|entry| entry.fate == fate);
    entries.map(|entry| entry.message).collect()
}

/// A kong.yml with these members of a service with one route.
fn kong(members: &str) -> String {
    format!(
        "_format_version: '3.0'\nservices:\n- name: s\n  url: http://s:80\n  routes: [{{name: r, paths: [/r]}}]\n{members}\n"
    )
}

const ANNA: &str = "consumers:\n- {username: anna, acls: [{group: buyers}], jwt_secrets: [{key: anna, secret: 0123456789abcdef0123456789abcdef}]}\n- {username: otto, jwt_secrets: [{key: otto, secret: 0123456789abcdef0123456789abcdef}]}\n";

#[test]
fn narrower_plugin_wins() {
    let text = "_format_version: '3.0'
services:
- name: s
  url: http://s:80
  routes:
  - {name: own, paths: [/own], plugins: [{name: cors, config: {max_age: 1}}]}
  - {name: shared, paths: [/shared]}
  plugins: [{name: cors, config: {max_age: 2}}]
- {name: t, url: 'http://t:80', routes: [{name: other, paths: [/other]}]}
plugins: [{name: cors, config: {max_age: 3}}]
";
    let configs = output(Source::Kong, Target::Filters, text);
    let ages: Vec<&Value> = configs.iter().map(|config| &config["cors"]["max_age"]).collect();
    assert_eq!(ages, [&json!(1), &json!(2), &json!(3)]);
}

#[test]
fn disabled_plugin_lets_the_wider_one_run() {
    let text = kong(
        "  plugins: [{name: cors, enabled: false, config: {max_age: 1}}]\nplugins: [{name: cors, config: {max_age: 2}}]",
    );
    assert_eq!(output(Source::Kong, Target::Filters, &text)[0]["cors"]["max_age"], json!(2));
}

#[test]
fn acl_selects_credentials() {
    let keys = |acl: &str| -> Vec<Value> {
        let text =
            kong(&format!("  plugins: [{{name: jwt}}, {{name: acl, config: {acl}}}]\n{ANNA}"));
        let config = output(Source::Kong, Target::Filters, &text).remove(0);
        let credentials = config["jwt_auth"]["credentials"].as_array().unwrap().clone();
        credentials.iter().map(|credential| credential["key"].clone()).collect()
    };
    assert_eq!(keys("{allow: [buyers]}"), [json!("anna")]);
    assert_eq!(keys("{deny: [buyers]}"), [json!("otto")]);
}

#[test]
fn secrets_become_variables() {
    let text = kong(&format!("  plugins: [{{name: jwt}}]\n{ANNA}"));
    let report = conversion(Source::Kong, Target::Filters, &text).report;
    let names: Vec<&str> = report.variables.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["NOVASPHERE_JWT_SECRET_ANNA", "NOVASPHERE_JWT_SECRET_OTTO"]);
    let vault =
        "consumers: [{username: a, jwt_secrets: [{key: a, secret: '{vault://env/jwt-key}'}]}]";
    let text = kong(&format!("  plugins: [{{name: jwt}}]\n{vault}"));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"]["credentials"][0]["secret"], json!({"env": "JWT_KEY"}));
}

#[test]
fn short_secret_needs_permission() {
    let weak = |secret: &str, config: &str| {
        let text = kong(&format!(
            "  plugins: [{{name: jwt, config: {config}}}]\nconsumers: [{{username: a, jwt_secrets: [{{key: a, secret: {secret}}}]}}]"
        ));
        output(Source::Kong, Target::Filters, &text)[0]["jwt_auth"]["allow_weak_secret"].clone()
    };
    assert_eq!(weak("short", "{}"), json!(true));
    assert_eq!(weak("0123456789abcdef0123456789abcdef", "{}"), Value::Null);
    // 32 characters are 24 bytes of base64.
    assert_eq!(weak("0123456789abcdef0123456789abcdef", "{secret_is_base64: true}"), json!(true));
}

#[test]
fn anonymous_is_the_consumer_itself() {
    let text = kong(&format!("  plugins: [{{name: jwt, config: {{anonymous: otto}}}}]\n{ANNA}"));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"]["anonymous"], json!({"username": "otto"}));
}

#[test]
fn limits_are_counted_by_the_scope_of_their_plugin() {
    let limit = "{name: rate-limiting, config: {minute: 5}}";
    let name = |members: &str| {
        output(Source::Kong, Target::Filters, &kong(members))[0]["rate_limit"].clone()
    };
    let of_service = name(&format!("  plugins: [{limit}]"));
    assert_eq!((&of_service["name"], &of_service["limit_by"]), (&json!("s"), &json!("ip")));
    assert_eq!(name(&format!("plugins: [{limit}]"))["name"], Value::Null);
    let with_token = name(&format!("  plugins: [{limit}, {{name: jwt}}]\n{ANNA}"));
    assert_eq!(with_token["limit_by"], json!("consumer"));
}

#[test]
fn paths_are_stripped_and_prefixed() {
    let text = "_format_version: '3.0'
services:
- name: s
  url: http://s:8080/base
  routes: [{name: r, paths: [/r], hosts: [a.io]}]
  plugins: [{name: cors}]
";
    let envoy = output(Source::Kong, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let route = &manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
    let expected = json!({"pattern": {"regex": "^/r/?"}, "substitution": "/base/"});
    assert_eq!(route["regex_rewrite"], expected);
    assert_eq!(route["host_rewrite_literal"], json!("s:8080"));
    let traefik = output(Source::Kong, Target::Traefik, text).remove(0);
    let middlewares = &traefik["http"]["middlewares"];
    assert_eq!(middlewares["strip-path"]["stripPrefix"]["prefixes"], json!(["/r"]));
    assert_eq!(middlewares["base-path"]["addPrefix"]["prefix"], json!("/base"));
}

#[test]
fn chains_of_one_service_become_services() {
    let text = "_format_version: '3.0'
services:
- name: s
  url: http://s:80
  routes:
  - {name: a, paths: [/a], plugins: [{name: cors}]}
  - {name: b, paths: [/b]}
";
    let kong = output(Source::Kong, Target::Kong, text).remove(0);
    let shown: Vec<(&Value, bool)> = kong["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| (&service["name"], service.get("filter_chains").is_some()))
        .collect();
    assert_eq!(shown, [(&json!("s"), true), (&json!("s-2"), false)]);
}

#[test]
fn order_of_routes_survives_on_kong() {
    let text = "http:
  routers:
    first: {rule: 'PathPrefix(`/a`)', priority: 9, service: s, middlewares: [m]}
    second: {rule: 'PathRegexp(`^/a/[0-9]+`)', priority: 5, service: s, middlewares: [m]}
  middlewares: {m: {rateLimit: {average: 5}}}
  services: {s: {loadBalancer: {servers: [{url: 'http://s:80'}]}}}
";
    let kong = output(Source::Traefik, Target::Kong, text).remove(0);
    let routes: Vec<(Value, Value)> = kong["services"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|service| service["routes"].as_array().unwrap())
        .map(|route| (route["paths"].clone(), route["regex_priority"].clone()))
        .collect();
    assert_eq!(routes, [(json!(["~/a"]), json!(2)), (json!(["~/a/[0-9]+"]), json!(1))]);
}

#[test]
fn host_of_envoy_does_not_fall_through() {
    let text = "static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          http_filters: []
          route_config:
            virtual_hosts:
            - {name: a, domains: [a.io], routes: [{name: a, match: {prefix: /a}, route: {cluster: c}}]}
            - {name: b, domains: ['*'], routes: [{name: b, match: {prefix: /}, route: {cluster: c}}]}
  clusters:
  - {name: c, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: c, port_value: 80}}}}]}]}}
";
    let envoy = output(Source::Envoy, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = manager["typed_config"]["route_config"]["virtual_hosts"].as_array().unwrap();
    let counts: Vec<usize> =
        hosts.iter().map(|host| host["routes"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [1, 1]);
}

#[test]
fn traefik_keeps_its_own_limits_without_their_secrets() {
    let text = "http:
  routers: {r: {rule: 'Path(`/a`)', service: s, middlewares: [m]}}
  middlewares:
    m: {rateLimit: {average: 100, period: 1m, burst: 50, redis: {password: DO-NOT-SHOW}}}
  services: {s: {loadBalancer: {servers: [{url: 'http://s:80'}]}}}
";
    let limit = |target| {
        let traefik = output(Source::Traefik, target, text).remove(0);
        traefik["http"]["middlewares"]["rate-limit"]["rateLimit"].clone()
    };
    assert_eq!(limit(Target::Traefik), json!({"average": 100, "period": "1m", "burst": 50}));
    let report = |target| conversion(Source::Traefik, target, text).report;
    let has_windows = |target| {
        let entries = report(target).entries;
        entries.iter().any(|entry| entry.message.contains("becomes windows"))
    };
    assert!(has_windows(Target::Envoy) && !has_windows(Target::Traefik));
}

const ISTIO: &str = "apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: a}
spec: {jwtRules: [{issuer: i, jwksUri: 'https://i/keys'}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p}
spec: ";

#[test]
fn authentication_without_a_policy_is_optional() {
    let text = ISTIO.split("---").next().unwrap();
    let config = output(Source::Istio, Target::Filters, text).remove(0);
    assert_eq!(config["jwt_auth"]["optional"], json!(true));
}

#[test]
fn denial_without_token_requires_one() {
    let rules = "{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}], to: [{operation: {notPaths: [/healthz]}}]}]}\n";
    let config = output(Source::Istio, Target::Filters, &format!("{ISTIO}{rules}")).remove(0);
    assert_eq!(config["jwt_auth"]["rules"], json!([{"path": "/healthz", "optional": true}]));
    assert_eq!(config["jwt_auth"]["optional"], Value::Null);
}

#[test]
fn requests_that_no_policy_allows_are_rejected() {
    let rules = "{rules: [{to: [{operation: {paths: ['/public/*']}}]}]}\n";
    let config = output(Source::Istio, Target::Filters, &format!("{ISTIO}{rules}")).remove(0);
    let rules = config["jwt_auth"]["rules"].as_array().unwrap();
    // `/public/*` does not match `/public`.
    assert_eq!(rules[0]["path"], json!("/public"));
    assert_eq!(rules[0]["required_claims"][0]["claim"], json!("iss"));
    assert_eq!(rules[1], json!({"path_prefix": "/public", "optional": true}));
    assert_eq!(rules[2]["path_prefix"], json!("/"));
    assert_eq!(rules[2]["required_claims"][0]["claim"], json!("iss"));
}

#[test]
fn unsupported_policy_blocks_the_route() {
    let rules = "{rules: [{when: [{key: 'request.headers[x]', values: [a]}]}]}\n";
    let text = format!("{ISTIO}{rules}");
    let blocked = messages(Source::Istio, &text, Fate::Blocked);
    assert!(blocked.iter().any(|m| m.contains("would pass unchecked")), "{blocked:?}");
    assert_eq!(output(Source::Istio, Target::Filters, &text).len(), 0);
}

#[test]
fn input_without_anything_to_convert_is_an_error() {
    let project = Project::new(vec![File::new("a.yaml", "a: 1\n".to_owned())]);
    let error = convert(Source::Kong, Target::Envoy, &project).unwrap_err().to_string();
    assert_eq!(error, "nothing to convert: no routes of Kong in a.yaml");
}
