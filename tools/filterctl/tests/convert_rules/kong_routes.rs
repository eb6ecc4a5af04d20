//! Kong's routes, services and plugins that no filter replaces.

use super::*;

fn blocked(text: &str) -> Vec<String> {
    messages(Source::Kong, text, Fate::Blocked)
}

/// A kong.yml with one route with these members.
fn route(members: &str) -> String {
    format!(
        "_format_version: '3.0'\nservices:\n- name: s\n  url: http://s:80\n  routes: [{{name: r, {members}}}]\n"
    )
}

#[test]
fn conditions_that_only_kong_has_block_the_route() {
    for members in [
        "paths: [/r], headers: {x-a: [b]}",
        "paths: [/r], snis: [a.io]",
        "paths: [/r], sources: [{ip: 10.0.0.0/8}]",
        "hosts: ['a.io:8443']",
        "expression: 'http.path ^= \"/r\"'",
        "paths: ['~/a(?=b)']",
        "paths: [/r], protocols: [ws]",
        "paths: [/r], filter_chains: [{filters: [{name: novasphere_gateway}]}]",
    ] {
        assert_eq!(blocked(&route(members)).len(), 1, "{members}");
    }
    assert_eq!(blocked(&route("paths: [/r], headers: {}, snis: []")), [""; 0]);
}

#[test]
fn blocked_route_keeps_conditions_on_kong() {
    let text = route("paths: [/r], headers: {x-a: [b]}");
    let output = output(Source::Kong, Target::Kong, &text).remove(0);
    assert_eq!(output["routes"][0]["headers"], json!({"x-a": ["b"]}));
    assert_eq!(output["routes"][0]["plugins"][0]["name"], json!("request-termination"));
}

