//! Issuers with fetched keys, as users write them.

use std::collections::BTreeMap;

use novasphere_core::ConfigObject;

use super::{Algorithm, ConsumerConfig};

/// The keys of one issuer, which the proxy fetches and refreshes. Their location is `uri`, or
/// `cluster` with `path`, or with `discovery` the issuer itself.
#[derive(ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["issuer"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"issuer": "https://id.example.com", "uri": "https://id.example.com/.well-known/jwks.json", "cluster": "identity"}])))]
pub struct JwksConfig {
    /// The exact `iss` of the tokens that these keys sign. For an issuer with many tenants, a URL in
    /// which `{name}` is a whole path segment that must equal the token's claim of that name.
    /// Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["https://id.example.com"])))]
    pub issuer: Option<String>,
    /// The accepted values of each `{name}` in `issuer`, at least one. Default: none; a `{name}`
    /// needs this or `any_value`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "issuer_values_schema"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"tid": ["11111111-2222-3333-4444-555555555555"]}])))]
    pub issuer_values: Option<BTreeMap<String, Vec<String>>>,
    /// Whether each `{name}` in `issuer` accepts any value, so that any tenant of the issuer can
    /// sign tokens. Default: false.
    pub any_value: bool,
    /// The URL of the key set. With `discovery`, the URL of the configuration document.
    /// Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["https://id.example.com/.well-known/jwks.json"])))]
    pub uri: Option<String>,
    /// The proxy's upstream for the requests. Default: host and port of the URL.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["identity"])))]
    pub cluster: Option<String>,
    /// Path and query at `cluster`, instead of `uri`. Default: none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/.well-known/jwks.json"])))]
    pub path: Option<String>,
    /// Whether to fetch the OpenID Connect configuration first, which names the key set. Its URL is
    /// derived from the issuer unless `uri` or `path` is set. Default: false.
    pub discovery: bool,
    /// Lifetime of a key set in seconds, 1 to 86400. `Cache-Control: max-age` shortens it.
    /// Default: 300.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [600])))]
    pub refresh: u32,
    /// Time limit in seconds, 1 to 60, of each HTTP request of a fetch, and of a request that waits
    /// for keys. Default: 5.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10])))]
    pub timeout: u32,
    /// Minimum time in seconds, 1 to 3600, between two fetches caused by an unknown `kid`.
    /// Default: 30.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [60])))]
    pub cooldown: u32,
    /// Maximum number of requests that wait for keys in one worker, 0 to 10000. Default: 100.
    #[cfg_attr(feature = "schema", schemars(range(max = 10_000)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [1000])))]
    pub max_waiting: u32,
    /// Algorithms for which the keys may be used. Default: RS256, ES256, ES384, ES512, EdDSA.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["RS256", "PS256"]])))]
    pub algorithms: Option<Vec<Algorithm>>,
    /// The consumer that the upstream sees. Default: none.
    pub consumer: ConsumerConfig,
}

impl Default for JwksConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            issuer_values: None,
            any_value: false,
            uri: None,
            cluster: None,
            path: None,
            discovery: false,
            refresh: 300,
            timeout: 5,
            cooldown: 30,
            max_waiting: 100,
            algorithms: None,
            consumer: ConsumerConfig::default(),
        }
    }
}

/// For each name, at least one value.
#[cfg(feature = "schema")]
fn issuer_values_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,256}$"},
            "minItems": 1
        }
    })
}
