//! [`Settings`]: the filter's configuration, for all routes and for some.

use anyhow::{Context, Result, bail};
use novasphere_explain::{Environment, FilterKind, Proxy, ProxyKind, check};
use serde_json::Value;

use super::yaml;
use crate::source::{File, Reader};

/// The settings of the filter.
#[derive(Debug)]
pub(super) struct Settings {
    /// The name of the filter's entry.
    pub(super) name: String,
    /// The module's location.
    pub(super) module: String,
    /// The lines of the configuration for all routes, with their comments.
    pub(super) lines: Vec<String>,
    /// The variables that a configuration reads.
    pub(super) variables: Vec<String>,
    /// The routes with settings of their own, by name, path or prefix.
    pub(super) routes: Vec<(String, RouteSettings)>,
}

/// The settings of a route.
#[derive(Debug)]
pub(super) enum RouteSettings {
    /// The filter does not run.
    Disabled,
    /// The whole configuration.
    Config(Value),
}

impl Settings {
    /// Reads the settings, which the filter must accept.
    pub(super) fn read(path: &str, name: &str, module: &str) -> Result<Self> {
        let file = File::read(path)?;
        if let Some(error) = &file.error {
            bail!("{path}: {error}");
        }
        Self::new(&file, name, module).with_context(|| path.to_owned())
    }

    pub(super) fn new(file: &File, name: &str, module: &str) -> Result<Self> {
        let root = file.documents.first().context("the file is empty")?;
        let known = ["gateway", "routes"];
        if let Some((key, _)) =
            root.members().iter().find(|(key, _)| !known.contains(&key.text().unwrap_or_default()))
        {
            let key = key.text().unwrap_or_default();
            bail!("{key:?} is not a setting; expected gateway, and optionally routes");
        }
        let node =
            root.get("gateway").context("gateway is missing: the configuration for all routes")?;
        // The texts go into Envoy's configuration.
        let config = Reader::Envoy.value(node);
        check_config("gateway", &config)?;
        let mut routes = Vec::new();
        for (key, node) in root.get("routes").map(|routes| routes.members()).unwrap_or_default() {
            let route = key.text().unwrap_or_default().to_owned();
            let settings = match Reader::Envoy.value(node) {
                Value::Bool(false) => RouteSettings::Disabled,
                Value::Object(difference) => {
                    let mut own = config.clone();
                    merge(&mut own, Value::Object(difference));
                    check_config(&format!("routes: {route}"), &own)?;
                    RouteSettings::Config(own)
                }
                _ => bail!("routes: {route}: expected an object of differences, or false"),
            };
            routes.push((route, settings));
        }
        let mut variables = Vec::new();
        collect_variables(&config, &mut variables);
        for (_, settings) in &routes {
            if let RouteSettings::Config(config) = settings {
                collect_variables(config, &mut variables);
            }
        }
        let lines = yaml::source_lines(&file.text, node).unwrap_or_else(|| yaml::lines(&config));
        Ok(Self { name: name.to_owned(), module: module.to_owned(), lines, variables, routes })
    }

    /// Whether a route has its own configuration, which needs a chain.
    pub(super) fn needs_chain(&self) -> bool {
        self.routes.iter().any(|(_, settings)| matches!(settings, RouteSettings::Config(_)))
    }
}

fn check_config(place: &str, config: &Value) -> Result<()> {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    let proxy = Proxy::new(ProxyKind::Envoy, &environment);
    let verdict = check(FilterKind::Gateway, config.to_string().as_bytes(), &proxy);
    if verdict.faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = verdict.faults.iter().map(ToString::to_string).collect();
    bail!("{place}: the filter rejects the configuration:\n  {}", faults.join("\n  "))
}

/// RFC 7396: objects are merged, other values replaced, and null removes a member.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// Adds the names in `{env: NAME}`.
fn collect_variables(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("env").and_then(Value::as_str)
                && !names.iter().any(|other| other == name)
            {
                names.push(name.to_owned());
            }
            members.values().for_each(|value| collect_variables(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_variables(item, names)),
        _ => {}
    }
}
