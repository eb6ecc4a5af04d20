//! Rules about claims, as users write them.

use novasphere_core::{ConfigObject, Json};
#[cfg(feature = "schema")]
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::ClaimName;

/// A scope (RFC 6749 section 3.3).
#[cfg(feature = "schema")]
const SCOPE: &str = r"^[!#-\[\]-~]+$";

/// A claim about time.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum TimeClaim {
    /// Expiration (RFC 7519 section 4.1.4).
    Exp,
    /// Not before (RFC 7519 section 4.1.5).
    Nbf,
    /// Issued at (RFC 7519 section 4.1.6).
    Iat,
}

/// A claim a token must have, with at most one test of its value.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"claim": "realm_access.roles", "contains": "admin"}])))]
pub struct RequiredClaimConfig {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. A list gives each
    /// name on the path, for names with dots: `[resource_access, my.client, roles]`. Required.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["realm_access.roles"])))]
    pub claim: Option<ClaimName>,
    /// The claim has this value: a string, number or boolean. Default: any.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalar"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [true])))]
    pub equals: Option<Json>,
    /// The claim has one of these values. Default: any.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalars"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["gold", "silver"]])))]
    pub one_of: Option<Vec<Json>>,
    /// The claim is an array with this item, or a string with this word between spaces. Default: any.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalar"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["admin"])))]
    pub contains: Option<Json>,
    /// The test `contains` holds for at least one of these values. Default: any.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalars"))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["admin", "operator"]])))]
    pub contains_any: Option<Vec<Json>>,
    /// The claim is a string that this regular expression matches as a whole, or an array with such
    /// a string. At most 256 bytes. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["[a-z]+@example\\.com"])))]
    pub matches: Option<String>,
}

/// Scopes a token must have.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"all_of": ["orders:read"]}])))]
pub struct ScopesConfig {
    /// Every one of these is required. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = SCOPE))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["orders:read"]])))]
    pub all_of: Vec<String>,
    /// At least one of these is required, unless the list is empty. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = SCOPE))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["orders:write", "admin"]])))]
    pub any_of: Vec<String>,
}

/// Revoked tokens: rejected even if valid.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"jti": ["0c1f"]}])))]
pub struct DeniedTokensConfig {
    /// Denied values of `jti` (RFC 7519 section 4.1.7). Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["0c1f"]])))]
    pub jti: Vec<String>,
    /// Denied values of `sub` (RFC 7519 section 4.1.2). Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["user-17"]])))]
    pub sub: Vec<String>,
}

/// A value that a claim can be compared with.
#[cfg(feature = "schema")]
fn scalar(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "number", "boolean"]})
}

/// A list of [`scalar`] values.
#[cfg(feature = "schema")]
fn scalars(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": scalar(generator), "minItems": 1})
}
