use novasphere_explain::FilterKind;
use serde_json::{Value, json};

use super::*;

const ENVOY: &str = r#"# A comment at the start.
static_resources:
  listeners:
  - name: main
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main   # stays
          route_config:
            virtual_hosts:
            - name: shop
              domains: [shop.example.com]
              routes:
              # Probes.
              - match: {path: /health}
                route: {cluster: shop}   # no timeout

              - {match: {prefix: /login}, route: {cluster: shop, timeout: 5s}}
              - name: all
                match: {prefix: /}
                route: {cluster: shop}
                typed_per_filter_config:
                  other:
                    "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
                    disabled: true
          http_filters:
          - name: other
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer, max_request_bytes: 5}
          # The last one.
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters: []
"#;

const GATEWAY: &str = "gateway:\n  # who\n  jwt_auth:\n    credentials:\n    - key: web   # iss\n      \
                       secret: {env: KEY}\n  rate_limit: {minute: 100}\n";

fn settings(text: &str) -> Result<Settings> {
    let file = File::new("settings.yaml", text.to_owned());
    Settings::new(&file, "gateway", "/etc/envoy/wasm/novasphere-gateway.wasm")
}

fn rendered(envoy: &str, text: &str) -> Result<String> {
    render(&File::new("envoy.yaml", envoy.to_owned()), &settings(text)?)
}

/// The gateways in a file.
fn gateways(text: &str) -> Vec<Value> {
    let project = Project::new(vec![File::new("envoy.yaml", text.to_owned())]);
    let found = project.filters.iter().filter(|found| found.kind == FilterKind::Gateway);
    found.map(|found| serde_json::from_str(&found.config.json).unwrap()).collect()
}

/// The lines of `new` that are not in `old`, if all lines of `old` are in `new` in their order.
fn added<'n>(old: &str, new: &'n str) -> Vec<&'n str> {
    let mut old = old.lines().peekable();
    let added: Vec<&str> = new.lines().filter(|line| old.next_if_eq(line).is_none()).collect();
    assert_eq!(old.next(), None, "a line is lost:\n{new}");
    added
}

#[test]
fn filter_goes_before_the_router_and_nothing_else_changes() {
    let text = rendered(ENVOY, GATEWAY).unwrap();
    let expected = r#"          - name: gateway
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: gateway
                # If the VM traps, Envoy starts a fresh one and rejects requests until it is ready.
                failure_policy: FAIL_RELOAD
                vm_config:
                  vm_id: novasphere
                  runtime: envoy.wasm.runtime.v8
                  code: {local: {filename: /etc/envoy/wasm/novasphere-gateway.wasm}}
                  # Only the variables listed here reach the filter. Set them in Envoy's environment.
                  environment_variables: {host_env_keys: [KEY]}
                configuration:
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    jwt_auth:
                      credentials:
                      - key: web   # iss
                        secret: {env: KEY}
                    rate_limit: {minute: 100}"#;
    assert_eq!(added(ENVOY, &text), expected.lines().collect::<Vec<_>>());
    assert!(text.contains("max_request_bytes: 5}\n          - name: gateway\n"), "{text}");
    assert!(text.contains("minute: 100}\n          # The last one.\n"), "{text}");
}

#[test]
fn routes_have_merged_settings() {
    let routes =
        "routes:\n  /login: {rate_limit: {minute: 5}}\n  /health: false\n  all: {jwt_auth: null}\n";
    let text = rendered(ENVOY, &format!("{GATEWAY}{routes}")).unwrap();
    let found = gateways(&text);
    assert_eq!(found.len(), 3, "{text}");
    let minutes: Vec<_> =
        found.iter().map(|config| config["rate_limit"]["minute"].clone()).collect();
    assert_eq!(minutes.iter().filter(|minute| **minute == json!(5)).count(), 1);
    assert_eq!(found.iter().filter(|config| config.get("jwt_auth").is_none()).count(), 1);
    // Blank lines and comments stay with their routes.
    let disabled = "                route: {cluster: shop}   # no timeout\n                \
                    typed_per_filter_config:\n                  gateway:\n                    \
                    \"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig\n                    \
                    disabled: true\n\n              - match: {prefix: /login}\n                \
                    route: {cluster: shop, timeout: 5s}\n                typed_per_filter_config:\n";
    assert!(text.contains(disabled), "{text}");
    assert!(text.contains("FilterChainConfig\n"), "{text}");
    let root = &File::new("x", text.clone()).documents[0];
    let mut others = 0;
    root.walk(&mut |node| others += usize::from(node.get("other").is_some()));
    assert_eq!(others, 1, "the settings of other filters stay");
}

#[test]
fn second_run_replaces_the_first() {
    let routes = "routes:\n  /login: {rate_limit: {minute: 5}}\n  /health: false\n  all: false\n";
    let first = rendered(ENVOY, &format!("{GATEWAY}{routes}")).unwrap();
    assert_eq!(rendered(&first, &format!("{GATEWAY}{routes}")).unwrap(), first);
    let changed = routes.replace("minute: 5", "minute: 7");
    let second = rendered(&first, &format!("{GATEWAY}{changed}")).unwrap();
    assert_eq!(second, first.replace("minute: 5\n", "minute: 7\n"));
}

