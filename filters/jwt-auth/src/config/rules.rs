//! Wire structs of the rules about claims and about requests that need no token.

use novasphere_core::Json;
#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, METHOD, PATH, each_required};
use serde::Deserialize;

#[cfg(feature = "schema")]
use super::schema::{SCOPE, scalar, scalars};

/// A claim a token must have, and what must be in it: at most one of the tests.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim"])))]
pub struct RequiredClaimConfig {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub claim: Option<String>,
    /// The claim is this string, number or boolean.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalar"))]
    pub equals: Option<Json>,
    /// The claim is one of these.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalars"))]
    pub one_of: Option<Vec<Json>>,
    /// The claim is an array with this item, or a string with this word between spaces.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalar"))]
    pub contains: Option<Json>,
    /// The same with at least one of these.
    #[cfg_attr(feature = "schema", schemars(schema_with = "scalars"))]
    pub contains_any: Option<Vec<Json>>,
    /// The claim is a string that this regular expression matches as a whole, or an array with one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub matches: Option<String>,
}

/// Scopes a token must have.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ScopesConfig {
    /// Each of these.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = SCOPE))))]
    pub all_of: Vec<String>,
    /// At least one of these, if there are any.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = SCOPE))))]
    pub any_of: Vec<String>,
}

/// Tokens that are refused although they are good.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeniedTokensConfig {
    /// Those with one of these `jti` (RFC 7519 section 4.1.7).
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub jti: Vec<String>,
    /// Those with one of these `sub` (RFC 7519 section 4.1.2).
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub sub: Vec<String>,
}

/// A claim that later filters and the access log can read.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim", "attribute"])))]
pub struct ClaimToAttribute {
    /// The claim's name, or a path with dots into objects. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub claim: Option<String>,
    /// The attribute's name. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    pub attribute: Option<String>,
}

/// Requests that need no token: exactly one of the three paths.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = each_required(&["path", "path_prefix", "path_template"]))))]
pub struct SkipConfig {
    /// Their methods, at least one. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = METHOD))))]
    pub methods: Option<Vec<String>>,
    /// Their path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path: Option<String>,
    /// Their path or the start of it, up to a `/`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path_prefix: Option<String>,
    /// Their path, `{name}` standing for one segment.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path_template: Option<String>,
    /// Whether ASCII letters match in any case. Default false.
    pub ignore_case: bool,
}
