//! Rules.

#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, METHOD, PATH, TOKEN};
use novasphere_core::{ConfigObject, OneOrMany};

use super::{client::LimitBy, limits::WindowConfig};

/// Limits or a cost for some requests. All given conditions must match.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"name": "login", "path": "/login", "minute": 5}])))]
pub struct RuleConfig {
    /// The name in metrics: 1 to 64 letters, digits, `_` and `-`. `default` is reserved. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Za-z0-9_-]{1,64}$")))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["login"])))]
    pub name: Option<String>,
    /// One of these methods, at least one. Default: any method.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = METHOD))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["POST"]])))]
    pub methods: Option<Vec<String>>,
    /// Whether `GET` does not include `HEAD`. In a rule with a limit or a cost, it does by default.
    /// Default: false.
    pub exact_methods: bool,
    /// Exactly this path. Set at most one of the three path fields. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/login"])))]
    pub path: Option<String>,
    /// This path and all paths below it. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/reports"])))]
    pub path_prefix: Option<String>,
    /// This path, with `{name}` for any one segment. Default: any path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/users/{id}/export"])))]
    pub path_template: Option<String>,
    /// Whether ASCII letters of the path match in any case. Default: false.
    pub ignore_case: bool,
    /// The name of the proxy's route. Default: any route.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["reports"])))]
    pub route: Option<String>,
    /// A claim of the token. Its `name` is like `claim_name`. Default: any token.
    pub claim: Option<ExpectedConfig>,
    /// A request header. Default: any headers.
    pub header: Option<ExpectedConfig>,
    /// The number of requests that one request counts for, from 1 to the lowest limit. Default: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10])))]
    pub cost: Option<u32>,
    /// Whether the requests have no limit. Default: false.
    pub unlimited: bool,
    /// Requests per second, from 1. A rule with a limit counts separately from the filter. Default:
    /// no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [1])))]
    pub second: Option<u32>,
    /// Requests per minute, from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [5])))]
    pub minute: Option<u32>,
    /// Requests per hour, from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [100])))]
    pub hour: Option<u32>,
    /// Requests per day (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [1000])))]
    pub day: Option<u32>,
    /// Requests per calendar month (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10000])))]
    pub month: Option<u32>,
    /// Requests per calendar year (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [100000])))]
    pub year: Option<u32>,
    /// Requests per window of another length. Default: no limit.
    pub window: Option<WindowConfig>,
    /// Which requests count together. Default: the filter's `limit_by`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["consumer", ["consumer", "service"]])))]
    pub limit_by: Option<OneOrMany<LimitBy>>,
    /// The header that identifies a client. Required with `limit_by: header` in the rule.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["x-api-key"])))]
    pub header_name: Option<String>,
    /// The claim that identifies a client. Required with `limit_by: claim` in the rule.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["tenant"])))]
    pub claim_name: Option<String>,
}

/// A name and its accepted values.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name", "one_of"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"name": "plan", "one_of": ["free"]}])))]
pub struct ExpectedConfig {
    /// The name. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["plan"])))]
    pub name: Option<String>,
    /// The accepted values, at least one. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["free", "trial"]])))]
    pub one_of: Vec<String>,
}
