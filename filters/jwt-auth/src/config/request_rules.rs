//! Rules about requests, as users write them.

use novasphere_core::ConfigObject;
#[cfg(feature = "schema")]
use novasphere_core::schema::{METHOD, PATH, TOKEN, each_required};

use super::{RequiredClaimConfig, ScopesConfig};

/// Requests that need no token. Exactly one of the three paths is required.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = each_required(&["path", "path_prefix", "path_template"]))))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"path_prefix": "/public"}])))]
pub struct SkipConfig {
    /// Methods in upper case, at least one. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = METHOD))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["GET", "HEAD"]])))]
    pub methods: Option<Vec<String>>,
    /// Exactly this path. Default: none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/health"])))]
    pub path: Option<String>,
    /// This path and everything below it: `/public` covers `/public/a`, but not `/publicity`.
    /// Default: none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/public"])))]
    pub path_prefix: Option<String>,
    /// A path in which `{name}` matches one segment that is not empty: `/users/{id}/photo`.
    /// Default: none.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/users/{id}/photo"])))]
    pub path_template: Option<String>,
    /// Whether ASCII letters match in any case. Default: false.
    pub ignore_case: bool,
}

/// Different checks for some requests. The first entry whose conditions all match applies.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"path_prefix": "/admin", "scopes": {"all_of": ["admin"]}}])))]
pub struct RuleConfig {
    /// One of these methods, at least one. `GET` includes `HEAD` only in a rule that is at least as
    /// strict as the filter. Default: any method.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = METHOD))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["POST", "PUT", "PATCH", "DELETE"]])))]
    pub methods: Option<Vec<String>>,
    /// Exactly this path. Set at most one of the three path fields. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/orders"])))]
    pub path: Option<String>,
    /// This path and all paths below it. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/admin"])))]
    pub path_prefix: Option<String>,
    /// This path, with `{name}` for any one segment. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/users/{id}/roles"])))]
    pub path_template: Option<String>,
    /// Whether ASCII letters of the path match in any case. Default: false.
    pub ignore_case: bool,
    /// The name of the proxy's route. Default: any route.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["admin"])))]
    pub route: Option<String>,
    /// A request header and its accepted values. Only in a rule that is at least as strict as the
    /// filter, because clients choose their headers. Default: any headers.
    pub header: Option<HeaderConfig>,
    /// Whether the requests need no token. Such a rule has only conditions. Default: false.
    pub skip: bool,
    /// Whether a request without a token passes, without an identity. Default: the filter's
    /// `optional`.
    pub optional: bool,
    /// Whether rejections are only counted. Default: the filter's `report_only`.
    pub report_only: bool,
    /// Scopes that a token must have, in place of the filter's. Default: the filter's `scopes`.
    pub scopes: Option<ScopesConfig>,
    /// Claims that a token must have, in addition to the filter's. Default: none.
    pub required_claims: Vec<RequiredClaimConfig>,
    /// Accepted `aud` values, at least one, in place of the filter's. Default: the filter's
    /// `audiences`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["admin-api"]])))]
    pub audiences: Option<Vec<String>>,
    /// Accepted `iss` values, at least one, in place of the filter's. Default: the filter's
    /// `issuers`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["https://id.example.com"]])))]
    pub issuers: Option<Vec<String>>,
}

/// A header and its accepted values.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name", "one_of"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"name": "x-tenant", "one_of": ["a"]}])))]
pub struct HeaderConfig {
    /// The name. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["x-tenant"])))]
    pub name: Option<String>,
    /// The accepted values, at least one. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["a", "b"]])))]
    pub one_of: Vec<String>,
}
