//! Routes that cannot be converted, which every output must reject: a wider route would match their
//! requests.

use super::*;

/// An Envoy file with these members of the route table's virtual hosts, and a cluster `c`.
pub(super) fn envoy(virtual_hosts: &str) -> String {
    format!(
        "static_resources:
  listeners:
  - address: {{socket_address: {{address: 0.0.0.0, port_value: 8000}}}}
    filter_chains:
    - filters:
      - typed_config:
          http_filters: []
          route_config:
            virtual_hosts:
{virtual_hosts}
  clusters:
  - {{name: c, load_assignment: {{endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: c, port_value: 80}}}}}}}}]}}]}}}}
"
    )
}

/// An Envoy file with one open route and this filter chain in front of it.
pub(super) fn envoy_with(filters: &str) -> String {
    let text = envoy(
        "            - {name: all, domains: ['*'], routes: [{name: r, match: {prefix: /}, route: {cluster: c}}]}",
    );
    text.replace("http_filters: []", &format!("http_filters:{filters}"))
}

const BY_HEADER: &str = "            - name: all
              domains: ['*']
              routes:
              - {name: admin, match: {prefix: /admin, headers: [{name: x, string_match: {exact: a}}]}, route: {cluster: c}}
              - {name: open, match: {prefix: /}, route: {cluster: c}}";

