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

/// The routes of the manifests, each with its middlewares in order.
fn deployed_routes() -> Result<Vec<(Value, Vec<Value>)>> {
    let middlewares = documents("deploy/traefik/middlewares.yaml")?;
    let named = |reference: &Value| {
        let name = reference.get("name");
        let found = middlewares.iter().find(|one| one.pointer("/metadata/name") == name);
        found
            .and_then(|one| one.get("spec").cloned())
            .with_context(|| format!("unknown: {reference}"))
    };
    let route = only("deploy/traefik/ingressroute.yaml")?;
    let routes = route.pointer("/spec/routes").and_then(Value::as_array).context("no routes")?;
    let resolved = routes.iter().map(|route| {
        let names = route.get("middlewares").and_then(Value::as_array).into_iter().flatten();
        Ok((route.clone(), names.map(named).collect::<Result<_>>()?))
    });
    resolved.collect()
}

/// The middlewares of a route of host-config in order.
fn expected(route: &Value, middlewares: &Value) -> Vec<Value> {
    let names = route.get("middlewares").and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(Value::as_str);
    names.filter_map(|name| middlewares.get(name).cloned()).collect()
}

#[test]
fn deployed_routes_match_host_config() -> Result<()> {
    let file = only("host-config/traefik/dynamic.yaml")?;
    let middlewares = &file["http"]["middlewares"];
    let routers = file["http"]["routers"].as_object().context("no routers")?;
    let deployed = deployed_routes()?;
    ensure!(deployed.len() == routers.len(), "{} of {}", deployed.len(), routers.len());
    for (name, router) in routers {
        let found = deployed.iter().find(|(route, _)| route["match"] == router["rule"]);
        let (_, found) = found.with_context(|| format!("no route {}", router["rule"]))?;
        let mut wanted = expected(router, middlewares);
        if name == "health" {
            // The chart's exempt route runs jwt-auth, which removes identity headers too.
            let mut skipping = middlewares["jwt-auth"].clone();
            let jwt_auth = &mut skipping["plugin"]["novasphere-jwt-auth"];
            jwt_auth["skip"] = json!([{"path": "/api/v1/healthz"}]);
            *wanted.get_mut(1).context("no middleware that removes identities")? = skipping;
        } else {
            let jwt_auth = wanted.get_mut(1).context("no jwt-auth")?;
            jwt_auth["plugin"]["novasphere-jwt-auth"]["skip"] =
                json!([{"path": "/api/v1/healthz"}]);
        }
        let sorted = |mut list: Vec<Value>| {
            // Limits commute.
            list.sort_by_key(|one| one["rateLimit"]["period"].to_string());
            list
        };
        ensure!(sorted(found.clone()) == sorted(wanted), "{name}: {found:#?}");
    }
    Ok(())
}

#[test]
fn exempt_route_comes_before_the_route_that_contains_it() -> Result<()> {
    let deployed = deployed_routes()?;
    let priority = |path: &str| {
        let of_path = |(route, _): &&(Value, _)| route["match"].to_string().contains(path);
        deployed.iter().find(of_path).and_then(|(route, _)| route["priority"].as_u64())
    };
    ensure!(priority("Path(`/api/v1/healthz`)") > priority("PathPrefix(`/api/v1/`)"));
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
