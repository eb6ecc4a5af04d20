//! Traefik's entry points, TLS options, chains and middlewares without a counterpart.

use super::*;

/// A dynamic configuration with these routers, and a service `s`.
fn dynamic(routers: &str, middlewares: &str) -> String {
    format!(
        "http:\n  routers:\n{routers}\n  middlewares: {{{middlewares}}}\n  services: {{s: {{loadBalancer: {{servers: [{{url: 'http://s:80'}}]}}}}}}\n"
    )
}

fn router(middlewares: &str) -> String {
    format!("    r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [{middlewares}]}}")
}

/// The report of a dynamic configuration beside a static one.
fn report(fixed: &str, dynamic: &str, fate: Fate) -> Vec<String> {
    let files = vec![
        File::new("static.yaml", fixed.to_owned()),
        File::new("dynamic.yaml", dynamic.to_owned()),
    ];
    let report = convert(Source::Traefik, Target::Filters, &Project::new(files)).unwrap().report;
    let entries = report.entries.into_iter().filter(|entry| entry.fate == fate);
    entries.map(|entry| entry.message).collect()
}

const WEB: &str = "entryPoints: {web: {address: ':80'}, websecure: {address: ':443', http: {tls: {}}}, internal: {address: ':81'}}\n";

const PLAIN: &str = "entryPoints: {web: {address: ':80'}}\n";

fn blocked(routers: &str, middlewares: &str) -> Vec<String> {
    report(WEB, &dynamic(routers, middlewares), Fate::Blocked)
}

#[test]
fn middlewares_of_entry_points_apply() {
    let fixed = "entryPoints: {web: {address: ':80', http: {middlewares: [auth@file]}}}\n";
    let auth = "auth: {basicAuth: {users: [a]}}";
    assert_eq!(report(fixed, &dynamic(&router(""), auth), Fate::Blocked).len(), 1);
    assert_eq!(report(fixed, &dynamic(&router(""), ""), Fate::Blocked).len(), 1);
    let arguments = "apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik}
spec: {template: {spec: {containers: [{args: ['--entryPoints.web.address=:80', '--entrypoints.web.http.middlewares=auth@file']}]}}}
";
    assert_eq!(report(arguments, &dynamic(&router(""), auth), Fate::Blocked).len(), 1);
    let chart = "providers: {}\nports: {web: {middlewares: [auth@file]}}\n";
    assert_eq!(report(chart, &dynamic(&router(""), auth), Fate::Blocked).len(), 1);
    assert_eq!(report(WEB, &dynamic(&router(""), auth), Fate::Blocked), [""; 0]);
}

#[test]
fn missing_static_configuration_is_reported() {
    let left_out = messages(Source::Traefik, &dynamic(&router(""), ""), Fate::LeftOut);
    assert_eq!(left_out.len(), 1);
    assert!(left_out[0].starts_with("the static configuration is not in the input"));
    assert_eq!(report(WEB, &dynamic(&router(""), ""), Fate::LeftOut), [""; 0]);
}

/// A router of an internal entry point must not become public.
#[test]
fn routers_of_other_entry_points_are_left_out() {
    let routers = "    inside: {rule: 'PathPrefix(`/`)', service: s, entryPoints: [internal]}\n    open: {rule: 'Path(`/a`)', service: s, entryPoints: [web]}";
    let left_out = report(WEB, &dynamic(routers, ""), Fate::LeftOut);
    assert_eq!(left_out.len(), 1);
    assert!(left_out[0].starts_with("router inside: it is on the entry point internal only"));
    assert_eq!(blocked(routers, ""), [""; 0]);
}

#[test]
fn routers_for_plain_http_are_left_out_beside_tls() {
    let routers = "    plain: {rule: 'PathPrefix(`/`)', service: s, entryPoints: [web], middlewares: [tls]}\n    secure: {rule: 'PathPrefix(`/`)', service: s, entryPoints: [websecure]}";
    let text = dynamic(routers, "tls: {redirectScheme: {scheme: https}}");
    let left_out = report(WEB, &text, Fate::LeftOut);
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert!(left_out[0].starts_with("router plain: it is for plain HTTP"));
}

#[test]
fn redirects_of_entry_points_serve_nothing() {
    let fixed = "entryPoints: {web: {address: ':80', http: {redirections: {entryPoint: {to: websecure}}}}, websecure: {address: ':443'}}\n";
    let routers = "    r: {rule: 'PathPrefix(`/`)', service: s, entryPoints: [web]}";
    let left_out = report(fixed, &dynamic(routers, ""), Fate::LeftOut);
    assert_eq!(left_out, ["router r: its entry point redirects all requests"]);
}

