//! Plausible configurations have no findings.

use super::{Edit, changed, check, codes, read, shown};

const ALL: &str = "host-config/envoy/all.yaml";

fn assert_clean(paths: &[&str], edits: &[Edit]) {
    let findings = changed(paths, edits);
    assert!(codes(&findings).is_empty(), "{edits:?}: {:#?}", shown(&findings));
}

#[test]
fn limit_by_header_that_jwt_auth_sets() {
    let new = "limit_by: header\n                    header_name: X-User-Id";
    assert_clean(&[ALL], &[("limit_by: ip", new)]);
}

#[test]
fn keys_from_cluster_with_tls() {
    let cluster = r#"clusters:
  - name: id
    connect_timeout: 1s
    transport_socket:
      name: tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: id.example.com
        common_tls_context:
          validation_context:
            trusted_ca: {filename: /ca.pem}
            match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: id.example.com}}]
"#;
    let edits: &[Edit] = &[
        ("clusters:\n", cluster),
        (
            "credentials:\n",
            "jwks: [{issuer: \"https://id.example.com\", cluster: id, discovery: true}]\n                    credentials:\n",
        ),
    ];
    assert_clean(&[ALL], edits);
}

#[test]
fn domains_for_every_port() {
    let edits: &[Edit] = &[
        ("route_config:\n", "route_config:\n            ignore_port_in_host_matching: true\n"),
        (", \"api.novasphere.io:*\"]", "]"),
    ];
    assert_clean(&[ALL], edits);
}

#[test]
fn load_balancer_in_front() {
    let edits: &[Edit] = &[
        (
            "use_remote_address: true\n",
            "use_remote_address: true\n          xff_num_trusted_hops: 1\n",
        ),
        ("trusted_hops: 1}", "trusted_hops: 2}"),
    ];
    assert_clean(&[ALL], edits);
}

/// Kong tries each path of a route separately.
#[test]
fn route_of_kong_with_long_and_short_path() {
    let edits: &[Edit] = &[
        ("    paths: [\"~/api/v1(/|$)\"]\n", "    paths: [/, /api/v1/very/long/path]\n"),
        ("    paths: [\"~/api/v1/wukongs/[^/]+/events$\"]\n", "    paths: [/events]\n"),
    ];
    assert_clean(&["host-config/kong/gateway.yml"], edits);
}

#[test]
fn filter_in_a_patch_of_istio() {
    let patch = r#"
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: a}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    patch:
      operation: INSERT_BEFORE
      value:
        name: jwt-auth
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            failure_policy: FAIL_RELOAD
            vm_config:
              code: {local: {filename: /w/novasphere-jwt-auth.wasm}}
              environment_variables: {host_env_keys: [KEY]}
            configuration:
              "@type": type.googleapis.com/google.protobuf.Struct
              value: {credentials: [{key: a, secret: {env: KEY}}]}
"#;
    let findings = check(vec![("patch.yaml".to_owned(), patch.to_owned())]);
    assert!(codes(&findings).is_empty(), "{:#?}", shown(&findings));
    let missing = patch.replace("[KEY]", "[OTHER]");
    assert_eq!(codes(&check(vec![("patch.yaml".to_owned(), missing)])), ["NS210"]);
}

/// The chain is on the listener, and the routes come from another file.
#[test]
fn routes_of_another_file() {
    let text = read(ALL);
    let (listener, routes) = text.split_once("          route_config:\n").unwrap();
    let (routes, filters) = routes.split_once("          http_filters:\n").unwrap();
    let listener = format!(
        "{listener}          rds: {{route_config_name: r}}\n          http_filters:\n{filters}"
    );
    let routes: Vec<&str> = routes.lines().map(|line| line.get(12..).unwrap_or_default()).collect();
    let routes = format!("name: r\n{}\n", routes.join("\n"));
    let both =
        || vec![("a.yaml".to_owned(), listener.clone()), ("b.yaml".to_owned(), routes.clone())];
    assert!(codes(&check(both())).is_empty(), "{:#?}", shown(&check(both())));
    // Also without the routes.
    let alone = check(vec![("a.yaml".to_owned(), listener.clone())]);
    assert!(codes(&alone).is_empty(), "{:#?}", shown(&alone));
}

/// Kong's own plugins send the consumer. The filter's warning stays, because they may be on another
/// service.
#[test]
fn consumers_of_kong_itself() {
    let text = "_format_version: '3.0'\nservices:\n- id: a\n  name: a\n  plugins: [{id: b, name: \
                key-auth}]\n  filter_chains:\n  - id: c\n    filters:\n    - {name: \
                novasphere_rate_limit, config: {minute: 5, limit_by: consumer}}\n  routes: [{id: d, \
                name: d, paths: [/]}]\n";
    let found = |text: &str| codes(&check(vec![("kong.yml".to_owned(), text.to_owned())]));
    assert_eq!(found(text), ["NS021"]);
    assert_eq!(found(&text.replace("key-auth", "proxy-cache")), ["NS113"]);
}

