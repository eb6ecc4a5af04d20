//! The health check's exemption does not bypass jwt-auth, and the settings that ensure this.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, client::Request};
use novasphere_tests::shipped::{self, Configured};
use serde_json::{Value, json};

use super::{Shipped, all_files};

/// Files with jwt-auth.
pub(super) const PROTECTED: &[&str] =
    &["jwt-auth.yaml", "all.yaml", "gateway.yaml", "per-route.yaml", "per-route-1.36.yaml"];

/// The headers that only jwt-auth may set.
const IDENTITIES: [&str; 7] = [
    "x-user-id",
    "x-user-name",
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-anonymous-consumer",
];

pub(super) fn health_check_path_does_not_bypass_authentication(gateway: &Shipped) -> Result<()> {
    ensure!(gateway.send(&Request::get("/api/v1/healthz"))?.head.status == 200);
    for target in [
        "/api/v1/wukongs",
        "/api/v1/healthz/../wukongs",
        "/api/v1/healthz/%2e%2e/wukongs",
        "/api/v1/healthz/.%2E/wukongs",
        "/api/v1/healthz%2f..%2fwukongs",
        "/api/v1/healthz/..%2fwukongs",
        "/api/v1/healthz%5c..%5cwukongs",
        "/api/v1/healthz\\..\\wukongs",
        "/api/v1/healthz//..//wukongs",
        "//api/v1/wukongs",
        "/api/v1/healthzXYZ",
        "/api/v1/healthz/",
        "/api/v1/healthz/wukongs",
        "/api/v1/healthz;/../wukongs",
        "/api/v1/HEALTHZ",
        "/api/v1/wukongs?x=/api/v1/healthz",
        "/api/v1/wukongs#/api/v1/healthz",
    ] {
        let response = gateway.send(&Request::get(target))?;
        ensure!(matches!(response.head.status, 400 | 401 | 404), "{target} got {response:?}");
        ensure!(!response.text().contains("\"headers\""), "{target} went upstream");
    }
    Ok(())
}

pub(super) fn removes_forged_identities(gateway: &Shipped) -> Result<()> {
    let names = IDENTITIES.iter().chain(&["x_user_id"]);
    let forged =
        names.fold(Request::get("/api/v1/healthz"), |request, name| request.header(name, "root"));
    let response = gateway.send(&forged)?;
    ensure!(response.head.status == 200, "{response:?}");
    ensure!(!response.text().contains("root"), "the upstream saw {}", response.text());
    Ok(())
}

/// Upstreams that follow CGI (RFC 3875 section 4.1.18) read other characters as hyphens.
pub(super) fn removes_other_spellings_of_identities(gateway: &Shipped) -> Result<()> {
    for name in
        ["x.user.id", "X_User_Id", "x!user!id", "x.consumer.username", "x-credential.identifier"]
    {
        let response = gateway.send(&Request::get("/api/v1/healthz").header(name, "root"))?;
        ensure!(response.head.status == 200, "{name}: {response:?}");
        ensure!(!response.text().contains("root"), "the upstream saw {name}: {}", response.text());
    }
    Ok(())
}

#[test]
fn client_cannot_choose_the_address_it_counts_by() -> Result<()> {
    for file in ["rate-limit.yaml", "gateway.yaml"] {
        let gateway = Shipped::named(file)?;
        // A new minute may start during the loop; then 100 more requests pass.
        let mut addresses = 0..201;
        let is_refused = addresses.any(|n| {
            let forged = format!("198.51.100.{n}");
            let request = chain::good_request().map(|r| r.header("x-forwarded-for", forged));
            let response = request.and_then(|request| gateway.send(&request));
            response.is_ok_and(|response| response.head.status == 429)
        });
        ensure!(is_refused, "{file}: each address has its own limit");
    }
    Ok(())
}

