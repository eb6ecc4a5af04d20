//! The configurations of jwt-auth in the files of all hosts.

use anyhow::{Result, bail};
use novasphere_core::Fault;
use novasphere_explain::{Environment, FilterKind, Proxy, ProxyKind};
use serde_json::Value;

use crate::{
    environment::EnvironmentArgs,
    found::{Found, Project},
    source::File,
};

/// The options that name a configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ConfigArgs {
    /// A file with the configuration: of a host, or of jwt-auth or the gateway alone. May repeat.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// Which of several configurations to use: the name of the filter's entry, or its number in the
    /// order of the files, from 1.
    #[arg(long, value_name = "NAME|N")]
    pub(super) entry: Option<String>,
    #[command(flatten)]
    pub(super) environment: EnvironmentArgs,
}

/// A configuration of jwt-auth.
#[derive(Clone, Debug)]
pub(super) struct JwtConfig {
    /// The file and the name of the entry: `envoy.yaml: jwt`.
    pub(super) name: String,
    proxy: ProxyKind,
    values_are_text: bool,
    guesses_types: bool,
    /// The filter's own configuration.
    value: Value,
}

impl ConfigArgs {
    /// All different configurations in the files.
    pub(super) fn read_all(&self) -> Result<Vec<JwtConfig>> {
        let files = self.files.iter().map(|path| File::read(path)).collect::<Result<Vec<_>>>()?;
        let mut configs: Vec<JwtConfig> = Vec::new();
        let project = Project::new(files.clone());
        configs.extend(project.filters.iter().filter_map(|found| JwtConfig::of(found, &project)));
        for file in files {
            if let Some(kind) = bare_kind(&file) {
                let project = Project::bare(vec![file], kind, ProxyKind::Envoy);
                configs.extend(
                    project.filters.iter().filter_map(|found| JwtConfig::of(found, &project)),
                );
            }
        }
        if configs.is_empty() {
            bail!(
                "{}: no configuration of jwt-auth, and no gateway with jwt_auth",
                self.files.join(", ")
            );
        }
        // Routes and listeners often repeat a configuration.
        let mut distinct: Vec<JwtConfig> = Vec::new();
        for config in configs {
            if !distinct.iter().any(|other| other.value == config.value) {
                distinct.push(config);
            }
        }
        let Some(entry) = &self.entry else { return Ok(distinct) };
        let by_number = entry.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let number = by_number.filter(|index| *index < distinct.len());
        let is_named = |config: &JwtConfig| config.name.rsplit(": ").next() == Some(entry.as_str());
        match distinct.iter().position(is_named).or(number) {
            Some(index) => Ok(vec![distinct.swap_remove(index)]),
            None => bail!("--entry {entry}: expected one of {}", names(&distinct)),
        }
    }

    /// The one configuration.
    pub(super) fn read_one(&self) -> Result<JwtConfig> {
        let mut configs = self.read_all()?;
        if configs.len() > 1 {
            bail!("several configurations; choose one with --entry: {}", names(&configs));
        }
        Ok(configs.swap_remove(0))
    }

    /// The environment of the options. Variables that a configuration names also come from the
    /// environment of this command.
    pub(super) fn environment(&self, configs: &[JwtConfig]) -> Result<Environment> {
        let mut environment = self.environment.read()?;
        for name in configs.iter().flat_map(JwtConfig::variables) {
            if !environment.variables.contains_key(name)
                && let Ok(value) = std::env::var(name)
            {
                environment.variables.insert(name.to_owned(), value);
            }
        }
        Ok(environment)
    }
}

fn names(configs: &[JwtConfig]) -> String {
    let names = configs.iter().enumerate();
    let names =
        names.map(|(index, config)| format!("{} ({})", index.saturating_add(1), config.name));
    names.collect::<Vec<_>>().join(", ")
}

/// The filter of a file without a host.
fn bare_kind(file: &File) -> Option<FilterKind> {
    let root = file.documents.first()?;
    if root.get("jwt_auth").is_some() {
        return Some(FilterKind::Gateway);
    }
    let is_jwt_auth = root.get("credentials").is_some_and(|list| !list.items().is_empty())
        || root.get("jwks").is_some_and(|list| !list.items().is_empty());
    // Kong's declarative configuration has no such members at its top.
    is_jwt_auth.then_some(FilterKind::JwtAuth)
}

impl JwtConfig {
    /// The configuration of jwt-auth in a filter, if it has one.
    pub(super) fn of(found: &Found, project: &Project) -> Option<Self> {
        let config: Value = serde_json::from_str(&found.config.json).ok()?;
        let value = match found.kind {
            FilterKind::JwtAuth => config,
            FilterKind::Gateway => config.get("jwt_auth")?.clone(),
            _ => return None,
        };
        let file = project.files.get(found.place.file).map_or("", |file| file.name.as_str());
        Some(Self {
            name: format!("{file}: {}", found.name),
            proxy: found.platform.proxy(),
            values_are_text: found.config.values_are_text,
            guesses_types: found.config.guesses_types,
            value,
        })
    }

    /// The proxy that loads the configuration.
    pub(super) fn proxy<'e>(&self, environment: &'e Environment) -> Proxy<'e> {
        let mut proxy = Proxy::new(self.proxy, environment);
        proxy.values_are_text = self.values_are_text;
        proxy.guesses_types = self.guesses_types;
        proxy
    }

    /// The configuration as JSON text.
    pub(super) fn json(&self) -> String {
        self.value.to_string()
    }

    /// The entries of a list.
    pub(super) fn entries(&self, list: &str) -> &[Value] {
        self.value.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// A member of the configuration.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// The first text of a list.
    pub(super) fn first_text(&self, list: &str) -> Option<&str> {
        self.texts(list).next()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, list: &str) -> impl Iterator<Item = &str> {
        self.entries(list).iter().filter_map(Value::as_str)
    }

    /// A whole number, which some hosts pass as text.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let value = self.value.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A boolean, which some hosts pass as text.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|value| *value == Value::Bool(true) || value == "true")
    }

    /// The claim that names a credential.
    pub(super) fn key_claim_name(&self) -> &str {
        self.value.get("key_claim_name").and_then(Value::as_str).unwrap_or("iss")
    }

    /// The variables with keys.
    fn variables(&self) -> impl Iterator<Item = &str> {
        let sources = self.entries("credentials").iter();
        let sources = sources.flat_map(|entry| [entry.get("secret"), entry.get("public_key")]);
        sources.filter_map(|source| source?.get("env")?.as_str())
    }
}

/// The faults of a configuration as one error.
pub(super) fn invalid(name: &str, faults: &[Fault]) -> anyhow::Error {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{name}: jwt-auth rejects the configuration:\n  {}", faults.join("\n  "))
}