#[test]
fn client_certificates_block_the_router() {
    let routers = |options: &str| {
        format!("    r: {{rule: 'PathPrefix(`/`)', service: s, tls: {{{options}}}}}")
    };
    let options = "tls: {options: {mutual: {clientAuth: {secretNames: [ca]}}, modern: {minVersion: VersionTLS13}}}\n";
    let count = |router: &str| {
        let text = format!("{}{options}", dynamic(router, ""));
        report(WEB, &text, Fate::Blocked).len()
    };
    assert_eq!(count(&routers("options: mutual")), 1);
    assert_eq!(count(&routers("options: missing@file")), 1);
    assert_eq!(count(&routers("options: modern")), 0);
    let default = format!("{}{}", dynamic(&routers(""), ""), options.replace("mutual", "default"));
    assert_eq!(report(WEB, &default, Fate::Blocked).len(), 1);
}

#[test]
fn chains_are_read_to_the_end() {
    let nested: Vec<String> = (0..12)
        .map(|n| format!("c{n}: {{chain: {{middlewares: [c{}]}}}}", n + 1))
        .chain(["c12: {basicAuth: {users: [a]}}".to_owned()])
        .collect();
    assert_eq!(blocked(&router("c0"), &nested.join(", ")).len(), 1);
    let circle = "a: {chain: {middlewares: [b]}}, b: {chain: {middlewares: [a]}}";
    assert_eq!(blocked(&router("a"), circle), ["route r: its middleware a contains itself"]);
}

#[test]
fn middlewares_of_other_providers_block_the_router() {
    let auth = "auth: {compress: {}}";
    for name in ["auth@docker", "default-auth@kubernetescrd", "lost"] {
        assert_eq!(blocked(&router(name), auth).len(), 1, "{name}");
    }
    assert_eq!(blocked(&router("auth@file"), auth), [""; 0]);
}

#[test]
fn middlewares_that_reject_or_rewrite_requests_block_the_router() {
    for middleware in [
        "basicAuth: {users: [a]}",
        "digestAuth: {users: [a]}",
        "inFlightReq: {amount: 5}",
        "buffering: {maxRequestBodyBytes: 10}",
        "passTLSClientCert: {pem: true}",
        "replacePath: {path: /x}",
        "redirectRegex: {regex: a, replacement: b}",
        "redirectScheme: {scheme: https}",
        "headers: {allowedHosts: [a.io]}",
        "headers: {sslRedirect: true}",
        "rateLimit: {average: 5, period: 500ms}",
        "rateLimit: {average: 1.5}",
        "plugin: {jwt: {secret: x, claims: {role: admin}}}",
        "plugin: {jwt: {secret: x, opaUrl: 'http://opa'}}",
        "plugin: {other: {}}",
    ] {
        let text = dynamic(&router("m"), &format!("m: {{{middleware}}}"));
        assert_eq!(report(PLAIN, &text, Fate::Blocked).len(), 1, "{middleware}");
    }
    for middleware in
        ["compress: {}", "retry: {attempts: 2}", "buffering: {memRequestBodyBytes: 1}"]
    {
        assert_eq!(blocked(&router("m"), &format!("m: {{{middleware}}}")), [""; 0], "{middleware}");
    }
}

#[test]
fn limits_of_different_clients_block_the_router() {
    let limits = "a: {rateLimit: {average: 5}}, b: {rateLimit: {average: 9, sourceCriterion: {requestHost: true}}}";
    assert_eq!(blocked(&router("a, b"), limits).len(), 1);
}

#[test]
fn added_prefix_is_a_setting_of_the_service() {
    let text = dynamic(&router("p"), "p: {addPrefix: {prefix: /base}}");
    let kong = output(Source::Traefik, Target::Kong, &text).remove(0);
    assert_eq!(kong["services"][0]["path"], json!("/base"));
}

#[test]
fn alternatives_of_a_rule_are_routes() {
    let routers = "    r: {rule: '(Host(`a.io`) && Path(`/a`)) || (Host(`b.io`) && !Path(`/b`))', service: s}";
    assert_eq!(blocked(routers, ""), ["route r: its rule has unsupported parts: !Path(`/b`)"]);
    let envoy = output(Source::Traefik, Target::Envoy, &dynamic(routers, "")).remove(0);
    let text = envoy.to_string();
    assert!(text.contains(r#""domains":["a.io"]"#) && text.contains(r#""domains":["b.io"]"#));
}

#[test]
fn parents_and_ingresses_block_their_requests() {
    let child = "    r: {rule: 'PathPrefix(`/`)', service: s, parentRefs: [p]}";
    assert_eq!(blocked(child, "").len(), 1);
    let ingress = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec: {rules: [{host: a.io, http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}
";
    let blocked = messages(Source::Traefik, ingress, Fate::Blocked);
    assert_eq!(blocked, ["route i: Ingress i: only IngressRoutes are read"]);
}

#[test]
fn ingress_route_without_a_rule_is_left_out() {
    let text = "apiVersion: traefik.containo.us/v1alpha1
kind: IngressRoute
metadata: {annotations: {a: b}}
spec: {routes: [{services: [{name: s, port: 8080, responseForwarding: {flushInterval: 100ms}}]}]}
";
    let left_out = messages(Source::Traefik, text, Fate::LeftOut);
    assert!(left_out.contains(&"router unnamed: it has no rule".to_owned()), "{left_out:?}");
}
