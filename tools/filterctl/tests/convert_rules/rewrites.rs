//! Paths that the upstream gets.

use super::*;

fn envoy(condition: &str, rewrite: &str) -> String {
    blocked::envoy(&format!(
        "            - {{name: all, domains: ['*'], routes: [{{name: r, match: {{{condition}}}, route: {{cluster: c, {rewrite}}}}}]}}"
    ))
}

#[test]
fn new_prefix_of_envoy_is_kept() {
    for (condition, new, regex, substitution) in [
        ("prefix: /api/", "/", "^/api/?", "/"),
        ("prefix: /api/", "/v1/", "^/api/?", "/v1/"),
        ("prefix: /api", "/", "^/api/?", "/"),
        ("path_separated_prefix: /api", "/v1", "^/api/?", "/v1/"),
    ] {
        let text = envoy(condition, &format!("prefix_rewrite: {new}"));
        let output = output(Source::Envoy, Target::Envoy, &text).remove(0);
        let manager = &output["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
        let hosts = &manager["typed_config"]["route_config"]["virtual_hosts"];
        let rewrite = &hosts[0]["routes"][0]["route"]["regex_rewrite"];
        let expected = json!({"pattern": {"regex": regex}, "substitution": substitution});
        assert_eq!(rewrite, &expected, "{condition} {new}");
    }
}

/// With `prefix: /api`, the path `/apix` becomes `/v1x`, which no output can tell from `/v1/x`.
#[test]
fn other_rewrites_of_envoy_block_the_route() {
    for (condition, rewrite) in [
        ("prefix: /api", "prefix_rewrite: /v1"),
        ("prefix: /api/", "prefixRewrite: /v1"),
        ("path: /api", "prefix_rewrite: /v1"),
        ("safe_regex: {regex: '/api/.*'}", "prefix_rewrite: /v1/"),
        ("prefix: /", "regex_rewrite: {pattern: {regex: ^/a}, substitution: /b}"),
        ("path_template: /a", "path_rewrite_policy: {name: x}"),
        ("prefix: /", "path_rewrite: /%REQ(x)%"),
    ] {
        let blocked = messages(Source::Envoy, &envoy(condition, rewrite), Fate::Blocked);
        assert_eq!(blocked.len(), 1, "{condition} {rewrite} {blocked:?}");
    }
}

#[test]
fn request_transformer_advanced_blocks_the_route() {
    let text = kong(
        "  plugins: [{name: request-transformer-advanced, config: {replace: {uri: /fixed}}}, {name: cors}]",
    );
    let blocked = messages(Source::Kong, &text, Fate::Blocked);
    assert!(blocked.iter().any(|message| message.starts_with("route r")), "{blocked:?}");
}
