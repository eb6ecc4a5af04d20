//! The modules in which a filter can run.

use serde_json::{Value, json};

/// A module with a filter in it: the filter's own, or the gateway.
#[derive(Clone, Debug)]
pub struct Module {
    /// The filter, as its cases are called: `jwt-auth`.
    pub filter: String,
    /// The module: the same, or `gateway`.
    pub name: String,
}

impl Module {
    /// The filter's own.
    pub fn of(filter: &str) -> Self {
        Self { filter: filter.to_owned(), name: filter.to_owned() }
    }

    /// The gateway, with that filter alone in it.
    pub fn gateway(filter: &str) -> Self {
        Self { name: "gateway".to_owned(), ..Self::of(filter) }
    }

    /// The module's configuration for a configuration of the filter.
    pub fn config(&self, of_filter: &Value) -> Value {
        if self.name == self.filter {
            return of_filter.clone();
        }
        json!({ self.filter.replace('-', "_"): of_filter })
    }
}