/// Other proxies try only one of two wildcards for a host.
#[test]
fn overlapping_wildcards_block_all_hosts() {
    let text = "_format_version: '3.0'
services:
- name: s
  url: http://s:80
  routes: [{name: one, hosts: ['b.*'], paths: [/x]}, {name: two, hosts: ['*.a.io']}]
";
    assert_eq!(blocked(text), ["route one: its host b.* overlaps with *.a.io"]);
    let envoy = output(Source::Kong, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = manager["typed_config"]["route_config"]["virtual_hosts"].as_array().unwrap();
    let is_blocked = |host: &Value| host["routes"][0]["name"] == json!("one");
    assert!(hosts.iter().all(is_blocked), "{hosts:?}");
    let kong = output(Source::Kong, Target::Kong, text).remove(0);
    assert_eq!(kong["routes"][0]["hosts"], json!(["b.*"]));
}

#[test]
fn expression_blocks_all_routes() {
    let text = kong("routes: [{name: other, expression: 'http.path == \"/x\"'}]");
    assert_eq!(blocked(&text).len(), 2, "{:?}", blocked(&text));
}

#[test]
fn streams_block_nothing() {
    let text = route("protocols: [tcp], destinations: [{port: 9000}]");
    assert_eq!(blocked(&text), [""; 0]);
    let left_out = messages(Source::Kong, &text, Fate::LeftOut);
    assert!(left_out.contains(&"route r: it is not for HTTP".to_owned()), "{left_out:?}");
}

#[test]
fn routes_without_a_service_are_blocked() {
    for text in [
        "_format_version: '3.0'\nroutes: [{name: r, paths: [/r]}]\n",
        "_format_version: '3.0'\nroutes: [{name: r, paths: [/r], service: {name: x}}]\n",
        "_format_version: '3.0'\nservices: [{name: s, protocol: tcp, host: s, routes: [{name: r, paths: [/r]}]}]\n",
    ] {
        assert_eq!(blocked(text).len(), 1, "{text}");
    }
}

#[test]
fn chains_of_the_root_block_their_routes() {
    for scope in ["service: s", "route: {name: r}", "service: unknown"] {
        let chain = format!("filter_chains: [{{{scope}, filters: [{{name: x}}]}}]");
        assert_eq!(blocked(&kong(&chain)).len(), 1, "{scope}");
    }
    assert_eq!(blocked(&kong("filter_chains: [{service: s, enabled: false}]")), [""; 0]);
}

#[test]
fn settings_that_are_elsewhere_block_the_route() {
    for plugin in ["{name: jwt, _config: shared}", "{name: cors, condition: x}"] {
        assert_eq!(blocked(&kong(&format!("  plugins: [{plugin}]"))).len(), 1, "{plugin}");
    }
    assert_eq!(blocked(&kong("  plugins: [{name: file-log, _config: shared}]")), [""; 0]);
}

#[test]
fn limits_that_cannot_be_converted_block_the_route() {
    for config in ["{minute: 0.5}", "{minute: 100, hour: 10}", "{}", "{minute: -1}"] {
        let text = kong(&format!("  plugins: [{{name: rate-limiting, config: {config}}}]"));
        assert_eq!(blocked(&text).len(), 1, "{config}");
    }
}

/// Kong limits other paths by address.
#[test]
fn limit_by_path_also_limits_other_paths() {
    let text =
        kong("  plugins: [{name: rate-limiting, config: {minute: 5, limit_by: path, path: /a}}]");
    let limit = output(Source::Kong, Target::Filters, &text)[0]["rate_limit"].clone();
    assert_eq!((&limit["minute"], &limit["limit_by"]), (&json!(5), &json!("ip")));
    let rule = json!([{"name": "path", "path": "/a", "minute": 5, "limit_by": "constant"}]);
    assert_eq!(limit["rules"], rule);
}

#[test]
fn unknown_settings_of_checks_block_the_route() {
    for plugin in [
        "{name: jwt, config: {new_check: x}}",
        "{name: acl, config: {}}",
        "{name: acl, config: {allow: [a], new_check: x}}",
        "{name: ip-restriction, config: {allow: [10.0.0.0/8], new_check: x}}",
    ] {
        let text = kong(&format!("  plugins: [{{name: jwt}}, {plugin}]\n{ANNA}"));
        let text = text.replace("[{name: jwt}, {name: jwt,", "[{name: jwt,");
        assert_eq!(blocked(&text).len(), 1, "{plugin}");
    }
}

/// Before Kong 3, an expression had no `~`.
#[test]
fn paths_of_old_formats_may_be_expressions() {
    let text = route("paths: ['/users/\\d+']").replace("3.0", "2.1");
    let kong = output(Source::Kong, Target::Kong, &text).remove(0);
    assert_eq!(kong["services"][0]["routes"][0]["paths"], json!(["~/users/\\d+"]));
}

#[test]
fn defaults_of_deck_apply() {
    let text = kong("_info: {defaults: {route: {protocols: [https], strip_path: false}}}");
    let kong = output(Source::Kong, Target::Kong, &text).remove(0);
    let route = &kong["services"][0]["routes"][0];
    assert_eq!((&route["protocols"], &route["strip_path"]), (&json!(["https"]), &json!(false)));
}

#[test]
fn plugins_may_be_in_another_file() {
    let file = |name: &str, text: &str| File::new(name, text.to_owned());
    let plugins = "_format_version: '3.0'\nplugins: [{name: key-auth, service: s}]\n";
    let files = vec![file("plugins.yaml", plugins), file("kong.yaml", &kong(""))];
    let report = convert(Source::Kong, Target::Filters, &Project::new(files)).unwrap().report;
    assert_eq!(report.count(Fate::Blocked), 1);
}

/// Kong compares the number of conditions before hosts.
#[test]
fn route_with_more_conditions_comes_first_for_every_host() {
    let text = "_format_version: '3.0'
services:
- name: s
  url: http://s:80
  routes:
  - {name: host, hosts: [a.io]}
  - {name: two, paths: [/x], methods: [GET], plugins: [{name: key-auth}]}
";
    let envoy = output(Source::Kong, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let hosts = manager["typed_config"]["route_config"]["virtual_hosts"].as_array().unwrap();
    let of_host = hosts.iter().find(|host| host["domains"] == json!(["a.io"])).unwrap();
    assert_eq!(of_host["routes"][0]["name"], json!("two"));
}