#[test]
fn run_without_a_route_removes_its_settings() {
    let fresh = rendered(ENVOY, GATEWAY).unwrap();
    for routes in [
        "{/health: false, all: false}",
        "{/health: {rate_limit: {minute: 5}}, all: {jwt_auth: null}}",
    ] {
        let first = rendered(ENVOY, &format!("{GATEWAY}routes: {routes}\n")).unwrap();
        assert_ne!(first, fresh);
        assert_eq!(rendered(&first, GATEWAY).unwrap(), fresh, "{routes}");
    }
    // The settings of another route stay.
    let with_all = format!("{GATEWAY}routes: {{all: {{rate_limit: {{minute: 5}}}}}}\n");
    let with_both = with_all.replace("{all:", "{/health: {jwt_auth: null}, all:");
    let second = rendered(&rendered(ENVOY, &with_both).unwrap(), &with_all).unwrap();
    assert_eq!(second, rendered(ENVOY, &with_all).unwrap());
}

#[test]
fn settings_of_a_route_are_removed_from_any_place() {
    let rest = "http_filters:\n- name: envoy.filters.http.router\nvirtual_hosts:\n- routes:\n";
    for (routes, expected) in [
        (
            "  - typed_per_filter_config:\n      gateway: {disabled: true}\n    match: {prefix: /}\n",
            Some("  - match: {prefix: /}\n"),
        ),
        (
            "  - match: {path: /a}\n    typed_per_filter_config: &open\n      gateway: {disabled: true}\n  \
             - match: {prefix: /}\n    typed_per_filter_config: *open\n    route: {cluster: a}\n",
            Some("  - match: {path: /a}\n  - match: {prefix: /}\n    route: {cluster: a}\n"),
        ),
        (
            "  - match: {prefix: /}\n    typedPerFilterConfig: {gateway: {disabled: true}}\n",
            Some("  - match: {prefix: /}\n"),
        ),
        ("  - {match: {prefix: /}, typed_per_filter_config: {gateway: {disabled: true}}}\n", None),
        ("  - match: {prefix: /}\n    typed_per_filter_config: {gateway: {}, other: {}}\n", None),
    ] {
        let found = rendered(&format!("{rest}{routes}"), GATEWAY);
        match expected {
            Some(expected) => assert!(found.unwrap().ends_with(&format!("- routes:\n{expected}"))),
            None => {
                let error = format!("{:#}", found.unwrap_err());
                assert!(error.contains("remove gateway here"), "{error}");
            }
        }
    }
}

#[test]
fn last_line_may_lack_a_newline() {
    let short = "http_filters:\n- name: envoy.filters.http.router\nvirtual_hosts:\n- routes:\n  - match: {prefix: /}";
    let text = rendered(short, &format!("{GATEWAY}routes: {{/: false}}\n")).unwrap();
    assert!(text.contains("{prefix: /}\n    typed_per_filter_config:\n      gateway:\n"), "{text}");
}

#[test]
fn configuration_may_contain_any_text() {
    let with_place =
        "gateway: {header_transform: {request: {add: {headers: [\"a:@NAME@ @WASM@\"]}}}}";
    let found = gateways(&rendered(ENVOY, with_place).unwrap());
    assert_eq!(found[0]["header_transform"]["request"]["add"]["headers"][0], "a:@NAME@ @WASM@");
}

#[test]
fn errors_name_the_place() {
    for (envoy, text, expected) in [
        (ENVOY, "gateway: {jwt_auth: {}}", "gateway: the filter rejects the configuration"),
        (ENVOY, "routes: {}", "gateway is missing"),
        (ENVOY, "gateway: {rate_limit: {minute: 1}}\nroute: {}", "\"route\" is not a setting"),
        (
            ENVOY,
            "gateway: {rate_limit: {minute: 1}}\nroutes: {/login: 5}",
            "routes: /login: expected",
        ),
        (
            ENVOY,
            "gateway: {rate_limit: {minute: 1}}\nroutes: {/logn: false}",
            "did you mean \"/login\"?",
        ),
        (
            ENVOY,
            "gateway: {rate_limit: {minute: 1}}\nroutes: {/login: {rate_limit: {minut: 1}}}",
            "routes: /login: the filter rejects",
        ),
        ("a: 1", "gateway: {rate_limit: {minute: 1}}", "has no http_filters"),
        (
            "http_filters: []",
            "gateway: {rate_limit: {minute: 1}}",
            "envoy.yaml:1: write http_filters",
        ),
        (
            "http_filters:\n- name: x",
            "gateway: {rate_limit: {minute: 1}}",
            "no envoy.filters.http.router",
        ),
        ("{\"a\": 1}", "gateway: {rate_limit: {minute: 1}}", "is JSON"),
        ("a: [", "gateway: {rate_limit: {minute: 1}}", "envoy.yaml: is not YAML"),
    ] {
        let error = format!("{:#}", rendered(envoy, text).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn output_is_the_file_a_diff_or_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("envoy.yaml"), ENVOY).unwrap();
    fs::write(path("settings.yaml"), GATEWAY).unwrap();
    let run_with = |diff: bool, write: bool| {
        let args = Args {
            file: path("envoy.yaml"),
            settings: path("settings.yaml"),
            name: "gateway".to_owned(),
            module: "/etc/envoy/wasm/novasphere-gateway.wasm".to_owned(),
            diff,
            write,
        };
        let mut out = Vec::new();
        run(&args, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let whole = run_with(false, false);
    assert_eq!(whole, rendered(ENVOY, GATEWAY).unwrap());
    let diff = run_with(true, false);
    assert!(diff.contains("+          - name: gateway\n") && !diff.contains("\n-  "), "{diff}");
    assert_eq!(fs::read_to_string(path("envoy.yaml")).unwrap(), ENVOY);
    assert_eq!(run_with(false, true), "");
    assert_eq!(fs::read_to_string(path("envoy.yaml")).unwrap(), whole);
}
