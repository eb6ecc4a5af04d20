//! Gateways of Istio, and certificates of the mesh.

use super::*;

fn gateway(servers: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: edge}}\nspec: {{selector: {{istio: ingressgateway}}, servers: {servers}}}\n---\n"
    )
}

fn routes(members: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: shop}}\nspec: {{{members}, http: [{{name: r, route: [{{destination: {{host: orders}}}}]}}]}}\n---\n"
    )
}

/// Hosts and protocols of the routes for Kong.
fn kong(text: &str) -> Vec<(Value, Value)> {
    let kong = output(Source::Istio, Target::Kong, text).remove(0);
    let services = kong["services"].as_array().cloned().unwrap_or_default();
    let routes = services.iter().flat_map(|s| s["routes"].as_array().unwrap().clone());
    routes.map(|route| (route["hosts"].clone(), route["protocols"].clone())).collect()
}

#[test]
fn servers_restrict_host_names_and_protocols() {
    let routes = routes("hosts: [a.shop.io, b.shop.io, club.io], gateways: [edge/g]");
    let https = "{port: {protocol: HTTPS}, tls: {mode: SIMPLE}, hosts: ['*.shop.io']}";
    let expected = (json!(["a.shop.io", "b.shop.io"]), json!(["https"]));
    assert_eq!(kong(&(gateway(&format!("[{https}]")) + &routes)), std::slice::from_ref(&expected));
    // Plain requests for `b.shop.io` only.
    let http = "{port: {protocol: HTTP}, hosts: [shop/b.shop.io]}";
    let found = kong(&(gateway(&format!("[{https}, {http}]")) + &routes));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&(json!(["a.shop.io"]), json!(["https"]))), "{found:?}");
    // A server that redirects serves no plain requests, nor one for another namespace.
    for other in [
        "{port: {protocol: HTTP}, tls: {httpsRedirect: true}, hosts: ['*']}",
        "{port: {protocol: HTTP}, hosts: [club/*]}",
    ] {
        let text = gateway(&format!("[{https}, {other}]")) + &routes;
        assert_eq!(kong(&text), std::slice::from_ref(&expected), "{other}");
    }
}

#[test]
fn policies_for_a_gateway_are_for_the_gateway_of_their_namespace() {
    let denied = |namespace: &str| {
        let policy = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {{targetRefs: [{{kind: Gateway, name: g}}], rules: [{{from: [{{source: {{ipBlocks: [10.0.0.0/8]}}}}]}}]}}\n---\n"
        );
        let text = policy + &routes("hosts: [a.io], gateways: [edge/g]");
        let configs = output(Source::Istio, Target::Filters, &text);
        configs.iter().any(|config| config.get("rate_limit").is_some())
    };
    assert!(denied("edge"));
    assert!(!denied("shop"));
}

#[test]
fn certificates_of_the_mesh_block_routes_without_a_gateway() {
    let peer = |namespace: &str, spec: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {namespace}, namespace: {namespace}}}\nspec: {{{spec}}}\n---\n"
        )
    };
    let (strict, lenient) = ("mtls: {mode: STRICT}", "mtls: {mode: PERMISSIVE}");
    let ports = "portLevelMtls: {8080: {mode: STRICT}}";
    let own = "selector: {matchLabels: {app: orders}}, ";
    let is_blocked = |peers: &str, gateways: &str| {
        let text = peers.to_owned() + &routes(&format!("hosts: [a.io], gateways: {gateways}"));
        !messages(Source::Istio, &text, Fate::Blocked).is_empty()
    };
    for (peers, expected) in [
        (peer("shop", strict), true),
        (peer("istio-system", strict), true),
        (peer("club", strict), false),
        (peer("shop", &format!("{own}{strict}")), true),
        (peer("shop", &format!("{own}{lenient}, {ports}")), true),
        (peer("istio-system", strict) + &peer("shop", lenient), false),
        (peer("istio-system", lenient) + &peer("shop", strict), true),
    ] {
        assert_eq!(is_blocked(&peers, "[mesh]"), expected, "{peers}");
    }
    // The clients of a Gateway need no certificate.
    assert!(!is_blocked(&peer("istio-system", strict), "[g]"));
}