#[test]
fn limit_by_consumer_behind_jwt_auth() {
    let edits: &[Edit] = &[
        ("limit_by: ip", "limit_by: consumer"),
        (
            "uri_param_names: [token]",
            "credential_header: true\n                    uri_param_names: [token]",
        ),
    ];
    assert_clean(&[ALL], edits);
}

#[test]
fn claim_that_jwt_auth_passes_on() {
    let edits: &[Edit] = &[
        ("limit_by: ip", "limit_by: claim\n                    claim_name: org"),
        (
            "uri_param_names: [token]",
            "claims_to_attributes: [{claim: org, attribute: org}]\n                    uri_param_names: [token]",
        ),
    ];
    assert_clean(&[ALL], edits);
}

const TRAEFIK: [&str; 2] = ["host-config/traefik/dynamic.yaml", "host-config/traefik/traefik.yaml"];

/// No request of such an entry point reaches an upstream.
#[test]
fn traefik_entry_point_that_only_redirects() {
    let edits: &[Edit] = &[
        ("entryPoints:\n", "entryPoints:\n  web: {address: \":80\"}\n"),
        (
            "  routers:\n",
            "  routers:\n    redirect: {rule: Host(`api.novasphere.io`), priority: 2000, entryPoints: [web], service: novasphere-api, middlewares: [https]}\n    acme: {rule: PathPrefix(`/.well-known/acme-challenge/`), entryPoints: [web], service: acme}\n",
        ),
        (
            "  middlewares:\n",
            "  middlewares:\n    https: {redirectScheme: {scheme: https, permanent: true}}\n",
        ),
    ];
    assert_clean(&TRAEFIK, edits);
    // With TLS, requests are https already, and pass.
    let with_tls: Edit = (
        "entryPoints: [web], service: novasphere-api",
        "tls: {}, entryPoints: [web], service: novasphere-api",
    );
    let findings = changed(&TRAEFIK, &[edits[0], edits[1], edits[2], with_tls]);
    assert_eq!(codes(&findings), ["NS402", "NS403", "NS407"], "{:#?}", shown(&findings));
}

#[test]
fn traefik_entry_point_with_redirections() {
    let edits: &[Edit] = &[
        (
            "entryPoints:\n",
            "entryPoints:\n  web: {address: \":80\", http: {redirections: {entryPoint: {to: gateway, scheme: https}}}}\n",
        ),
        ("      entryPoints: [gateway]\n", "      entryPoints: [gateway, web]\n"),
    ];
    assert_clean(&TRAEFIK, edits);
}

/// The redirect is for the listener without TLS too, which the other route is not.
#[test]
fn redirect_of_istio_for_all_listeners() {
    let text = r#"
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: cors, namespace: n}
spec: {url: "oci://r/n/cors:1", pluginConfig: {origins: ["https://a.io"]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: n}
spec: {parentRefs: [{name: gw, sectionName: https}], hostnames: [a.io], rules: [{backendRefs: [{name: s}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: redirect, namespace: n}
spec: {parentRefs: [{name: gw}], hostnames: [a.io], rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]}
"#;
    let found = |text: &str| {
        let findings = check(vec![("x.yaml".to_owned(), text.to_owned())]);
        codes(&findings).contains(&"NS131")
    };
    assert!(!found(text));
    // Here, another route of the same listener comes first.
    assert!(found(&text.replace("[{name: gw}]", "[{name: gw, sectionName: https}]")));
}

/// A chain has the jwt-auth of one router, and removes forged headers on the other.
#[test]
fn traefik_chains() {
    let edits: &[Edit] = &[
        ("[responses, nobody, header-transform]", "[responses, open]"),
        ("[responses, jwt-auth, rate-limit-minute,", "[responses, secured, rate-limit-minute,"),
        (
            "  middlewares:\n    responses:\n",
            "  middlewares:\n    open: {chain: {middlewares: [nobody, header-transform]}}\n    secured: {chain: {middlewares: [jwt-auth@file]}}\n    responses:\n",
        ),
    ];
    assert_clean(&TRAEFIK, edits);
}

/// The filter cannot be checked, but the file is known to have one.
#[test]
fn kong_plugin_in_a_secret() {
    let text = "apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: a, labels: \
                {owner: helm}}\nplugin: novasphere_jwt_auth\nconfigFrom: {secretKeyRef: {name: a, key: \
                b}}\n";
    let findings = check(vec![("x.yaml".to_owned(), text.to_owned())]);
    assert_eq!(codes(&findings), ["NS322"], "{:#?}", shown(&findings));
}

/// Only one alternative of the rule is covered by the other router.
#[test]
fn traefik_rule_with_alternatives() {
    let edits: &[Edit] = &[(
        "  routers:\n",
        "  routers:\n    first: {rule: Path(`/login`), priority: 3000, entryPoints: [gateway], service: login}\n    more: {rule: Path(`/login`) || Host(`login.novasphere.io`), entryPoints: [gateway], service: login}\n",
    )];
    assert_clean(&TRAEFIK, edits);
    let covered: Edit = (
        "Path(`/login`) || Host(`login.novasphere.io`)",
        "Path(`/login`) || Host(`x`) && Path(`/login`)",
    );
    assert_eq!(codes(&changed(&TRAEFIK, &[edits[0], covered])), ["NS131"]);
}
