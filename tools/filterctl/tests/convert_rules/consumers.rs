//! Kong's plugins for individual consumers and consumer groups.

use super::*;

/// A kong.yml with jwt on a service, these plugins of the root, and the consumers anna and otto.
fn config(plugins: &str) -> Value {
    let text = kong(&format!("  plugins: [{{name: jwt}}]\n{ANNA}plugins: [{plugins}]"));
    output(Source::Kong, Target::Filters, &text).remove(0)
}

fn keys(config: &Value) -> Vec<&str> {
    let credentials = config["jwt_auth"]["credentials"].as_array().unwrap().iter();
    credentials.map(|credential| credential["key"].as_str().unwrap()).collect()
}

#[test]
fn limit_of_a_consumer_is_a_rule() {
    let general = "{name: rate-limiting, service: s, config: {minute: 5}}";
    let own = "{name: rate-limiting, consumer: anna, config: {minute: 9}}";
    let config = config(&format!("{general}, {own}"));
    assert_eq!(keys(&config), ["anna", "otto"]);
    let expected = json!([
        {"name": "consumer-anna", "header": {"name": "X-Consumer-Username", "one_of": ["anna"]},
            "minute": 9, "limit_by": "consumer"},
        // The counts of the service do not depend on the consumers of a route.
        {"name": "s", "path_prefix": "/", "minute": 5, "limit_by": "consumer"},
    ]);
    assert_eq!(config["rate_limit"]["rules"], expected);
    assert_eq!(config["rate_limit"]["name"], Value::Null);
}

#[test]
fn limit_of_a_consumer_needs_no_limit_of_all() {
    let config = config("{name: rate-limiting, consumer: anna, config: {minute: 9}}");
    assert_eq!(config["rate_limit"]["rules"][0]["minute"], json!(9));
    assert_eq!(config["rate_limit"]["minute"], Value::Null);
}

#[test]
fn limit_of_a_group_is_a_rule_for_its_members() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt}}]\n{ANNA}- {{username: eva, groups: [{{name: gold}}], jwt_secrets: [{{key: eva, secret: 0123456789abcdef0123456789abcdef}}]}}\nconsumer_groups:\n- name: gold\n  plugins: [{{name: rate-limiting, config: {{minute: 9}}}}]"
    ));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    let rule = &config["rate_limit"]["rules"][0];
    assert_eq!(rule["name"], json!("group-gold"));
    assert_eq!(rule["header"]["one_of"], json!(["eva"]));
}

#[test]
fn other_plugins_of_a_consumer_exclude_it() {
    for plugin in [
        "{name: ip-restriction, consumer: anna, config: {allow: [10.0.0.0/8]}}",
        "{name: request-termination, consumer: anna}",
        "{name: request-transformer, consumer: anna}",
        "{name: rate-limiting, consumer: anna, config: {minute: 5, limit_by: path, path: /a}}",
        "{name: my-own, route: r, consumer: anna}",
    ] {
        assert_eq!(keys(&config(plugin)), ["otto"], "{plugin}");
    }
    // A logger rejects no request.
    assert_eq!(keys(&config("{name: file-log, consumer: anna}")), ["anna", "otto"]);
    assert_eq!(
        keys(&config("{name: ip-restriction, consumer: anna, enabled: false}")),
        ["anna", "otto"]
    );
}

#[test]
fn report_names_the_consumer_and_the_route() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt}}]\n{ANNA}plugins: [{{name: my-own, consumer: anna}}]"
    ));
    let left_out = messages(Source::Kong, &text, Fate::LeftOut);
    let expected = "plugin my-own of consumer anna: no filter does this for individual consumers, \
                    so tokens of anna get 401 on route r";
    assert!(left_out.iter().any(|message| message == expected), "{left_out:?}");
}

#[test]
fn anonymous_consumer_with_its_own_plugin_is_rejected() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt, config: {{anonymous: otto}}}}]\n{ANNA}plugins: [{{name: request-termination, consumer: otto}}]"
    ));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"].get("anonymous"), None);
    assert_eq!(keys(&config), ["anna"]);
}

/// The token of an excluded consumer is invalid, and would pass as the anonymous one.
#[test]
fn excluded_consumer_does_not_become_anonymous() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt, config: {{anonymous: otto}}}}]\n{ANNA}plugins: [{{name: ip-restriction, consumer: anna, config: {{deny: [10.0.0.0/8]}}}}]"
    ));
    let config = output(Source::Kong, Target::Filters, &text).remove(0);
    assert_eq!(config["jwt_auth"].get("anonymous"), None);
    assert_eq!(keys(&config), ["otto"]);
}

#[test]
fn route_without_admitted_consumers_is_blocked() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt}}]\n{ANNA}plugins: [{{name: my-own, consumer: unknown}}]"
    ));
    assert_eq!(messages(Source::Kong, &text, Fate::Blocked).len(), 1);
}

#[test]
fn consumer_groups_count_for_acl_if_it_says_so() {
    let text = |include: bool| {
        kong(&format!(
            "  plugins: [{{name: jwt}}, {{name: acl, config: {{deny: [gold], include_consumer_groups: {include}}}}}]\nconsumers:\n- {{username: eva, groups: [{{name: gold}}], jwt_secrets: [{{key: eva, secret: 0123456789abcdef0123456789abcdef}}]}}\n- {{username: ina, jwt_secrets: [{{key: ina, secret: 0123456789abcdef0123456789abcdef}}]}}"
        ))
    };
    let config = |include| output(Source::Kong, Target::Filters, &text(include)).remove(0);
    assert_eq!(keys(&config(true)), ["ina"]);
    assert_eq!(keys(&config(false)), ["eva", "ina"]);
}

#[test]
fn limits_of_consumers_block_the_route_on_traefik() {
    let text = kong(&format!(
        "  plugins: [{{name: jwt}}]\n{ANNA}plugins: [{{name: rate-limiting, consumer: anna, config: {{minute: 5}}}}]"
    ));
    let report = conversion(Source::Kong, Target::Traefik, &text).report;
    let blocked = report.entries.iter().find(|entry| entry.fate == Fate::Blocked).unwrap();
    assert!(blocked.message.contains("rate_limit.rules"), "{}", blocked.message);
}
