//! Routes and remarks of Traefik, Kong and Envoy Gateway.

use super::*;
use crate::source::File;

fn project(texts: &[&str]) -> Project {
    Project::new(texts.iter().map(|text| File::new("x.yaml", (*text).to_owned())).collect())
}

fn routed(texts: &[&str], target: &str) -> Routed {
    let mut request = Request::new("GET", target, "");
    find_route(&project(texts), None, &mut request).unwrap().unwrap()
}

const ENTRY_POINTS: &str = r#"
http:
  routers:
    http: {entryPoints: [web], rule: Host(`api.test`), middlewares: [redirect]}
    https: {entryPoints: [websecure], rule: Host(`api.test`), middlewares: [auth], tls: {}}
  middlewares:
    redirect: {redirectScheme: {scheme: https}}
    auth: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

const ENTRY_POINTS_OF_INGRESS_ROUTES: &str = r#"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: http}
spec: {entryPoints: [web], routes: [{match: Host(`api.test`), services: [{name: s}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: https}
spec:
  entryPoints: [websecure]
  routes: [{match: Host(`api.test`), middlewares: [{name: auth}], services: [{name: s}]}]
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: auth}
spec: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

#[test]
fn route_of_the_entry_point_with_filters_is_selected() {
    for (text, index) in [(ENTRY_POINTS, ""), (ENTRY_POINTS_OF_INGRESS_ROUTES, "[0]")] {
        let routed = routed(&[text], "/a");
        assert_eq!(routed.name, Some(format!("https{index}")));
        assert_eq!(routed.filters, [0]);
        let remark = format!("on the entry point web, the request is for the route http{index}");
        assert_eq!(routed.remarks, [remark]);
    }
}

const AUTH: &str = "http: {middlewares: {auth: {plugin: {novasphere-jwt-auth: {leeway: 5}}}}}";

#[test]
fn middlewares_are_found_through_chains_files_and_entry_points() {
    let router = "http: {routers: {r: {rule: PathPrefix(`/`), middlewares: [auth@file]}}}";
    let chain = "http:\n  routers: {r: {rule: PathPrefix(`/`), middlewares: [secured]}}\n  \
                 middlewares: {secured: {chain: {middlewares: [auth]}}}";
    let open = "http: {routers: {r: {rule: PathPrefix(`/`), service: s}}}";
    let entry_points = "entryPoints: {web: {http: {middlewares: [auth@file]}}}";
    for texts in [&[router, AUTH][..], &[chain, AUTH], &[entry_points, open, AUTH]] {
        let routed = routed(texts, "/a");
        assert_eq!((routed.filters, routed.remarks), (vec![0], Vec::new()), "{texts:?}");
    }
}

#[test]
fn entry_points_with_different_middlewares_are_separate() {
    let entry_points = "entryPoints: {web: {}, inside: {http: {middlewares: [auth@file]}}}";
    let open = "http: {routers: {r: {rule: PathPrefix(`/`), service: s}}}";
    let routed = routed(&[entry_points, open, AUTH], "/a");
    assert_eq!(routed.filters, [0]);
    assert_eq!(routed.remarks, ["on the entry point web, the request is for the route r"]);
}

/// The route `health` is open and names the only listener. The route `api` names none.
#[test]
fn listener_that_does_not_exist_decides_nothing() {
    let entry_points = "entryPoints: {websecure: {address: \":443\"}}";
    let routers = "http:\n  routers:\n    health: {entryPoints: [websecure], rule: \
                   Path(`/health`)}\n    api: {rule: PathPrefix(`/`), middlewares: [auth]}\n";
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: \
                   gw}\nspec: {listeners: [{name: https, protocol: HTTPS}, {name: db, protocol: \
                   TCP}]}\n";
    for texts in [&[entry_points, routers, AUTH][..], &[GATEWAY_ROUTES, gateway]] {
        let health = routed(texts, "/health");
        assert!(health.name.unwrap().starts_with("health"));
        assert_eq!((health.filters, health.remarks), (Vec::new(), Vec::new()));
        assert_eq!(routed(texts, "/a").filters, [0]);
    }
    // Other listeners may be in other files, and a Helm chart has more than its values show.
    let chart = "ports: {websecure: {port: 8443}}\nproviders: {}";
    for texts in [&[routers, AUTH][..], &[chart, routers, AUTH], &[GATEWAY_ROUTES]] {
        let health = routed(texts, "/health");
        assert_eq!((health.filters.len(), health.remarks.len()), (1, 1), "{texts:?}");
    }
}

const GATEWAY_ROUTES: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: health}
spec:
  parentRefs: [{name: gw, sectionName: https}]
  rules: [{matches: [{path: {type: Exact, value: /health}}], backendRefs: [{name: s}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: s}]}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: auth}
spec:
  targetRefs: [{kind: HTTPRoute, name: api}]
  wasm: [{name: auth, code: {type: Image, image: {url: "r/n/jwt-auth:1"}}, config: {}}]
"#;

#[test]
fn chains_of_objects_are_followed() {
    let chain = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: \
                 secured}\nspec: {chain: {middlewares: [{name: auth}]}}\n";
    let text = ENTRY_POINTS_OF_INGRESS_ROUTES.replace("[{name: auth}]", "[{name: secured}]");
    assert_eq!(routed(&[&text, chain], "/a").filters, [0]);
}