fn routes_of_envoy(output: &Value) -> Vec<Value> {
    let manager = &output["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = &manager["typed_config"]["route_config"]["virtual_hosts"];
    let hosts = hosts.as_array().unwrap().iter();
    hosts.flat_map(|host| host["routes"].as_array().unwrap().clone()).collect()
}

#[test]
fn report_names_the_route_and_the_reason() {
    let blocked = messages(Source::Envoy, &envoy(BY_HEADER), Fate::Blocked);
    assert_eq!(blocked, ["route admin: conditions on headers are not supported"]);
}

#[test]
fn envoy_responds_with_503() {
    let output = output(Source::Envoy, Target::Envoy, &envoy(BY_HEADER)).remove(0);
    let routes = routes_of_envoy(&output);
    assert_eq!(routes[0]["match"], json!({"prefix": "/admin"}));
    assert_eq!(routes[0]["direct_response"]["status"], json!(503));
    assert_eq!(routes[1]["route"]["cluster"], json!("c"));
}

#[test]
fn traefik_has_a_router_without_servers() {
    let output = output(Source::Envoy, Target::Traefik, &envoy(BY_HEADER)).remove(0);
    let (routers, services) = (&output["http"]["routers"], &output["http"]["services"]);
    assert_eq!(routers["admin"]["service"], json!("blocked"));
    assert_eq!(services["blocked"], json!({"loadBalancer": {"servers": []}}));
    assert!(routers["admin"]["priority"].as_i64() > routers["open"]["priority"].as_i64());
}

#[test]
fn kong_terminates_requests() {
    let output = output(Source::Envoy, Target::Kong, &envoy(BY_HEADER)).remove(0);
    let blocked = &output["routes"][0];
    assert_eq!((&blocked["name"], &blocked["paths"]), (&json!("admin"), &json!(["~/admin"])));
    assert_eq!(blocked["plugins"][0]["name"], json!("request-termination"));
    assert_eq!(blocked["plugins"][0]["config"]["status_code"], json!(503));
    let open = &output["services"][0]["routes"][0];
    assert!(blocked["regex_priority"].as_i64() > open["regex_priority"].as_i64());
}

#[test]
fn envoy_gateway_has_a_direct_response() {
    let objects = output(Source::Envoy, Target::EnvoyGateway, &envoy(BY_HEADER));
    let find = |kind: &str, name: &str| {
        let is = |object: &&Value| {
            object["kind"] == json!(kind) && object["metadata"]["name"] == json!(name)
        };
        objects.iter().find(is).unwrap().clone()
    };
    let rule = &find("HTTPRoute", "admin")["spec"]["rules"][0];
    assert_eq!(rule["filters"][0]["extensionRef"]["name"], json!("blocked"));
    assert_eq!(rule.get("backendRefs"), None);
    let filter = find("HTTPRouteFilter", "blocked");
    assert_eq!(filter["spec"]["directResponse"]["statusCode"], json!(503));
}

#[test]
fn filters_name_the_route_in_a_comment() {
    let text = conversion(Source::Envoy, Target::Filters, &envoy(BY_HEADER)).text;
    assert!(text.contains("# Reject all requests of route admin."), "{text}");
}

/// A condition that may match other spellings of the path.
#[test]
fn unknown_condition_blocks_all_paths() {
    let hosts = "            - name: all
              domains: ['*']
              routes:
              - {name: admin, match: {prefix: /admin, case_sensitive: false}, route: {cluster: c}}";
    let output = output(Source::Envoy, Target::Envoy, &envoy(hosts)).remove(0);
    assert_eq!(routes_of_envoy(&output)[0]["match"], json!({"prefix": "/"}));
}

/// Kong tries routes with more kinds of conditions first.
#[test]
fn methods_do_not_change_the_order_on_kong() {
    let hosts = "            - name: all
              domains: ['*']
              routes:
              - {name: admin, match: {prefix: /admin, grpc: {}}, route: {cluster: c}}
              - {name: read, match: {prefix: /, headers: [{name: ':method', string_match: {exact: GET}}]}, route: {cluster: c}}";
    let output = output(Source::Envoy, Target::Kong, &envoy(hosts)).remove(0);
    let methods = output["routes"][0]["methods"].as_array().unwrap();
    assert!(methods.contains(&json!("GET")) && methods.len() == 9, "{methods:?}");
}

/// Envoy Gateway tries the longest path first.
#[test]
fn routes_in_another_order_are_blocked_on_envoy_gateway() {
    let hosts = "            - name: all
              domains: ['*']
              routes:
              - {name: short, match: {path_separated_prefix: /a, grpc: {}}, route: {cluster: c}}
              - {name: long, match: {path_separated_prefix: /a/b}, route: {cluster: c}}
              - {name: other, match: {path_separated_prefix: /c}, route: {cluster: c}}";
    let text = envoy(hosts);
    let blocked = |target| -> Vec<String> {
        let entries = conversion(Source::Envoy, target, &text).report.entries.into_iter();
        entries.filter(|e| e.fate == Fate::Blocked).map(|e| e.message).collect()
    };
    assert_eq!(blocked(Target::Envoy).len(), 1);
    let expected = "route long: Envoy Gateway would try it before route short";
    assert_eq!(blocked(Target::EnvoyGateway)[1..], [expected]);
}

/// Outputs ignore the port of a host name, so that the requests of both virtual hosts match.
#[test]
fn virtual_host_for_one_port_is_blocked_if_another_has_its_name() {
    let host = |domains: &str| {
        format!(
            "            - {{name: a, domains: [{domains}], routes: [{{match: {{prefix: /}}, route: {{cluster: c}}}}]}}\n"
        )
    };
    let first = |hosts: &str| {
        let output = output(Source::Envoy, Target::Envoy, &envoy(hosts)).remove(0);
        routes_of_envoy(&output)[0].get("direct_response").is_some()
    };
    assert!(first(&(host("a.io") + &host("'a.io:8443'"))));
    assert!(!first(&host("a.io, 'a.io:8443'")));
}

/// In Envoy, a request for a host name never matches the routes of other virtual hosts.
#[test]
fn other_paths_of_a_host_do_not_match_wider_routes() {
    let hosts = "            - {name: a, domains: [a.io], routes: [{name: a, match: {prefix: /a}, route: {cluster: c}}]}
            - {name: none, domains: [none.io], routes: []}
            - {name: b, domains: ['*'], routes: [{name: b, match: {prefix: /}, route: {cluster: c}}]}";
    let text = envoy(hosts);
    let kong = output(Source::Envoy, Target::Kong, &text).remove(0);
    let closed: Vec<(&Value, &Value)> = kong["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| (&route["hosts"], &route["plugins"][0]["config"]["status_code"]))
        .collect();
    let not_found = json!(404);
    let expected = [(&json!(["a.io"]), &not_found), (&json!(["none.io"]), &not_found)];
    assert_eq!(closed.len(), 2, "{kong}");
    assert!(expected.iter().all(|route| closed.contains(route)), "{closed:?}");
    let traefik = output(Source::Envoy, Target::Traefik, &text).remove(0);
    let router = &traefik["http"]["routers"]["other-paths-of-a.io"];
    assert_eq!((&router["rule"], &router["service"]), (&json!("Host(`a.io`)"), &json!("blocked")));
}
