//! Traefik 3.

use novasphere_core::Capability;

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = false;

/// Maximum size of a filter's caches in one instance, in bytes. Every concurrent request, including
/// a stream, has its own instance.
pub const CACHE_BYTES: usize = 256 * 1024;

/// Maximum size of the body of a local response, in bytes. Go's HTTP server buffers at least this
/// much, so the write cannot fail. A write fails if the client has closed the connection: the host
/// then traps, and the instance returns to the pool in a broken state.
pub const MAX_BODY_BYTES: usize = 2_048;

/// The remedy if a filter does not get the environment variable `name`.
pub fn variable_remedy(name: &str) -> String {
    format!(
        "set {name} in Traefik's environment and list it in the plugin's settings.envs \
         (static configuration, experimental.localPlugins)"
    )
}

/// The alternative to a capability, for error messages. Traefik lacks them all.
pub const fn alternative(capability: Capability) -> &'static str {
    match capability {
        Capability::Fetch => {
            "a Traefik plugin cannot make requests; write the issuer's keys into credentials, \
             each with its kid: {key: <issuer>, kid: ..., jwk: {...}}"
        }
        Capability::Response => {
            "a Traefik plugin cannot change a streamed response; use customResponseHeaders of \
             Traefik's headers middleware"
        }
        Capability::Attribute => {
            "Traefik has no attributes; use claims_to_headers, and fields.headers of the access \
             log"
        }
        Capability::Route => {
            "Traefik does not tell a plugin the route; give each router a middleware with its \
             own configuration"
        }
    }
}
