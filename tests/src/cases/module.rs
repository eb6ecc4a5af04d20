//! The modules that can contain a filter.

use serde_json::{Value, json};

/// A module that contains a filter: the filter's module, or the gateway.
#[derive(Clone, Debug)]
pub struct Module {
    /// The filter's name in `tests/cases`: `jwt-auth`.
    pub filter: String,
    /// The module's name: the filter's, or `gateway`.
    pub name: String,
}

impl Module {
    /// The filter's module.
    pub fn of(filter: &str) -> Self {
        Self { filter: filter.to_owned(), name: filter.to_owned() }
    }

    /// The gateway with only that filter configured.
    pub fn gateway(filter: &str) -> Self {
        Self { name: "gateway".to_owned(), ..Self::of(filter) }
    }

    /// Converts a configuration of the filter into one of the module.
    pub fn config(&self, of_filter: &Value) -> Value {
        if self.name == self.filter {
            return of_filter.clone();
        }
        json!({ self.filter.replace('-', "_"): of_filter })
    }
}
