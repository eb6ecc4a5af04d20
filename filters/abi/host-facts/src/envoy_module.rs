//! Envoy with a native module.

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = true;

/// The alternative to fetches and callouts on Envoy 1.37, for error messages.
pub const NO_FETCH_IN_1_37: &str = "a native module can send requests from Envoy 1.38 on; update Envoy, or use the WebAssembly module";

/// How to pass the environment variable `name` on to a filter. A native module reads the process's
/// own environment.
pub fn variable_remedy(name: &str) -> String {
    format!("set {name} in the proxy's environment")
}
