//! Policies of Istio and Envoy Gateway by namespace, selector and target.

use super::*;

fn authentication(metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {metadata}\nspec: {{{spec}jwtRules: [{{issuer: i, jwksUri: 'https://i/keys'}}]}}\n---\n"
    )
}

fn authorization(metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {metadata}\nspec: {{{spec}}}\n---\n"
    )
}

/// A VirtualService with a route to `orders` in a namespace.
fn routes(namespace: &str, gateways: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {namespace}, namespace: {namespace}}}\nspec: {{hosts: [{namespace}.io], gateways: {gateways}, http: [{{route: [{{destination: {{host: orders}}}}]}}]}}\n---\n"
    )
}

const ANY_TOKEN: &str = "rules: [{from: [{source: {requestPrincipals: ['*']}}]}]";

/// The routes of the output for Envoy, by host.
fn actions(text: &str) -> Vec<(String, &'static str)> {
    let envoy = output(Source::Istio, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = manager["typed_config"]["route_config"]["virtual_hosts"].as_array().unwrap();
    let has_filters = manager["typed_config"]["http_filters"].as_array().unwrap().len() > 1;
    let action = |route: &Value| match route {
        route if route.get("direct_response").is_some() => "blocked",
        route if route["typed_per_filter_config"]["gateway"]["disabled"] == json!(true) => "open",
        _ if has_filters => "filtered",
        _ => "open",
    };
    hosts
        .iter()
        .map(|host| (host["name"].as_str().unwrap().to_owned(), action(&host["routes"][0])))
        .collect()
}

fn expect(text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, &str)> =
        expected.iter().map(|(host, action)| ((*host).to_owned(), *action)).collect();
    assert_eq!(actions(text), expected, "{text}");
}

#[test]
fn policies_are_for_their_namespace() {
    let text = authentication("{name: a, namespace: shop}", "")
        + &authorization("{name: p, namespace: shop}", ANY_TOKEN)
        + &routes("shop", "[g]")
        + &routes("club", "[g]");
    expect(&text, &[("shop.io", "filtered"), ("club.io", "open")]);
}

#[test]
fn policies_of_the_root_namespace_are_for_all() {
    let text = authentication("{name: a, namespace: istio-system}", "")
        + &authorization("{name: p, namespace: istio-system}", ANY_TOKEN)
        + &routes("shop", "[g]")
        + &routes("club", "[g]");
    expect(&text, &[("shop.io", "filtered"), ("club.io", "filtered")]);
}

/// The selector of a policy may match pods behind a Service of any name.
#[test]
fn policy_that_may_select_the_workload_blocks_its_routes() {
    let selector = "selector: {matchLabels: {app: shop-orders}}, ";
    let text = authentication("{name: a, namespace: shop}", selector)
        + &authorization("{name: p, namespace: shop}", &format!("{selector}{ANY_TOKEN}"))
        + &routes("shop", "[g]");
    expect(&text, &[("shop.io", "blocked")]);
    let service = |labels: &str| {
        format!(
            "{text}apiVersion: v1\nkind: Service\nmetadata: {{name: orders, namespace: shop}}\nspec: {{selector: {labels}}}\n"
        )
    };
    expect(&service("{app: shop-orders}"), &[("shop.io", "filtered")]);
    expect(&service("{app: other}"), &[("shop.io", "open")]);
}

#[test]
fn policies_of_the_gateway_are_for_its_routes() {
    let selector = "selector: {matchLabels: {istio: ingressgateway}}, ";
    let gateway = authentication("{name: a, namespace: istio-system}", selector)
        + &authorization("{name: p, namespace: istio-system}", &format!("{selector}{ANY_TOKEN}"));
    let text = gateway.clone() + &routes("shop", "[g]") + &routes("club", "[mesh]");
    expect(&text, &[("shop.io", "filtered"), ("club.io", "open")]);
    // The requests must pass both.
    let own =
        authorization("{name: p, namespace: shop}", "rules: [{to: [{operation: {paths: [/a]}}]}]");
    expect(&(gateway + &own + &routes("shop", "[g]")), &[("shop.io", "blocked")]);
}

/// Istio only logs what it would do.
#[test]
fn dry_run_allows_no_request() {
    let blocks =
        |networks: &str| format!("rules: [{{from: [{{source: {{ipBlocks: {networks}}}}}]}}]");
    let dry = "{name: d, namespace: shop, annotations: {istio.io/dry-run: 'true'}}";
    let text = authorization("{name: p, namespace: shop}", &blocks("[10.0.0.0/8]"))
        + &authorization(dry, &blocks("[0.0.0.0/0]"))
        + &routes("shop", "[g]");
    let config = output(Source::Istio, Target::Filters, &text).remove(0);
    let denied = config["rate_limit"]["deny"]["cidrs"].as_array().unwrap();
    assert!(denied.contains(&json!("11.0.0.0/8")), "{config}");
}

