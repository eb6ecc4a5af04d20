//! Envoy, also as a part of Istio and Envoy Gateway.

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = true;

/// The remedy if a filter does not get the environment variable `name`.
pub fn variable_remedy(name: &str) -> String {
    format!(
        "set {name} in the proxy's environment and list it in the filter's \
         vm_config.environment_variables.host_env_keys"
    )
}
