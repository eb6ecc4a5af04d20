//! The proxy that a configuration is for, as far as a filter learns about it while it is built.

use std::{cell::RefCell, collections::BTreeMap};

use novasphere_core::{Capability, Host};
use novasphere_host_facts::{envoy, kong, traefik};

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

/// The value of a variable that is assumed to be set. Long enough for every HMAC algorithm, also as
/// base64.
const ASSUMED: &str =
    "assumed-by-filterctl-because-the-variable-was-not-given-to-this-command-0000000000000000";

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

    /// The names of the variables whose values were assumed.
    pub fn assumed(&self) -> Vec<String> {
        self.assumed.borrow().clone()
    }
}

impl Host for Proxy<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.environment.variables.get(name) {
            return Some(value.clone());
        }
        self.environment.assume_missing.then(|| {
            self.assumed.borrow_mut().push(name.to_owned());
            ASSUMED.to_owned()
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
