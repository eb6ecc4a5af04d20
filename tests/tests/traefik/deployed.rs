//! The manifests and values of deploy/traefik agree with host-config/traefik.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use serde::Deserialize;
use serde_json::{Value, json};

fn documents(name: &str) -> Result<Vec<Value>> {
    let path = repository().join(name);
    let text = fs::read_to_string(Path::new(&path)).with_context(|| path.display().to_string())?;
    let documents = serde_yaml_ng::Deserializer::from_str(&text).map(Value::deserialize);
    Ok(documents.collect::<Result<_, _>>()?)
}

fn only(name: &str) -> Result<Value> {
    documents(name)?.pop().with_context(|| format!("{name} is empty"))
}

#[test]
fn deployed_middlewares_match_host_config() -> Result<()> {
    let expected = only("host-config/traefik/dynamic.yaml")?;
    let expected = expected.pointer("/http/middlewares").and_then(Value::as_object);
    let expected = expected.context("no middlewares")?;
    let deployed = documents("deploy/traefik/middlewares.yaml")?;
    ensure!(deployed.len() == expected.len(), "{} of {}", deployed.len(), expected.len());
    for middleware in deployed {
        let name = middleware["metadata"]["name"].as_str().context("no name")?;
        ensure!(expected.get(name) == Some(&middleware["spec"]), "{name}: {middleware:#}");
    }
    Ok(())
}

#[test]
fn deployed_routes_match_host_config() -> Result<()> {
    let expected = only("host-config/traefik/dynamic.yaml")?;
    let expected = expected.pointer("/http/routers").and_then(Value::as_object);
    let route = only("deploy/traefik/ingressroute.yaml")?;
    let deployed = route["spec"]["routes"].as_array().context("no routes")?;
    let expected = expected.context("no routers")?;
    ensure!(deployed.len() == expected.len());
    for router in expected.values() {
        let names = router["middlewares"].as_array().into_iter().flatten();
        let middlewares: Vec<_> = names.map(|name| json!({"name": name})).collect();
        let same = deployed.iter().find(|route| route["match"] == router["rule"]);
        let same = same.with_context(|| format!("no route {}", router["rule"]))?;
        ensure!(same["middlewares"] == json!(middlewares), "{same:#}");
        ensure!(same["priority"] == router["priority"], "{same:#}");
    }
    Ok(())
}

/// traefik.yaml contains every setting that the chart passes as an argument.
#[test]
fn chart_settings_match_host_config() -> Result<()> {
    let fixed = only("host-config/traefik/traefik.yaml")?;
    let values = only("deploy/traefik/values.yaml")?;
    let arguments = values["additionalArguments"].as_array().context("no arguments")?;
    for argument in arguments {
        let text = argument.as_str().and_then(|text| text.strip_prefix("--")).context("no text")?;
        let (path, value) = text.split_once('=').context("no value")?;
        let path = path.replace("entryPoints.websecure", "entryPoints.gateway");
        if path == "accessLog" {
            continue;
        }
        let found = fixed.pointer(&format!("/{}", path.replace('.', "/")));
        let found = match found.with_context(|| format!("not in traefik.yaml: {path}"))? {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        ensure!(found == value, "{path}: {found} in traefik.yaml, {value} in values.yaml");
    }
    let plugins = fixed["experimental"]["localPlugins"].as_object().context("no plugins")?;
    for (name, plugin) in plugins {
        let module = plugin["moduleName"].as_str().context("no moduleName")?;
        let argument = format!("--experimental.localPlugins.{name}.moduleName={module}");
        ensure!(arguments.contains(&json!(argument)), "not in values.yaml: {argument}");
    }
    Ok(())
}
