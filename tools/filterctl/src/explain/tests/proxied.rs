//! The proxy's own changes to a request, and its own responses.

use serde_json::Value;

use super::{ENVOY, explain, file};

#[test]
fn envoy_appends_the_client_to_x_forwarded_for() {
    let shipped = include_str!("../../../../../host-config/envoy/rate-limit.yaml");
    let counts = "client_ip: {from: forwarded_for, trusted_hops: 1}";
    assert!(shipped.contains(counts));
    let denies = shipped
        .replace(counts, &format!("{counts}\n{}deny: {{cidrs: [203.0.113.0/24]}}", " ".repeat(20)));
    let skips = denies.replace(
        "use_remote_address: true\n",
        "use_remote_address: true\n          skip_xff_append: true\n",
    );
    let request = |config: &str, client: &str, forwarded_for: &str| {
        let config = file(config);
        let config = config.path().display().to_string();
        let header = format!("X-Forwarded-For: {forwarded_for}");
        let arguments = ["-c", &config, "--request", "GET /api/v1/x", "--client-ip", client];
        explain(&[&arguments[..], &["-H", &header]].concat()).unwrap()
    };
    for (config, client, forwarded_for, status) in [
        (&denies, "203.0.113.7", "198.51.100.9", 403),
        (&denies, "198.51.100.9", "203.0.113.7", 200),
        (&skips, "198.51.100.9", "203.0.113.7", 403),
    ] {
        let text = request(config, client, forwarded_for);
        assert!(text.starts_with(&format!("status    {status}\n")), "{client}\n{text}");
    }
    let config = file(shipped);
    let config = config.path().display().to_string();
    let text = explain(&["-c", &config, "--request", "GET /api/v1/x"]).unwrap();
    assert!(!text.contains("forwarded_for_unusable") && !text.contains("trusted_hops"), "{text}");
    assert!(text.contains("  x-forwarded-for: 192.0.2.1\n"), "{text}");
}

#[test]
fn route_without_an_upstream_responds_itself() {
    let route = |path: &str, response: &str| format!("- {{match: {{path: {path}}}, {response}}}\n");
    let routes = [
        route("/old", "redirect: {path_redirect: /new}"),
        route("/found", "redirect: {path_redirect: /new, response_code: FOUND}"),
        route("/gone", "direct_response: {status: 410}"),
        route("/odd", "direct_response: {status: x}"),
    ];
    let first = "              - match: {path_separated_prefix: /api/v1}\n";
    let indented = routes.map(|route| format!("              {route}")).concat();
    let text = ENVOY.replacen(first, &format!("{indented}{first}"), 1);
    assert_ne!(text, ENVOY);
    let open = text.replace("- {path: /api/v1/healthz}", "- {path_prefix: /}");
    assert_ne!(open, text);
    let (config, open) = (file(&text), file(&open));
    let request = |config: &tempfile::NamedTempFile, path: &str, format: &str| {
        let config = config.path().display().to_string();
        let request = format!("GET {path}");
        explain(&["-c", &config, "--request", &request, "-o", format]).unwrap()
    };
    for (path, status) in
        [("/old", "301"), ("/found", "302"), ("/gone", "410"), ("/odd", "unknown")]
    {
        let text = request(&open, path, "text");
        let start =
            format!("status    {status}\ndecision  proxy: direct_response\nmeaning   The route");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.contains(&format!("the client gets\n  {status}\n")), "{text}");
        assert!(text.contains("access log  decision: direct_response\n"), "{text}");
        assert!(!text.contains("the upstream gets") && !text.contains("via_upstream"), "{text}");
        let json: Value = serde_json::from_str(&request(&open, path, "json")).unwrap();
        assert_eq!(json["status"].as_u64(), status.parse().ok());
        assert_eq!(json["decision"]["name"], "direct_response");
        assert_eq!(json["upstream"], Value::Null);
    }
    assert!(
        request(&open, "/odd", "text").contains("  the status of the proxy's own response is not")
    );
    // A filter may reject the request first.
    let text = request(&config, "/old", "text");
    assert!(text.starts_with("status    401\ndecision  jwt-auth: no_token\n"), "{text}");
}

#[test]
fn bare_configuration_leaves_x_forwarded_for_as_sent() {
    let remark = "X-Forwarded-For is taken as sent; ";
    for (config, host, expected) in [
        ("{minute: 5, client_ip: {from: forwarded_for, trusted_hops: 1}}", "envoy", true),
        ("{minute: 5, client_ip: {from: forwarded_for, trusted_hops: 1}}", "kong", false),
        ("{minute: 5}", "envoy", false),
    ] {
        let config = file(config);
        let config = config.path().display().to_string();
        let text = explain(&["-c", &config, "--filter", "rate-limit", "--host", host]).unwrap();
        assert_eq!(text.contains(remark), expected, "{text}");
    }
}

#[test]
fn method_in_lower_case_has_a_remark() {
    let config = file("{minute: 5}");
    let config = config.path().display().to_string();
    for (host, method, expected) in [
        ("envoy", "get", true),
        ("kong", "Get", true),
        ("traefik", "get", false),
        ("envoy", "GET", false),
    ] {
        let request = format!("{method} /x");
        let filter = ["-c", &config, "--filter", "rate-limit", "--host", host];
        let text = explain(&[&filter[..], &["--request", &request]].concat()).unwrap();
        assert!(text.contains(&format!("request   {method} /x\n")), "{text}");
        let remark =
            "  the method is sent as written; Kong, and Envoy on HTTP/1, reject it with 400\n";
        assert_eq!(text.contains(remark), expected, "{text}");
    }
}
