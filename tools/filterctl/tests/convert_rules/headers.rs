//! Headers that the source overwrites with a value that may be a credential.

use super::*;

/// The headers of requests that the output removes.
fn removed(source: Source, text: &str, list: &str) -> Value {
    let config = output(source, Target::Filters, text).remove(0);
    assert!(!config.to_string().contains("guest"), "{config}");
    config["header_transform"]["request"]["remove"][list].clone()
}

#[test]
fn envoy_removes_what_it_would_overwrite() {
    let text = |action: &str, value: &str| {
        blocked::envoy(&format!(
            "            - name: all
              domains: ['*']
              request_headers_to_add: [{{header: {{key: x-auth-user, value: '{value}'}}, append_action: {action}}}, {{header: {{key: x-a, value: b}}}}]
              routes: [{{name: r, match: {{prefix: /}}, route: {{cluster: c}}}}]"
        ))
    };
    for (action, value, expected) in [
        ("OVERWRITE_IF_EXISTS_OR_ADD", "guest", json!(["x-auth-user"])),
        ("OVERWRITE_IF_EXISTS", "guest", json!(["x-auth-user"])),
        ("OVERWRITE_IF_EXISTS_OR_ADD", "%START_TIME%", json!(["x-auth-user"])),
        ("ADD_IF_ABSENT", "guest", Value::Null),
    ] {
        let found = removed(Source::Envoy, &text(action, value), "headers");
        assert_eq!(found, expected, "{action} {value}");
    }
}

#[test]
fn kong_removes_what_it_would_replace() {
    let text = |rules: &str| {
        kong(&format!("  plugins: [{{name: request-transformer, config: {{{rules}}}}}]"))
    };
    let replace = text("replace: {headers: ['X-Auth-User:guest'], querystring: ['token:guest']}");
    assert_eq!(removed(Source::Kong, &replace, "headers"), json!(["X-Auth-User"]));
    assert_eq!(removed(Source::Kong, &replace, "querystring"), json!(["token"]));
    let renamed =
        text("rename: {headers: ['x-me:x-auth-user']}, replace: {headers: ['X-Auth-User:guest']}");
    assert_eq!(removed(Source::Kong, &renamed, "headers"), json!(["X-Auth-User", "x-me"]));
}

/// A file of Traefik with a router that has this middleware.
pub(super) fn traefik(middleware: &str) -> String {
    format!(
        "http:
  routers: {{r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [m]}}}}
  middlewares: {{m: {{{middleware}}}}}
  services: {{s: {{loadBalancer: {{servers: [{{url: 'http://s'}}]}}}}}}
"
    )
}

#[test]
fn traefik_removes_what_it_would_overwrite() {
    let text = traefik("headers: {customRequestHeaders: {X-Auth-User: guest}}");
    assert_eq!(removed(Source::Traefik, &text, "headers"), json!(["X-Auth-User"]));
}

#[test]
fn own_plugin_removes_what_it_would_replace() {
    let text = traefik(
        "plugin: {novasphere-header-transform: {request: {replace: {headers: ['X-Auth-User:guest'], querystring: ['token:guest']}}}}",
    );
    assert_eq!(removed(Source::Traefik, &text, "headers"), json!(["X-Auth-User"]));
    assert_eq!(removed(Source::Traefik, &text, "querystring"), json!(["token"]));
}