#[test]
fn client_certificates_of_an_istio_gateway_block_its_routes() {
    let gateway = |mode: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: shop}}\nspec: {{servers: [{{tls: {{mode: {mode}}}}}]}}\n---\n"
        )
    };
    expect(&(gateway("SIMPLE") + &routes("shop", "[g]")), &[("shop.io", "open")]);
    expect(&(gateway("MUTUAL") + &routes("shop", "[shop/g]")), &[("shop.io", "blocked")]);
}

#[test]
fn objects_without_a_namespace_beside_others_need_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.yaml");
    std::fs::write(&file, authentication("{name: a}", "") + &routes("shop", "[g]")).unwrap();
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_filterctl"));
        command.args(["convert", "istio"]).arg(&file).args(["--to", "filters"]);
        let output = command.args(more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&[]).0, Some(2));
    assert!(run(&["--namespace", "shop"]).1.contains("jwt_auth"));
    assert!(!run(&["--namespace", "club"]).1.contains("jwt_auth"));
    assert!(run(&["--namespace", "club", "--root-namespace", "club"]).1.contains("jwt_auth"));
}

fn http_route(members: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: shop, labels: {{tier: gold}}}}\nspec: {{parentRefs: [{{name: g}}], {members}rules: [{{backendRefs: [{{name: s, port: 80}}]}}]}}\n---\n"
    )
}

fn security(target: &str, spec: &str) -> String {
    format!(
        "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{{target}, {spec}}}\n---\n"
    )
}

const JWT: &str = "jwt: {providers: [{name: i, issuer: i, remoteJWKS: {uri: 'https://i/keys'}}]}";

/// The configurations of the output, and the reasons of blocked routes.
fn envoy_gateway(text: &str) -> (Vec<Value>, Vec<String>) {
    let configs = output(Source::EnvoyGateway, Target::Filters, text);
    (configs, messages(Source::EnvoyGateway, text, Fate::Blocked))
}

#[test]
fn target_selectors_compare_labels() {
    let selector = |labels: &str| {
        let target = format!("targetSelectors: [{{kind: HTTPRoute, matchLabels: {labels}}}]");
        envoy_gateway(&(http_route("") + &security(&target, JWT)))
    };
    assert!(selector("{tier: gold}").0[0].get("jwt_auth").is_some());
    assert_eq!(selector("{tier: silver}"), (Vec::new(), Vec::new()));
}

#[test]
fn selector_of_an_unknown_gateway_blocks_the_route() {
    let target = "targetSelectors: [{kind: Gateway, matchLabels: {tier: gold}}]";
    let text = http_route("") + &security(target, JWT);
    let expected = "route r: SecurityPolicy p may select Gateway g: add it to the input";
    assert_eq!(envoy_gateway(&text).1, [expected]);
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop, labels: {tier: gold}}\n";
    assert!(envoy_gateway(&(text + gateway)).0[0].get("jwt_auth").is_some());
}

#[test]
fn policy_for_a_section_blocks_the_route() {
    let target = "targetRefs: [{kind: HTTPRoute, name: r, sectionName: one}]";
    let text = http_route("") + &security(target, JWT);
    assert_eq!(envoy_gateway(&text).1, ["route r: SecurityPolicy p applies to one section only"]);
}

#[test]
fn client_certificates_of_a_gateway_block_its_routes() {
    let policy = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: c, namespace: shop}\nspec: {targetRefs: [{kind: Gateway, name: g}], tls: {clientValidation: {caCertificateRefs: [{name: ca}]}}}\n";
    let text = http_route("") + policy;
    let expected = "route r: ClientTrafficPolicy c validates client certificates";
    assert_eq!(envoy_gateway(&text).1, [expected]);
}

#[test]
fn listeners_restrict_host_names_and_protocols() {
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {listeners: [{name: https, protocol: HTTPS, hostname: '*.shop.io'}]}\n";
    let text = http_route("hostnames: [a.shop.io, club.io], ") + gateway;
    let kong = output(Source::EnvoyGateway, Target::Kong, &text).remove(0);
    let route = &kong["services"][0]["routes"][0];
    assert_eq!(route["hosts"], json!(["a.shop.io"]));
    assert_eq!(route["protocols"], json!(["https"]));
}

/// Values from other files are not in the input, and no token is accepted without its keys.
#[test]
fn keys_in_other_objects_block_the_route() {
    let jwt = "jwt: {providers: [{name: i, issuer: i, localJWKS: {type: ValueRef, valueRef: {kind: ConfigMap, name: keys}}}]}";
    let text = http_route("") + &security("targetRefs: [{kind: HTTPRoute, name: r}]", jwt);
    assert!(envoy_gateway(&text).1[0].contains("would pass unchecked"));
}
