//! `filterctl explain` selects the route that Envoy selects, also for odd paths and hosts.

use anyhow::{Context, Result, ensure};
use filterctl::{
    explain::{find_route, without_route},
    found::Project,
    source::File,
};
use novasphere_explain::Request as Explained;
use novasphere_harness::{
    client::{self, Request},
    envoy::Envoy,
    paths,
};
use serde_json::{Value, json};

/// Targets that Envoy changes, rejects, or matches unlike others.
const TARGETS: [&str; 42] = [
    "/",
    "/api",
    "/api/",
    "/apix",
    "/API",
    "/Admin",
    "/aDMIN?x=/api",
    "/admin/",
    "/a/b",
    "/a/bc",
    "/a//b",
    "//api//x",
    "///",
    "/./api",
    "/x/../api/y",
    "/../api",
    "/a/b/..",
    "/a/b/.",
    "/a/...",
    "/%2e%2E/api",
    "/x/%2e./api",
    "/%61pi",
    "/ap%69/%7E%2d",
    "/a%2fb",
    "/x%2F..%2Fapi",
    "/x%5c..%5Capi",
    "/x\\..\\api",
    "/a%",
    "/a%zz",
    "/a%00",
    "/r/x",
    "/r/x/y",
    "/api;x=1/..;/{y}|^",
    "/a/..;x;y/api",
    "/a/.;x\\y",
    "/a/..;",
    "/a/...;/b",
    "/a/..%3b/api",
    "/x/%2e%2e;/api",
    "/x;..;/api",
    "/x\\..;/api",
    "/api?x=/../y//z%2f",
];

/// Hosts with and without a port.
const HOSTS: [&str; 6] = ["a.test", "A.Test:8080", "b.test", "b.test:8080", "c.test.", "other"];

/// The settings of each listener.
fn settings() -> [(&'static str, Value); 5] {
    [
        ("plain", json!({})),
        ("normalized", json!({"normalize_path": true, "strip_any_host_port": true})),
        (
            "rejecting",
            json!({
                "normalize_path": true, "merge_slashes": true, "strip_trailing_host_dot": true,
                "path_with_escaped_slashes_action": "REJECT_REQUEST",
            }),
        ),
        (
            "redirecting",
            json!({
                "normalize_path": true, "merge_slashes": true, "strip_matching_host_port": true,
                "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
            }),
        ),
        (
            "forwarding",
            json!({
                "merge_slashes": true,
                "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
            }),
        ),
    ]
}

fn route(host: &str, name: &str, condition: &Value) -> Value {
    let header = |name: &str, value: &str| json!({"header": {"key": name, "value": value}});
    json!({
        "name": format!("{host} {name}"),
        "match": condition,
        "direct_response": {"status": 200},
        "response_headers_to_add": [
            header("x-route", &format!("{host} {name}")),
            header("x-path", "%REQ(:PATH)%"),
            header("x-host", "%REQ(:AUTHORITY)%"),
        ],
    })
}

fn virtual_host(name: &str, domains: &[&str]) -> Value {
    json!({
        "name": name,
        "domains": domains,
        "routes": [
            route(name, "admin", &json!({"path": "/Admin", "case_sensitive": false})),
            route(name, "api", &json!({"path_separated_prefix": "/api"})),
            route(name, "ab", &json!({"prefix": "/A/B", "case_sensitive": false})),
            route(name, "regex", &json!({"safe_regex": {"regex": "/r/[^/]+"}})),
            route(name, "escaped", &json!({"prefix": "/x%2F"})),
            route(name, "rest", &json!({"prefix": "/"})),
        ],
    })
}

/// A listener, whose routes respond with their own names.
fn listener(name: &str, settings: &Value, ignores_port: bool) -> Result<Value> {
    let filter = json!({
        "name": "cors",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "cors",
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": paths::wasm("cors")?}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": r#"{"origins": ["https://a.test"]}"#,
                },
            },
        },
    });
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {
            "ignore_port_in_host_matching": ignores_port,
            "virtual_hosts": [
                virtual_host("a", &["a.test"]),
                virtual_host("b", &["b.test:8080"]),
                virtual_host("c", &["c.test"]),
                virtual_host("any", &["*"]),
            ],
        },
        "http_filters": [
            filter,
            {
                "name": "router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                },
            },
        ],
    });
    let members = manager.as_object_mut().context("no object")?;
    members.extend(settings.as_object().cloned().unwrap_or_default());
    Ok(json!({
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }]}],
    }))
}

fn bootstrap(listeners: &[Value]) -> Value {
    let address = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    json!({"admin": {"address": address}, "static_resources": {"listeners": listeners}})
}

/// The status, and the route with path and host, or else where to go.
type Seen = (u16, Vec<String>);

fn in_envoy(envoy: &Envoy, name: &str, host: &str, target: &str) -> Result<Seen> {
    let request = Request::get(target).header("host", host);
    let response = client::send(envoy.listener(name)?, &request)?;
    let lines = ["x-route", "x-path", "x-host", "location"].into_iter();
    let found = lines.filter_map(|name| response.head.first(name));
    Ok((response.head.status, found.collect()))
}

fn explained(project: &Project, host: &str, target: &str) -> Result<Seen> {
    let mut request = Explained::new("GET", target, host);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match find_route(project, None, &mut request)? {
        Some(routed) => {
            let name = routed.name.unwrap_or_default();
            (200, vec![name, text(&request.target), text(&request.authority)])
        }
        None => {
            let response = without_route(project, &request).response;
            (response.status, response.headers.iter().map(|(_, value)| text(value)).collect())
        }
    })
}

#[test]
fn explained_route_is_the_one_that_envoy_selects() -> Result<()> {
    let mut listeners = Vec::new();
    for (n, (name, settings)) in settings().iter().enumerate() {
        listeners.push(listener(name, settings, n % 2 == 0)?);
    }
    let envoy = Envoy::start_bootstrap(&bootstrap(&listeners), 1)?;
    let mut differences = Vec::new();
    for ((name, _), listener) in settings().iter().zip(&listeners) {
        let file = File::new("envoy.json", bootstrap(std::slice::from_ref(listener)).to_string());
        let project = Project::new(vec![file]);
        let paths = TARGETS.iter().map(|target| ("a.test", *target));
        let hosts = HOSTS.iter().map(|host| (*host, "/api"));
        for (host, target) in paths.chain(hosts) {
            let expected = in_envoy(&envoy, name, host, target)?;
            let found = explained(&project, host, target)?;
            if found != expected {
                differences.push(format!(
                    "{name}: {host} {target}: Envoy {expected:?}, explained {found:?}"
                ));
            }
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}
