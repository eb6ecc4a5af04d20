//! Listeners of Envoy: who may connect, and how.

use super::*;

/// A listener with a route to cluster `c` for each path prefix.
fn listener(name: &str, address: &str, chain: &str, path: &str) -> String {
    format!(
        "  - name: {name}
    address: {{socket_address: {{address: {address}, port_value: 8001}}}}
    filter_chains:
    - filters:
      - typed_config:
          http_filters: []
          route_config:
            virtual_hosts:
            - {{name: all, domains: ['*'], routes: [{{name: {name}, match: {{prefix: {path}}}, route: {{cluster: c}}}}]}}
{chain}"
    )
}

fn file(listeners: &[String]) -> String {
    format!(
        "static_resources:\n  listeners:\n{}  clusters:\n  - {{name: c, load_assignment: {{endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: c, port_value: 80}}}}}}}}]}}]}}}}\n",
        listeners.concat()
    )
}

const TLS: &str = "      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: CLIENT
          common_tls_context:
            tls_certificates:
            - {certificate_chain: {inline_string: CERTIFICATE}, private_key: {inline_string: DO-NOT-SHOW}}
";

fn tls(client: &str) -> String {
    TLS.replace("CLIENT", client)
}

fn left_out(target: Target, text: &str) -> Vec<String> {
    let entries = conversion(Source::Envoy, target, text).report.entries.into_iter();
    entries.filter(|entry| entry.fate == Fate::LeftOut).map(|entry| entry.message).collect()
}

#[test]
fn envoy_keeps_listeners_apart() {
    let text = file(&[
        listener("public", "0.0.0.0", &tls("false"), "/"),
        listener("inside", "127.0.0.1", "", "/admin"),
        listener("partners", "0.0.0.0", &tls("true"), "/partners"),
    ]);
    let conversion = conversion(Source::Envoy, Target::Envoy, &text);
    assert!(!conversion.text.contains("DO-NOT-SHOW"), "{}", conversion.text);
    assert_eq!(conversion.report.variables[0].name, "NOVASPHERE_TLS_PRIVATE_KEY");
    let output = output(Source::Envoy, Target::Envoy, &text).remove(0);
    let listeners = output["static_resources"]["listeners"].as_array().unwrap();
    let names: Vec<&Value> = listeners.iter().map(|listener| &listener["name"]).collect();
    assert_eq!(names, [&json!("public"), &json!("inside"), &json!("partners")]);
    assert_eq!(listeners[1]["address"]["socket_address"]["address"], json!("127.0.0.1"));
    let context = &listeners[2]["filter_chains"][0]["transport_socket"]["typed_config"];
    assert_eq!(context["require_client_certificate"], json!(true));
    let manager = &listeners[1]["filter_chains"][0]["filters"][0]["typed_config"];
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap();
    assert_eq!((routes.len(), &routes[0]["name"]), (1, &json!("inside")));
}

#[test]
fn other_proxies_get_the_listener_that_all_clients_may_reach() {
    let text = file(&[
        listener("inside", "127.0.0.1", "", "/admin"),
        listener("partners", "0.0.0.0", &tls("true"), "/partners"),
        listener("public", "0.0.0.0", "", "/"),
    ]);
    let kong = output(Source::Envoy, Target::Kong, &text).remove(0);
    let routes = kong["services"][0]["routes"].as_array().unwrap();
    assert_eq!((routes.len(), &routes[0]["name"]), (1, &json!("public")));
    let expected = [
        "listener inside with its routes: it only listens on 127.0.0.1",
        "listener partners with its routes: it requires client certificates",
    ];
    assert_eq!(left_out(Target::Kong, &text), expected);
    let only = file(&[listener("partners", "0.0.0.0", &tls("true"), "/")]);
    let traefik = output(Source::Envoy, Target::Traefik, &only).remove(0);
    assert_eq!(traefik["http"]["routers"], json!({}));
}

#[test]
fn routes_of_a_listener_with_tls_need_tls() {
    let text = file(&[listener("public", "0.0.0.0", &tls("false"), "/")]);
    let kong = output(Source::Envoy, Target::Kong, &text).remove(0);
    assert_eq!(kong["services"][0]["routes"][0]["protocols"], json!(["https"]));
    let traefik = output(Source::Envoy, Target::Traefik, &text).remove(0);
    assert_eq!(traefik["http"]["routers"]["public"]["tls"], json!({}));
    let objects = output(Source::Envoy, Target::EnvoyGateway, &text);
    let route = objects.iter().find(|object| object["kind"] == json!("HTTPRoute")).unwrap();
    assert_eq!(route["spec"]["parentRefs"][0]["sectionName"], json!("https"));
}

/// Requests without TLS must not match the routes of other virtual hosts.
#[test]
fn require_tls_is_kept() {
    let hosts = "            - {name: a, domains: [a.io], require_tls: ALL, routes: [{name: a, match: {prefix: /}, route: {cluster: c}}]}
            - {name: b, domains: ['*'], routes: [{name: b, match: {prefix: /}, route: {cluster: c}}]}";
    let text = blocked::envoy(hosts);
    let envoy = output(Source::Envoy, Target::Envoy, &text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = &manager["typed_config"]["route_config"]["virtual_hosts"];
    assert_eq!(hosts[0]["require_tls"], json!("ALL"));
    assert_eq!(hosts[1].get("require_tls"), None);
    let traefik = output(Source::Envoy, Target::Traefik, &text).remove(0);
    let routers = &traefik["http"]["routers"];
    assert_eq!(routers["a"]["tls"], json!({}));
    let plain = &routers["a-plain"];
    assert_eq!((&plain["service"], &plain["rule"]), (&json!("blocked"), &routers["a"]["rule"]));
    assert_eq!(plain["priority"], routers["a"]["priority"]);
}

/// Otherwise, its connections would get to another filter chain.
#[test]
fn filter_chain_that_cannot_be_converted_closes_connections() {
    let second = "    - filter_chain_match: {server_names: [db.io]}
      filters: [{name: envoy.filters.network.tcp_proxy, typed_config: {cluster: c}}]
";
    let text = file(&[listener("public", "0.0.0.0", second, "/")]);
    let envoy = output(Source::Envoy, Target::Envoy, &text).remove(0);
    let chain = &envoy["static_resources"]["listeners"][0]["filter_chains"][1];
    assert_eq!(chain["filter_chain_match"], json!({"server_names": ["db.io"]}));
    assert_eq!(chain["filters"], json!([]));
}
