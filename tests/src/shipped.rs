//! The filters' configurations in the shipped files of all proxies.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_harness::{chain, client::Response, paths::repository};
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cases::native::configure;

/// A filter and its configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// The filter's name: `cors`.
    pub filter: String,
    /// The configuration.
    pub config: Value,
}

impl Configured {
    /// Builds the filter on a host that passes on the tests' environment.
    ///
    /// # Errors
    /// If the filter rejects the configuration, or if the filter does not exist.
    pub fn check(&self) -> Result<()> {
        let (config, environment) = (&self.config, chain::environment()?);
        match self.filter.as_str() {
            "cors" => configure::<Cors>(config, &environment).map(drop),
            "gateway" => configure::<Gateway>(config, &environment).map(drop),
            "header-transform" => configure::<HeaderTransform>(config, &environment).map(drop),
            "jwt-auth" => configure::<JwtAuth>(config, &environment).map(drop),
            "rate-limit" => configure::<RateLimit>(config, &environment).map(drop),
            other => bail!("unknown filter {other}"),
        }
        .with_context(|| self.filter.clone())
    }
}

/// A YAML document of the repository.
///
/// # Errors
/// If it cannot be read.
pub fn yaml(file: &str) -> Result<Value> {
    let path = repository().join(file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())
}

/// All YAML documents of a file of the repository.
///
/// # Errors
/// If it cannot be read.
pub fn documents(file: &str) -> Result<Vec<Value>> {
    let path = repository().join(file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let documents = serde_yaml_ng::Deserializer::from_str(&text).map(Value::deserialize);
    documents.collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

/// The YAML blocks of a Markdown text, without the indentation of the surrounding list.
pub fn yaml_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let content = line.trim_start();
        open = match open {
            None if content == "```yaml" => Some((line.len() - content.len(), String::new())),
            None => None,
            Some((_, block)) if content == "```" => {
                blocks.push(block);
                None
            }
            Some((indentation, block)) => {
                let line = line.get(indentation..).unwrap_or_default();
                Some((indentation, block + line + "\n"))
            }
        };
    }
    blocks
}

/// All filters in a part of an Envoy configuration, in document order. Each name is that of the `.wasm`
/// file.
pub fn in_envoy(part: &Value) -> Vec<Configured> {
    let mut found = Vec::new();
    walk(part, &mut |members| {
        found.push(wasm_module(members).or_else(|| native_module(members))?);
        Some(())
    });
    found
}

fn wasm_module(members: &Value) -> Option<Configured> {
    let file = members.pointer("/vm_config/code/local/filename")?.as_str()?;
    let name = Path::new(file).file_stem()?.to_str()?.strip_prefix("novasphere-")?;
    let config = members.pointer("/configuration/value")?.clone();
    Some(Configured { filter: name.to_owned(), config })
}

fn native_module(members: &Value) -> Option<Configured> {
    members.get("dynamic_module_config")?;
    let filter = members.get("filter_name")?.as_str()?.to_owned();
    let config = members.pointer("/filter_config/value")?.clone();
    Some(Configured { filter, config })
}

/// All filters in a part of Kong's declarative configuration.
///
/// # Errors
/// If a configuration written as text is not JSON.
pub fn in_kong(part: &Value) -> Result<Vec<Configured>> {
    let mut found = Vec::new();
    walk(part, &mut |members| {
        let name = members.get("name")?.as_str()?.strip_prefix("novasphere_")?;
        found.push((name.replace('_', "-"), members.get("config")?.clone()));
        Some(())
    });
    found.into_iter().map(|(filter, config)| parsed(filter, config)).collect()
}

/// The filters among the plugins of a service or route, in the order of their ids, in which Kong
/// 3.9 runs them.
///
/// # Errors
/// If a plugin has no id.
pub fn plugins_in_kong(entity: &Value) -> Result<Vec<Configured>> {
    let plugins = entity.get("plugins").and_then(Value::as_array).into_iter().flatten();
    let mut found = Vec::new();
    for plugin in plugins {
        let id = plugin.get("id").and_then(Value::as_str).context("no id")?;
        found.push((id, in_kong(plugin)?));
    }
    found.sort_by_key(|(id, _)| *id);
    Ok(found.into_iter().flat_map(|(_, filters)| filters).collect())
}

