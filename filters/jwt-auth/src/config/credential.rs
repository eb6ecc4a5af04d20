//! Credentials and consumers, as users write them.

#[cfg(feature = "schema")]
use novasphere_core::schema::each_required;
use novasphere_core::{ConfigObject, Json, KeySource};

use super::Algorithm;

/// One key that signs tokens. Several credentials may share a `key`: an old and a new secret.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = each_required(&["secret", "public_key", "jwk"]))))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["key"])))]
pub struct CredentialConfig {
    /// The value of the claim `key_claim_name`. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub key: Option<String>,
    /// The credential does not verify tokens with another `kid`. Default: the `kid` of `jwk`, else
    /// any `kid`.
    pub kid: Option<String>,
    /// The one algorithm of this key. Default: the `alg` of `jwk`, else `HS256` for secrets, `RS256`
    /// for RSA keys, and the algorithm of the curve for other keys.
    pub algorithm: Option<Algorithm>,
    /// An HMAC secret. One newline at the end of a variable is removed, except with `trim: false`. Exactly one of `secret`, `public_key` and `jwk` is required.
    pub secret: Option<KeySource>,
    /// A public key as PEM text: SubjectPublicKeyInfo, PKCS#1 or an X.509 certificate.
    pub public_key: Option<KeySource>,
    /// A key as JSON Web Key (RFC 7517): a public key, or `oct`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "jwk_schema"))]
    pub jwk: Option<Json>,
    /// The consumer that the upstream sees. Default: none.
    pub consumer: ConsumerConfig,
}

/// A consumer in Kong's terms.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerConfig {
    /// Sent as `X-Consumer-ID`.
    pub id: Option<String>,
    /// Sent as `X-Consumer-Username`.
    pub username: Option<String>,
    /// Sent as `X-Consumer-Custom-ID`.
    pub custom_id: Option<String>,
}

/// A JSON Web Key without the private member `d`.
#[cfg(feature = "schema")]
fn jwk_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "required": ["kty"],
        "properties": {"kty": {"type": "string", "enum": ["RSA", "EC", "OKP", "oct"]}},
        "not": {"required": ["d"]}
    })
}
