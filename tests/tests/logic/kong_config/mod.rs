//! The shipped configuration for Kong is in Kong's format, is accepted by the filters, and equals
//! the one for Envoy.

mod documents;
mod identity;
mod plugins;
mod settings;

use anyhow::{Context, Result, ensure};
use boon::{Compiler, Schemas};
use novasphere_harness::paths::repository;
use novasphere_tests::shipped::{self, Configured};
use serde_json::{Value, json};

const DIR: &str = "host-config/kong";
const SHIPPED: [&str; 5] =
    ["kong.yml", "gateway.yml", "plugins.yml", "separate-plugins.yml", "lua-plugins.yml"];

fn kong() -> Result<Value> {
    shipped::yaml(&format!("{DIR}/kong.yml"))
}

/// Validates a document against the schema of Kong's declarative format.
pub(crate) fn validate(document: &Value) -> Result<()> {
    let schema = repository().join("tests/schema/kong-declarative.json");
    let mut schemas = Schemas::new();
    let schema = schema.to_str().context("path")?;
    let index =
        Compiler::new().compile(schema, &mut schemas).map_err(|e| anyhow::anyhow!("{e}"))?;
    schemas.validate(document, index).map_err(|error| anyhow::anyhow!("{error:#}"))
}

#[test]
fn shipped_files_match_kongs_schema() -> Result<()> {
    for file in SHIPPED {
        validate(&shipped::yaml(&format!("{DIR}/{file}"))?).context(file)?;
    }
    Ok(())
}

#[test]
fn schema_rejects_invalid_documents() -> Result<()> {
    let chain = "/services/0/filter_chains/0";
    for (pointer, name, value) in [
        ("", "_format_version", json!("2.1")),
        ("", "filter-chains", json!([])),
        ("/services/0", "host", json!("also")),
        ("/services/0", "read_timeout", json!(0)),
        ("/services/0", "read_timeout", json!("60s")),
        ("/services/0/routes/0", "paths", json!(["/api/[a-z]+$"])),
        ("/services/0/routes/0", "stripe_path", json!(false)),
        (chain, "filters", json!([])),
        (chain, "route", json!("health")),
        ("/services/0", "filter_chains", json!([{"filters": []}, {"filters": []}])),
        (chain, "id", json!("novasphere-api")),
        (&format!("{chain}/filters/0"), "name", json!("cors")),
        (&format!("{chain}/filters/0"), "config", json!(["a"])),
    ] {
        let mut document = kong()?;
        let object = document.pointer_mut(pointer).and_then(Value::as_object_mut);
        object.with_context(|| pointer.to_owned())?.insert(name.to_owned(), value);
        ensure!(validate(&document).is_err(), "{pointer}/{name} is accepted");
    }
    Ok(())
}

#[test]
fn every_filter_accepts_its_shipped_configuration() -> Result<()> {
    let all = shipped::in_kong(&kong()?)?;
    ensure!(all.len() == 15, "{} filters", all.len());
    all.iter().try_for_each(Configured::check)
}

#[test]
fn kong_and_envoy_use_the_same_configurations() -> Result<()> {
    let envoy = shipped::in_envoy(&shipped::yaml("host-config/envoy/per-route.yaml")?);
    let envoy = shipped::without_client_ip(envoy);
    ensure!(envoy.len() == 6, "{} filters for Envoy", envoy.len());
    let kong = shipped::in_kong(&kong()?)?;
    for configured in &envoy {
        ensure!(kong.contains(configured), "not for Kong: {configured:?}");
    }
    for configured in &kong {
        ensure!(envoy.contains(configured), "not for Envoy: {configured:?}");
    }
    Ok(())
}

#[test]
fn every_service_has_the_filters_in_order() -> Result<()> {
    let order = ["header-transform", "cors", "jwt-auth", "rate-limit", "header-transform"];
    for service in services(&kong()?) {
        let filters = shipped::in_kong(&service["filter_chains"])?;
        let names: Vec<_> = filters.iter().map(|c| c.filter.as_str()).collect();
        ensure!(names == order, "{}: {names:?}", service["name"]);
        for route in service["routes"].as_array().context("routes")? {
            ensure!(route.get("filter_chains").is_none(), "a second chain on {route}");
            ensure!(route["strip_path"] == false && route["preserve_host"] == true, "{route}");
            let paths = route["paths"].as_array().context("paths")?;
            let whole = |path: &Value| {
                path.as_str().is_some_and(|p| p.starts_with("~/api/v1") && p.ends_with(['$', ')']))
            };
            ensure!(
                paths.iter().all(whole),
                "{}: a path is matched by prefix: {paths:?}",
                route["name"]
            );
        }
    }
    Ok(())
}

fn services(document: &Value) -> Vec<Value> {
    document["services"].as_array().cloned().unwrap_or_default()
}

/// A service without its filters and routes.
fn bare(service: &Value) -> Value {
    let members = service.as_object().cloned().unwrap_or_default().into_iter();
    let own = members
        .filter(|(name, _)| !["filter_chains", "plugins", "routes"].contains(&name.as_str()));
    own.collect()
}

/// Both files have the same routes. Each gateway filter has the configurations of the four filters.
#[test]
fn gateway_file_equals_the_four_filters_combined() -> Result<()> {
    let (split, whole) = (kong()?, shipped::yaml(&format!("{DIR}/gateway.yml"))?);
    ensure!(services(&split).len() == services(&whole).len(), "the numbers of services differ");
    for (split, whole) in services(&split).iter().zip(&services(&whole)) {
        ensure!(bare(split) == bare(whole), "{} and {}", bare(split), bare(whole));
        ensure!(split["routes"] == whole["routes"], "{}", bare(whole));
        let config = shipped::as_gateway(&shipped::in_kong(&split["filter_chains"])?)?;
        let all = Configured { filter: "gateway".to_owned(), config };
        ensure!(shipped::in_kong(&whole["filter_chains"])? == [all], "{}", bare(whole));
    }
    shipped::in_kong(&whole)?.iter().try_for_each(Configured::check)
}

/// Matches paths by Kong's rules: regular expressions are anchored at their start, and the route
/// with the highest `regex_priority` wins.
#[test]
fn paths_match_the_expected_routes() -> Result<()> {
    let kong = kong()?;
    let services = kong["services"].as_array().context("services")?;
    let routes: Vec<_> = services.iter().filter_map(|s| s["routes"].as_array()).flatten().collect();
    for (path, expected) in [
        ("/api/v1/healthz", "api"),
        ("/api/v1/wukongs", "api"),
        ("/api/v1/wukongs/sun/start", "api"),
        ("/api/v1/wukongs/sun/events", "events"),
        ("/api/v1/wukongs/sun/console/ws", "console"),
        ("/api/v1/wukongs/a/b/console/ws", "api"),
        ("/api/v1", "api"),
        ("/api/v12", "none"),
    ] {
        let serves = |route: &&&Value| -> bool {
            route["paths"].as_array().into_iter().flatten().any(|p| {
                let regex = p.as_str().and_then(|p| p.strip_prefix('~')).unwrap_or("-");
                regex_lite::Regex::new(&format!("^{regex}")).is_ok_and(|r| r.is_match(path))
            })
        };
        let route = routes.iter().filter(serves).max_by_key(|r| r["regex_priority"].as_i64());
        let name = route.map_or("none", |route| route["name"].as_str().unwrap_or_default());
        ensure!(name == expected, "{path}: {name} instead of {expected}");
    }
    Ok(())
}