/// All filters in a part of Traefik's dynamic configuration.
///
/// # Errors
/// If a configuration written as text is not JSON.
pub fn in_traefik(part: &Value) -> Result<Vec<Configured>> {
    let mut found = Vec::new();
    walk(part, &mut |members| {
        for (name, config) in members.get("plugin")?.as_object()? {
            let config = config.get("json").unwrap_or(config);
            found.push((name.strip_prefix("novasphere-")?.to_owned(), config.clone()));
        }
        Some(())
    });
    found.into_iter().map(|(filter, config)| parsed(filter, config)).collect()
}

/// The filters of an EnvoyExtensionPolicy, in order.
pub fn in_envoy_gateway(policy: &Value) -> Vec<Configured> {
    let filters = policy.pointer("/spec/wasm").and_then(Value::as_array).into_iter().flatten();
    let filters = filters.filter_map(|wasm| {
        let filter = in_image(wasm.pointer("/code/image/url")?)?;
        Some(Configured { filter, config: wasm.get("config")?.clone() })
    });
    filters.collect()
}

/// The filter of a WasmPlugin and its priority. A higher priority runs first.
pub fn in_istio(plugin: &Value) -> Option<(i64, Configured)> {
    let spec = plugin.get("spec")?;
    let filter = in_image(spec.get("url")?)?;
    let configured = Configured { filter, config: spec.get("pluginConfig")?.clone() };
    Some((spec.get("priority")?.as_i64()?, configured))
}

/// The filter in the image `oci://registry.example.com/novasphere/cors:0.1.0`. Two filters of one image have
/// different names.
fn in_image(url: &Value) -> Option<String> {
    let image = url.as_str()?.rsplit('/').next()?;
    Some(image.split([':', '@']).next()?.to_owned())
}

/// The gateway's configuration for these filters. A filter that occurs twice gets the fields of both.
///
/// # Errors
/// If two filters set the same field.
pub fn as_gateway(filters: &[Configured]) -> Result<Value> {
    let mut gateway = Value::Object(Map::new());
    for Configured { filter, config } in filters {
        merge(&mut gateway, json!({filter.replace('-', "_"): config}))?;
    }
    Ok(gateway)
}

/// Adds the members of `other` to the object `value`.
fn merge(value: &mut Value, other: Value) -> Result<()> {
    let (Value::Object(members), Value::Object(others)) = (&mut *value, other) else {
        bail!("two filters set the same field: {value}");
    };
    for (name, other) in others {
        match members.get_mut(&name) {
            Some(member) => merge(member, other).context(name)?,
            None => drop(members.insert(name, other)),
        }
    }
    Ok(())
}

/// The quota of the window of `seconds` in the `RateLimit-Policy` of a response.
pub fn quota(response: &Response, seconds: u32) -> Option<String> {
    let policies = response.head.first("ratelimit-policy")?;
    let window = format!(";w={seconds}");
    let policy = policies.split(", ").find_map(|policy| policy.strip_suffix(&window))?;
    policy.split_once(";q=").map(|(_, quota)| quota.to_owned())
}

/// Removes `client_ip` from the configurations of rate-limit. Kong determines the address itself.
pub fn without_client_ip(mut filters: Vec<Configured>) -> Vec<Configured> {
    for configured in filters.iter_mut().filter(|configured| configured.filter == "rate-limit") {
        if let Some(config) = configured.config.as_object_mut() {
            config.remove("client_ip");
        }
    }
    filters
}

/// Kong 3.4 requires text, and Traefik accepts it.
fn parsed(filter: String, config: Value) -> Result<Configured> {
    let config = match config {
        Value::String(text) => serde_json::from_str(&text).with_context(|| filter.clone())?,
        other => other,
    };
    Ok(Configured { filter, config })
}

/// Calls `see` with every object.
fn walk(part: &Value, see: &mut impl FnMut(&Value) -> Option<()>) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(members) => {
            let _ = see(part);
            members.values().for_each(|value| walk(value, see));
        }
        _ => {}
    }
}
