//! Kong 3.4 to 3.9.

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = false;

/// The remedy if a filter does not get the environment variable `name`.
pub fn variable_remedy(name: &str) -> String {
    format!(
        "set {name} in the proxy's environment and pass it on with \
         nginx_main_env = {name} in kong.conf"
    )
}
