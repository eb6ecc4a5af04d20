//! Kong Ingress Controller configures Kong as host-config/kong/plugins.yml does.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_tests::{
    kong_ingress,
    manifests::all_documents,
    shipped::{self, Configured},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::kong_config::validate;

const DIR: &str = "deploy/kong-ingress";

fn derived() -> Result<Value> {
    kong_ingress::configuration(&all_documents(DIR)?)
}

/// An entity with Kong's defaults and without names, ids and the address of the upstream.
fn comparable(entity: &Value, defaults: Value) -> Value {
    let mut all = defaults.as_object().cloned().unwrap_or_default();
    all.extend(entity.as_object().cloned().unwrap_or_default());
    let skipped = ["id", "name", "url", "host", "port", "plugins", "routes"];
    all.into_iter().filter(|(name, _)| !skipped.contains(&name.as_str())).collect()
}

/// A route without what the chart sets in another way: priorities follow the order of routes, and the
/// console's WebSocket has no response to buffer.
fn of_any_chart(route: Value) -> Value {
    let is_prior = route.get("regex_priority").and_then(Value::as_u64) > Some(0);
    let is_web_socket = route.get("paths").is_some_and(|paths| paths.to_string().contains("/ws"));
    let Value::Object(mut fields) = route else { return route };
    fields.insert("regex_priority".to_owned(), json!(is_prior));
    if is_web_socket {
        fields.insert("response_buffering".to_owned(), json!(true));
    }
    Value::Object(fields)
}

fn list<'a>(entity: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    entity.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// The services with their routes and plugins, in an order that does not depend on names.
fn services(document: &Value) -> Vec<String> {
    let of_service = json!({
        "protocol": "http", "path": "/", "retries": 5,
        "connect_timeout": 60_000, "read_timeout": 60_000, "write_timeout": 60_000,
    });
    let of_route = json!({
        "protocols": ["http", "https"], "strip_path": true, "preserve_host": false,
        "regex_priority": 0, "request_buffering": true, "response_buffering": true,
    });
    let services = list(document, "services").map(|service| {
        let routes: Vec<_> = list(service, "routes")
            .map(|route| of_any_chart(comparable(route, of_route.clone())))
            .collect();
        let plugins: Vec<_> = list(service, "plugins")
            .map(|plugin| json!([plugin["name"], plugin["config"]]))
            .collect();
        json!([comparable(service, of_service.clone()), routes, plugins]).to_string()
    });
    let mut services: Vec<_> = services.collect();
    services.sort();
    services
}

#[test]
fn controller_configures_kong_like_the_plugins_file() -> Result<()> {
    let expected = services(&shipped::yaml("host-config/kong/plugins.yml")?);
    let found = services(&derived()?);
    ensure!(expected.len() == 3, "{expected:?}");
    ensure!(found == expected, "{found:#?}\nbut plugins.yml has\n{expected:#?}");
    Ok(())
}

#[test]
fn streams_come_before_all_other_paths_and_are_not_buffered() -> Result<()> {
    let derived = derived()?;
    let routes = list(&derived, "services").flat_map(|service| list(service, "routes"));
    let facts: Vec<_> =
        routes.map(|route| (&route["regex_priority"], &route["response_buffering"])).collect();
    let (unbuffered, buffered) = (json!(false), json!(true));
    let wanted = [(&json!(2), &unbuffered), (&json!(1), &unbuffered), (&json!(0), &buffered)];
    ensure!(facts == wanted, "{facts:?}");
    Ok(())
}

#[test]
fn kong_accepts_the_derived_configuration() -> Result<()> {
    validate(&derived()?)?;
    let filters = shipped::in_kong(&derived()?)?;
    ensure!(filters.len() == 3, "{} filters", filters.len());
    filters.iter().try_for_each(Configured::check)
}

#[test]
fn derivation_rejects_manifests_that_do_not_work() -> Result<()> {
    for (kind, pointer, name) in [
        ("KongPlugin", "/metadata", "labels"),
        ("KongPlugin", "", "config"),
        ("Ingress", "/spec", "ingressClassName"),
        ("Service", "/metadata", "name"),
    ] {
        let mut documents = all_documents(DIR)?;
        let of_kind = documents.iter_mut().filter(|document| document["kind"] == json!(kind));
        for document in of_kind {
            let part = document.pointer_mut(pointer).and_then(Value::as_object_mut);
            part.context(pointer)?.remove(name);
        }
        let result = kong_ingress::configuration(&documents);
        ensure!(result.is_err(), "{kind}{pointer}/{name}: {result:?}");
    }
    Ok(())
}

/// The YAML blocks of the README, each with all its documents.
fn blocks() -> Result<Vec<Vec<Value>>> {
    let text = fs::read_to_string(repository().join(DIR).join("README.md"))?;
    let parse = |block: &String| -> Result<Vec<Value>> {
        let documents = serde_yaml_ng::Deserializer::from_str(block).map(Value::deserialize);
        documents.collect::<Result<_, _>>().context(block.to_owned())
    };
    shipped::yaml_blocks(&text).iter().map(parse).collect()
}

#[test]
fn readme_shows_the_derived_configuration() -> Result<()> {
    let blocks = blocks()?;
    let shown = blocks.iter().flatten().find(|document| document.get("_format_version").is_some());
    let mut expected = derived()?;
    for service in expected["services"].as_array_mut().context("services")? {
        for plugin in service["plugins"].as_array_mut().context("plugins")? {
            let config = plugin["config"].as_object_mut().context("config")?;
            *config = config.keys().map(|name| (name.clone(), json!({}))).collect::<Map<_, _>>();
        }
    }
    ensure!(shown == Some(&expected), "expected {}", serde_yaml_ng::to_string(&expected)?);
    Ok(())
}

#[test]
fn readme_example_of_a_new_api_works() -> Result<()> {
    let blocks = blocks()?;
    let kinds = |block: &&Vec<Value>| block.iter().any(|doc| doc["kind"] == json!("Ingress"));
    let example = blocks.iter().find(kinds).context("no example")?;
    let configuration = kong_ingress::configuration(example)?;
    validate(&configuration)?;
    let filters = shipped::in_kong(&configuration)?;
    ensure!(filters.len() == 1, "{} filters", filters.len());
    filters.iter().try_for_each(Configured::check)
}
