//! [`Setup`]: a configuration with its proxy and environment.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use filterctl::{found::Project, source::File};
use novasphere_explain::{
    Environment, FilterKind, KeySets, Proxy, ProxyKind, check, public_key_variables,
};
use serde::Deserialize;

use crate::demo_keys;

/// A configuration with its proxy and environment, as the page sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    /// The filter: `jwt-auth`.
    pub(crate) filter: String,
    /// The proxy: `envoy`, `kong` or `traefik`.
    pub(crate) proxy: String,
    /// The configuration, YAML or JSON.
    pub(crate) text: String,
    /// Values of variables. Null for a variable that is not set. All others have demo values.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// The keys of issuers.
    #[serde(default)]
    pub(crate) keys: IssuerKeys,
    /// Whether Redis cannot be reached.
    #[serde(default)]
    pub(crate) redis_down: bool,
}

/// The keys that issuers publish.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IssuerKeys {
    /// The keys of the page.
    #[default]
    Demo,
    /// The keys that a token needs, without a check of its signature.
    Assumed,
    /// This key set, JSON text.
    Given(String),
}

/// A variable that the configuration reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// The algorithm of a public key. `None` for a secret.
    pub(crate) public_key: Option<String>,
    pub(crate) demo: String,
}

impl Setup {
    /// Reads a setup.
    ///
    /// # Errors
    /// If it has another form.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("setup")
    }

    pub(crate) fn kind(&self) -> Result<FilterKind> {
        FilterKind::from_name(&self.filter).with_context(|| format!("no filter {:?}", self.filter))
    }

    pub(crate) fn proxy(&self) -> Result<ProxyKind> {
        proxy(&self.proxy)
    }

    /// The project with the configuration as its only file.
    pub(crate) fn project(&self) -> Result<Project> {
        let name =
            if self.text.trim_start().starts_with('{') { "config.json" } else { "config.yaml" };
        let file = File::new(name, self.text.clone());
        Ok(Project::bare(vec![file], self.kind()?, self.proxy()?))
    }

    /// The variables that the configuration reads, with demo values.
    pub(crate) fn variables(&self, project: &Project) -> Result<Vec<Variable>> {
        let assuming = Environment { assume_missing: true, ..Environment::default() };
        let Some(found) = project.filters.first() else { return Ok(Vec::new()) };
        let json = found.config.json.as_bytes();
        let verdict = check(self.kind()?, json, &Proxy::new(self.proxy()?, &assuming));
        let public = public_key_variables(&serde_json::from_slice(json).unwrap_or_default());
        let mut names = verdict.assumed;
        names.sort();
        names.dedup();
        let variable = |name: String| {
            let public_key = public.get(&name).cloned();
            let demo = public_key.as_deref().and_then(demo_keys::public_pem);
            let demo = demo.unwrap_or_else(|| demo_keys::SECRET.to_owned());
            Variable { name, public_key, demo }
        };
        Ok(names.into_iter().map(variable).collect())
    }

    /// The proxy's environment.
    pub(crate) fn environment(&self, project: &Project) -> Result<Environment> {
        let mut variables = BTreeMap::new();
        for Variable { name, demo, .. } in self.variables(project)? {
            match self.variables.get(&name) {
                Some(None) => {}
                Some(Some(value)) => {
                    variables.insert(name, value.clone());
                }
                // A token of another origin has no demo signature.
                None if matches!(self.keys, IssuerKeys::Assumed) => {}
                None => {
                    variables.insert(name, demo);
                }
            }
        }
        let is_unset = self.variables.values().any(Option::is_none);
        let assume_missing = matches!(self.keys, IssuerKeys::Assumed) && !is_unset;
        Ok(Environment { variables, assume_missing })
    }

    /// The keys of issuers.
    pub(crate) fn key_sets(&self) -> Result<KeySets> {
        Ok(match &self.keys {
            IssuerKeys::Demo => KeySets {
                given: vec![(None, demo_keys::key_set()?.into_bytes())],
                assume_missing: false,
            },
            IssuerKeys::Assumed => KeySets { given: Vec::new(), assume_missing: true },
            IssuerKeys::Given(text) => {
                KeySets { given: vec![(None, text.clone().into_bytes())], assume_missing: false }
            }
        })
    }
}

/// A proxy by its name.
pub(crate) fn proxy(name: &str) -> Result<ProxyKind> {
    let known =
        [("envoy", ProxyKind::Envoy), ("kong", ProxyKind::Kong), ("traefik", ProxyKind::Traefik)];
    let found = known.into_iter().find(|(own, _)| *own == name);
    found.map(|(_, proxy)| proxy).with_context(|| format!("no proxy {name:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn setup(text: &str) -> Setup {
        let setup = json!({"filter": "jwt-auth", "proxy": "envoy", "text": text});
        Setup::parse(&setup.to_string()).unwrap()
    }

    #[test]
    fn variables_are_demo_values_given_values_or_unset() {
        let mut setup =
            setup("credentials: [{key: a, secret: {env: A}}, {key: b, secret: {env: B}}]");
        setup.variables.insert("B".to_owned(), Some("given".to_owned()));
        let project = setup.project().unwrap();
        let environment = setup.environment(&project).unwrap();
        assert_eq!(environment.variables["A"], demo_keys::SECRET);
        assert_eq!(environment.variables["B"], "given");
        setup.variables.insert("A".to_owned(), None);
        let environment = setup.environment(&project).unwrap();
        assert!(!environment.variables.contains_key("A"));
        assert!(!environment.assume_missing);
    }
}
