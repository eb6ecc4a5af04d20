//! The modules that can contain a filter.

use serde_json::{Value, json};

/// A module that contains a filter: the filter's module, or the gateway.
#[derive(Clone, Debug)]
pub struct Module {
    /// The filter's name in `tests/cases`: `jwt-auth`.
    pub filter: String,
    /// The module's name: the filter's, or `gateway`.
    pub name: String,
    /// Whether the module is native code for Envoy instead of WebAssembly.
    pub native: bool,
}

impl Module {
    /// The filter's module.
    pub fn of(filter: &str) -> Self {
        Self { filter: filter.to_owned(), name: filter.to_owned(), native: false }
    }

    /// The gateway with only that filter configured.
    pub fn gateway(filter: &str) -> Self {
        Self { name: "gateway".to_owned(), ..Self::of(filter) }
    }

    /// The gateway as native code with only that filter configured.
    pub fn native_gateway(filter: &str) -> Self {
        Self { native: true, ..Self::gateway(filter) }
    }

    /// Converts a configuration of the filter into one of the module.
    pub fn config(&self, of_filter: &Value) -> Value {
        if self.name == self.filter {
            return of_filter.clone();
        }
        json!({ self.filter.replace('-', "_"): of_filter })
    }
}
