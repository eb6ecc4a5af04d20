//! Kong 3.4 to 3.9.

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = false;

/// How to pass the environment variable `name` on to a filter.
pub fn variable_remedy(name: &str) -> String {
    format!(
        "set {name} in the proxy's environment and pass it on with \
         nginx_main_env = {name} in kong.conf"
    )
}