#[test]
fn every_file_has_the_required_settings() -> Result<()> {
    for file in all_files()? {
        let text = fs::read_to_string(&file)?;
        let yaml: Value = serde_yaml_ng::from_str(&text)?;
        check_settings(&yaml, &file).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn check_settings(yaml: &Value, file: &Path) -> Result<()> {
    let manager = yaml
        .pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .context("no HTTP connection manager")?;
    let wanted = [
        ("/normalize_path", json!(true)),
        ("/merge_slashes", json!(true)),
        ("/path_with_escaped_slashes_action", json!("REJECT_REQUEST")),
        ("/common_http_protocol_options/headers_with_underscores_action", json!("DROP_HEADER")),
        ("/use_remote_address", json!(true)),
        ("/early_header_mutation_extensions/0/typed_config/mutations", mutations()),
        ("/upgrade_configs", json!([{"upgrade_type": "websocket"}])),
    ];
    for (pointer, value) in wanted {
        ensure!(manager.pointer(pointer) == Some(&value), "{pointer} must be {value}");
    }
    let admin = yaml.pointer("/admin/address/socket_address/address");
    ensure!(admin == Some(&json!("127.0.0.1")), "the admin interface must be on loopback");
    let routes = manager
        .pointer("/route_config/virtual_hosts/0/routes")
        .and_then(Value::as_array)
        .context("no routes")?;
    for route in routes {
        ensure!(route.pointer("/match/prefix").is_none(), "a route matches by prefix: {route}");
    }
    let streams = routes.iter().filter(|route| route.to_string().contains("events"));
    for route in streams {
        ensure!(
            route.pointer("/route/timeout") == Some(&json!("0s")),
            "the event stream has a timeout: {route}"
        );
    }
    let mut filters = 0;
    each_filter(manager, &mut |config| {
        filters += 1;
        let policy = config.get("failure_policy");
        ensure!(policy == Some(&json!("FAIL_RELOAD")), "failure_policy of {config}");
        let vm_id = config.pointer("/vm_config/vm_id");
        ensure!(vm_id == Some(&json!("novasphere")), "vm_id of {config}");
        Ok(())
    })?;
    ensure_owned_headers_are_removed(manager)?;
    ensure_address_is_envoys(manager)?;
    let name = file.file_name().unwrap_or_default();
    let expected = match name.to_str() {
        // header-transform twice.
        Some("all.yaml") => 5,
        // Also with jwt-auth for the console.
        Some("per-route.yaml" | "per-route-1.36.yaml") => 6,
        // A native module.
        Some("native.yaml") => ensure_module_stays_loaded(manager)?,
        _ => 1,
    };
    ensure!(filters == expected, "{filters} filters instead of {expected}");
    Ok(())
}

/// Returns the number of WebAssembly filters beside the native module.
fn ensure_module_stays_loaded(manager: &Value) -> Result<usize> {
    let stays = "/http_filters/0/typed_config/dynamic_module_config/do_not_close";
    ensure!(manager.pointer(stays) == Some(&json!(true)), "an update may unload the module");
    Ok(0)
}

/// Checks that Envoy removes the headers that jwt-auth sets from claims before any filter runs, and
/// that no route leaves out jwt-auth, which also removes their other spellings.
fn ensure_owned_headers_are_removed(manager: &Value) -> Result<()> {
    each_filter(manager, &mut |config| {
        let value = config.pointer("/configuration/value").context("no configuration")?;
        let jwt_auth = value.get("jwt_auth").unwrap_or(value);
        let claims = jwt_auth.get("claims_to_headers").and_then(Value::as_array);
        for claim in claims.into_iter().flatten() {
            let header = claim.get("header").and_then(Value::as_str).context("no header")?;
            let is_owned = claim.get("keep_inbound") != Some(&json!(true));
            let header = header.to_ascii_lowercase();
            ensure!(!is_owned || IDENTITIES.contains(&header.as_str()), "{header} is not removed");
        }
        Ok(())
    })?;
    let filters = manager.get("http_filters").and_then(Value::as_array).context("no filters")?;
    let routes = manager.get("route_config").context("no routes")?;
    let hosts = routes.get("virtual_hosts").and_then(Value::as_array).context("no hosts")?;
    for level in hosts.iter().chain([routes]) {
        let has_settings = level.get("typed_per_filter_config").is_some();
        ensure!(!has_settings, "settings of filters outside of a route: {level}");
    }
    let routes = hosts.iter().filter_map(|host| host.get("routes")?.as_array()).flatten();
    for route in routes {
        ensure_every_module_runs(filters, route)?;
    }
    Ok(())
}

/// Checks that a route runs each module in `http_filters`, and as many filters as by default: a route
/// that disables a filter must enable one with the same module.
fn ensure_every_module_runs(filters: &[Value], route: &Value) -> Result<()> {
    let is_on = |setting: &Value| setting.get("disabled") != Some(&json!(true));
    let module = |filter: &Value| {
        filter.pointer("/typed_config/config/vm_config/code/local/filename").cloned()
    };
    let runs = |filter: &&Value| {
        let name = filter.get("name").and_then(Value::as_str).unwrap_or_default();
        let on_route = route.get("typed_per_filter_config").and_then(|settings| settings.get(name));
        is_on(on_route.unwrap_or(filter))
    };
    let running: Vec<_> = filters.iter().filter(runs).collect();
    let by_default = filters.iter().filter(|filter| is_on(filter)).count();
    ensure!(
        running.len() == by_default,
        "a route runs {} filters instead of {by_default}: {route}",
        running.len()
    );
    for filter in filters {
        let is_running = running.iter().any(|other| module(other) == module(filter));
        ensure!(is_running, "a route runs no filter with the module of {filter}: {route}");
    }
    Ok(())
}

/// Checks that a rate-limit that reads the address in X-Forwarded-For reads the entry that Envoy
/// determined. Envoy appends the peer's address only with `use_remote_address`. Before it are the
/// entries of `xff_num_trusted_hops` load balancers.
fn ensure_address_is_envoys(manager: &Value) -> Result<()> {
    ensure!(manager.get("skip_xff_append").is_none(), "Envoy does not append to X-Forwarded-For");
    let hops = manager.get("xff_num_trusted_hops").and_then(Value::as_u64).unwrap_or(0);
    for Configured { filter, config } in shipped::in_envoy(manager) {
        let limit = if filter == "gateway" { config.get("rate_limit") } else { Some(&config) };
        let Some(limit) = limit.filter(|limit| limit.get("limit_by") == Some(&json!("ip"))) else {
            continue;
        };
        let expected = json!({"from": "forwarded_for", "trusted_hops": hops + 1});
        let is_remote = manager.get("use_remote_address") == Some(&json!(true));
        ensure!(is_remote && limit.get("client_ip") == Some(&expected), "client_ip of {limit}");
    }
    Ok(())
}

/// Mutations that remove the headers that only jwt-auth may set.
fn mutations() -> Value {
    IDENTITIES.iter().map(|name| json!({"remove": name})).collect()
}

/// Calls `check` with the plugin configuration of every wasm filter below `value`.
fn each_filter(value: &Value, check: &mut impl FnMut(&Value) -> Result<()>) -> Result<()> {
    if let Some(config) = value.get("config").filter(|config| config.get("vm_config").is_some()) {
        check(config)?;
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| each_filter(item, check)),
        Value::Object(members) => members.values().try_for_each(|item| each_filter(item, check)),
        _ => Ok(()),
    }
}
