//! The configuration as users write it.

#[cfg(feature = "schema")]
pub(crate) mod schema;

use novasphere_core::{ConfigObject, Filter};
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use serde::Deserialize;

/// Configuration of the gateway: any of the filters, each with its own configuration.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = schema::one_of_them())))]
pub struct Config {
    /// Configuration of the cors filter. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"origins": ["https://app.example.com"]}])))]
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_cors::schema"))]
    pub(crate) cors: Option<<Cors as Filter>::Config>,
    /// Configuration of the jwt-auth filter. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"credentials": [{"key": "web-app", "secret": {"env": "JWT_SECRET"}}]}])))]
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_jwt_auth::schema"))]
    pub(crate) jwt_auth: Option<<JwtAuth as Filter>::Config>,
    /// Configuration of the rate-limit filter. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"minute": 300, "limit_by": "consumer"}])))]
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_rate_limit::schema"))]
    pub(crate) rate_limit: Option<<RateLimit as Filter>::Config>,
    /// Configuration of the header-transform filter. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"response": {"remove": {"headers": ["server"]}}}])))]
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_header_transform::schema"))]
    pub(crate) header_transform: Option<<HeaderTransform as Filter>::Config>,
    /// The order in which requests pass the filters: each configured filter once. Default: cors,
    /// jwt_auth, rate_limit, header_transform.
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true)))]
    pub(crate) order: Option<Vec<FilterKind>>,
}

/// A filter that a chain can contain.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// The cors filter.
    Cors,
    /// The jwt-auth filter.
    JwtAuth,
    /// The rate-limit filter.
    RateLimit,
    /// The header-transform filter.
    HeaderTransform,
}

impl FilterKind {
    /// All filters, in the default order.
    pub(crate) const ALL: [FilterKind; 4] =
        [FilterKind::Cors, FilterKind::JwtAuth, FilterKind::RateLimit, FilterKind::HeaderTransform];

    /// The member of the configuration that configures the filter.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            FilterKind::Cors => "cors",
            FilterKind::JwtAuth => "jwt_auth",
            FilterKind::RateLimit => "rate_limit",
            FilterKind::HeaderTransform => "header_transform",
        }
    }
}