#[test]
fn middlewares_of_another_provider_are_found() {
    let ingress_route = |name: &str| {
        let text = ENTRY_POINTS_OF_INGRESS_ROUTES.replace("[{name: auth}]", name);
        text.replace("metadata: {name: auth}", "metadata: {name: auth, namespace: n}")
    };
    let of_file = ingress_route("[{name: auth@file}]");
    let open = ingress_route("[]");
    let at_all = "entryPoints: {web: {http: {middlewares: [auth@file]}}}";
    let router = "http: {routers: {r: {rule: PathPrefix(`/`), middlewares: \
                  [n-auth@kubernetescrd]}}}";
    let chain = "http:\n  routers: {r: {rule: PathPrefix(`/`), middlewares: [secured]}}\n  \
                 middlewares: {secured: {chain: {middlewares: [n-auth@kubernetescrd]}}}";
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: \
                   {traefik.ingress.kubernetes.io/router.middlewares: auth@file}}\nspec: {rules: \
                   [{http: {paths: [{path: /}]}}]}\n";
    let secured = AUTH.replace("{auth: {", "{secured: {chain: {middlewares: [auth]}}, auth: {");
    for (texts, kind) in [
        (&[&of_file, AUTH][..], "Traefik"),
        (&[&ingress_route("[{name: secured@file}]"), &secured], "Traefik"),
        (&[at_all, &open, AUTH], "Traefik"),
        (&[ingress, AUTH], "Traefik"),
        (&[router, &open], "TraefikKubernetes"),
        (&[chain, &open], "TraefikKubernetes"),
    ] {
        let routed = routed(texts, "/a");
        let found: Vec<String> = routed
            .filters
            .iter()
            .map(|index| format!("{:?}", project(texts).filters[*index].platform))
            .collect();
        assert_eq!(found, [kind], "{texts:?}");
        assert!(!routed.remarks.iter().any(|r| r.contains("not found")), "{:?}", routed.remarks);
    }
    // Without a provider, the name is one of the router's own provider.
    let unqualified = ingress.replace("auth@file", "auth");
    let project = project(&[&unqualified, AUTH]);
    let expected = ["the middleware auth@kubernetes was not found and is left out"];
    assert_eq!(project.routes[0].left_out, expected);
}

#[test]
fn missing_middleware_is_named() {
    let text = ENTRY_POINTS.replace("[redirect]", "[lost, auth]");
    let routed = routed(&[&text.replace("  redirect", "  other")], "/a");
    let expected = "the middleware lost was not found and is left out";
    assert!(routed.remarks.iter().any(|remark| remark == expected), "{:?}", routed.remarks);
}

const PLUGIN_IN_SECRET: &str = r#"
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: auth}
plugin: novasphere_jwt_auth
configFrom: {secretKeyRef: {name: a, key: b}}
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: cors}
plugin: novasphere_cors
config: {origins: ["*"]}
---
apiVersion: v1
kind: Service
metadata: {name: s, annotations: {konghq.com/plugins: "auth, cors, lost"}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec:
  ingressClassName: kong
  rules:
  - host: a.io
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}
"#;

#[test]
fn plugin_in_a_secret_is_named() {
    let routed = routed(&[PLUGIN_IN_SECRET], "/a");
    assert_eq!(routed.filters.len(), 1);
    let expected = [
        "the plugin auth is left out: its configuration is in a Secret",
        "the plugin lost was not found and is left out",
    ];
    assert_eq!(routed.remarks, expected);
}

const ENVOY_GATEWAY: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: n}
spec:
  hostnames: ["b.io", "*.a.io"]
  rules: [{name: open, matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: s}]}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: auth, namespace: n}
spec:
  targetRefs: [{kind: HTTPRoute, name: api}]
  wasm:
  - name: auth
    code: {type: Image, image: {url: "r/n/jwt-auth:1"}}
    config: {rules: [{route: open, skip: true}]}
"#;

#[test]
fn filters_see_the_name_that_envoy_gateway_generates() {
    let named = |text: &str, name: Option<&str>, host: &str| {
        let mut request = Request::new("GET", "/a", host);
        let routed = find_route(&project(&[text]), name, &mut request).unwrap().unwrap();
        (routed.route_name, routed.remarks)
    };
    let name = "httproute/n/api/rule/0/match/0/*_a_io".to_owned();
    let remark = format!("Envoy Gateway gives the route the name {name}");
    let expected = (Some(name), vec![remark]);
    assert_eq!(named(ENVOY_GATEWAY, None, "x.A.io:80"), expected);
    // The rule's own name still selects it.
    assert_eq!(named(ENVOY_GATEWAY, Some("open"), "x.a.io"), expected);
    let no_rules = ENVOY_GATEWAY.replace("{rules: [{route: open, skip: true}]}", "{}");
    assert_eq!(named(&no_rules, None, "x.a.io"), (expected.0, Vec::new()));
    // The host is the listener's hostname, and the listener is not in the file.
    let anywhere = ENVOY_GATEWAY
        .replace("  hostnames: [\"b.io\", \"*.a.io\"]\n", "  parentRefs: [{name: gw}]\n");
    let (name, remarks) = named(&anywhere, None, "a.io");
    assert_eq!(name, None);
    assert!(remarks[0].contains("starts with httproute/n/api/rule/0/match/0;"), "{remarks:?}");
}
