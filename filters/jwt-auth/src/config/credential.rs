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
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"key": "web-app", "secret": {"env": "JWT_SECRET"}}])))]
pub struct CredentialConfig {
    /// The value of the claim `key_claim_name`. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["web-app"])))]
    pub key: Option<String>,
    /// The credential does not verify tokens with another `kid`. Default: the `kid` of `jwk`, else
    /// any `kid`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["2026-01"])))]
    pub kid: Option<String>,
    /// The one algorithm of this key. Default: the `alg` of `jwk`, else `HS256` for secrets, `RS256`
    /// for RSA keys, and the algorithm of the curve for other keys.
    pub algorithm: Option<Algorithm>,
    /// An HMAC secret. One newline at the end of a variable is removed, except with `trim: false`.
    /// Exactly one of `secret`, `public_key` and `jwk` is required. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"env": "JWT_SECRET"}])))]
    pub secret: Option<KeySource>,
    /// A public key as PEM text: SubjectPublicKeyInfo, PKCS#1 or an X.509 certificate.
    /// Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"env": "JWT_PUBLIC_KEY"}])))]
    pub public_key: Option<KeySource>,
    /// A key as JSON Web Key (RFC 7517): a public key, or `oct`. Default: none.
    #[cfg_attr(feature = "schema", schemars(schema_with = "jwk_schema"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"kty": "OKP", "crv": "Ed25519", "kid": "2026-01", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}])))]
    pub jwk: Option<Json>,
    /// The consumer that the upstream sees. Default: none.
    pub consumer: ConsumerConfig,
}

/// A consumer in Kong's terms.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"id": "7f1d", "username": "web-app"}])))]
pub struct ConsumerConfig {
    /// Sent as `X-Consumer-ID`. Default: not sent.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["7f1d"])))]
    pub id: Option<String>,
    /// Sent as `X-Consumer-Username`. Default: not sent.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["web-app"])))]
    pub username: Option<String>,
    /// Sent as `X-Consumer-Custom-ID`. Default: not sent.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["customer-42"])))]
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
