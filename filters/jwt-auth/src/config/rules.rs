//! Wire structs of the rules about claims and about requests that need no token.

use novasphere_core::Json;
use serde::Deserialize;

/// A claim a token must have, and what must be in it: at most one of the tests.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RequiredClaimConfig {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. Required.
    pub claim: Option<String>,
    /// The claim is this string, number or boolean.
    pub equals: Option<Json>,
    /// The claim is one of these.
    pub one_of: Option<Vec<Json>>,
    /// The claim is an array with this item, or a string with this word between spaces.
    pub contains: Option<Json>,
    /// The same with at least one of these.
    pub contains_any: Option<Vec<Json>>,
    /// The claim is a string that this regular expression matches as a whole, or an array with one.
    pub matches: Option<String>,
}

/// Scopes a token must have.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ScopesConfig {
    /// Each of these.
    pub all_of: Vec<String>,
    /// At least one of these, if there are any.
    pub any_of: Vec<String>,
}

/// Tokens that are refused although they are good.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DeniedTokensConfig {
    /// Those with one of these `jti` (RFC 7519 section 4.1.7).
    pub jti: Vec<String>,
    /// Those with one of these `sub` (RFC 7519 section 4.1.2).
    pub sub: Vec<String>,
}

/// A claim that later filters and the access log can read.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClaimToAttribute {
    /// The claim's name, or a path with dots into objects. Required.
    pub claim: Option<String>,
    /// The attribute's name. Required.
    pub attribute: Option<String>,
}

/// Requests that need no token: exactly one of the three paths.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SkipConfig {
    /// Their methods, at least one. Default: any.
    pub methods: Option<Vec<String>>,
    /// Their path.
    pub path: Option<String>,
    /// Their path or the start of it, up to a `/`.
    pub path_prefix: Option<String>,
    /// Their path, `{name}` standing for one segment.
    pub path_template: Option<String>,
    /// Whether ASCII letters match in any case. Default false.
    pub ignore_case: bool,
}
