//! The proxy that a configuration is for, as far as a filter learns about it while it is built.

use std::{cell::RefCell, collections::BTreeMap};

use novasphere_core::{Capability, Host};
use novasphere_host_facts::{envoy, kong, traefik};
use serde_json::Value;

use crate::assumed_key;

/// A kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyKind {
    /// Envoy, also as a part of Istio and Envoy Gateway.
    Envoy,
    /// Kong 3.4 to 3.9.
    Kong,
    /// Traefik 3.
    Traefik,
}

/// The proxy's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The variables and their values.
    pub variables: BTreeMap<String, String>,
    /// Whether to assume a value for every other variable that a filter reads.
    pub assume_missing: bool,
}

/// The value of a variable that is assumed to be set. Each variable has another index, because the
/// filter rejects two credentials with one secret. Also base64, and with both readings long enough for
/// every HMAC algorithm.
pub(crate) fn assumed_secret(index: usize) -> String {
    format!(
        "AssumedByFilterctlBecauseTheValueOfThisEnvironmentVariableWasNotGivenToTheCommand{index:07}"
    )
}

/// A proxy, while it loads one configuration.
#[derive(Debug)]
pub struct Proxy<'e> {
    /// The kind of proxy.
    pub kind: ProxyKind,
    /// Its environment.
    pub environment: &'e Environment,
    /// See [`Host::values_are_text`].
    pub values_are_text: bool,
    /// See [`Host::guesses_types`].
    pub guesses_types: bool,
    warnings: RefCell<Vec<String>>,
    facts: RefCell<Vec<String>>,
    assumed: RefCell<Vec<String>>,
    /// The variables that hold a public key, with its algorithm.
    public_keys: RefCell<BTreeMap<String, String>>,
}

impl<'e> Proxy<'e> {
    /// A proxy that keeps the types of all values.
    pub fn new(kind: ProxyKind, environment: &'e Environment) -> Self {
        Self {
            kind,
            environment,
            values_are_text: false,
            guesses_types: false,
            warnings: RefCell::default(),
            facts: RefCell::default(),
            assumed: RefCell::default(),
            public_keys: RefCell::default(),
        }
    }

    /// Finds the variables that hold public keys in a configuration, so that their values can be
    /// assumed.
    pub(crate) fn find_public_keys(&self, json: &[u8]) {
        if let (true, Ok(config)) = (self.environment.assume_missing, serde_json::from_slice(json))
        {
            *self.public_keys.borrow_mut() = public_key_variables(&config);
        }
    }

    /// The warnings logged so far: `path: message`.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// The facts logged so far: `path: message`.
    pub fn facts(&self) -> Vec<String> {
        self.facts.borrow().clone()
    }

    /// Remembers the name of an assumed variable, and returns its index.
    fn assume(&self, name: &str) -> usize {
        let mut assumed = self.assumed.borrow_mut();
        assumed.iter().position(|known| known == name).unwrap_or_else(|| {
            assumed.push(name.to_owned());
            assumed.len().saturating_sub(1)
        })
    }

    /// The names of the variables whose values were assumed.
    pub fn assumed(&self) -> Vec<String> {
        self.assumed.borrow().clone()
    }
}

/// The variables that hold public keys in a configuration, with their algorithms.
pub fn public_key_variables(config: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    find_public_keys(config, &mut found);
    found
}

/// Finds `public_key: {env: NAME}`, with `algorithm` beside it.
fn find_public_keys(config: &Value, found: &mut BTreeMap<String, String>) {
    let variable = config.get("public_key").and_then(|key| key.get("env")?.as_str());
    if let Some(variable) = variable {
        let algorithm = config.get("algorithm").and_then(Value::as_str).unwrap_or("RS256");
        found.insert(variable.to_owned(), algorithm.to_owned());
    }
    match config {
        Value::Array(items) => items.iter().for_each(|item| find_public_keys(item, found)),
        Value::Object(members) => members.values().for_each(|item| find_public_keys(item, found)),
        _ => {}
    }
}

impl Host for Proxy<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.environment.variables.get(name) {
            return Some(value.clone());
        }
        self.environment.assume_missing.then(|| {
            let index = self.assume(name);
            let algorithm = self.public_keys.borrow().get(name).cloned();
            algorithm
                .map_or_else(|| assumed_secret(index), |algorithm| assumed_key::pem(&algorithm))
        })
    }

    fn variable_remedy(&self, name: &str) -> String {
        match self.kind {
            ProxyKind::Envoy => envoy::variable_remedy(name),
            ProxyKind::Kong => kong::variable_remedy(name),
            ProxyKind::Traefik => traefik::variable_remedy(name),
        }
    }

    fn passes_attributes(&self) -> bool {
        match self.kind {
            ProxyKind::Envoy => envoy::PASSES_ATTRIBUTES,
            ProxyKind::Kong => kong::PASSES_ATTRIBUTES,
            ProxyKind::Traefik => traefik::PASSES_ATTRIBUTES,
        }
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        (self.kind == ProxyKind::Traefik).then(|| traefik::alternative(capability))
    }

    fn single_line_headers(&self) -> &'static [&'static str] {
        if self.kind == ProxyKind::Kong { &kong::SINGLE_LINE_HEADERS } else { &[] }
    }

    fn unremovable_headers(&self) -> &'static [&'static str] {
        if self.kind == ProxyKind::Kong { &kong::UNREMOVABLE_HEADERS } else { &[] }
    }

    fn max_body_bytes(&self) -> Option<usize> {
        (self.kind == ProxyKind::Traefik).then_some(traefik::MAX_BODY_BYTES)
    }

    fn values_are_text(&self) -> bool {
        self.values_are_text
    }

    fn guesses_types(&self) -> bool {
        self.guesses_types
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }

    fn inform(&self, message: &str) {
        self.facts.borrow_mut().push(message.to_owned());
    }
}
