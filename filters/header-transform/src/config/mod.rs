//! The configuration as users write it.

#[cfg(feature = "schema")]
pub(crate) mod schema;
mod security_headers;
mod status_text;

#[cfg(feature = "schema")]
use novasphere_core::schema::METHOD;
use novasphere_core::{ConfigObject, Sensitive};

pub(crate) use self::{
    security_headers::{SecurityHeaders, SecurityValue, SecurityValues},
    status_text::StatusText,
};

/// Configuration of the header-transform filter: the rules of Kong's request-transformer under
/// `request`, the rules of its response-transformer under `response`. At least one rule is required.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub struct Config {
    /// Rules for requests, before they go upstream. Default: none.
    pub(crate) request: Sensitive<RequestRules>,
    /// Rules for responses, before they go to the client. Default: none.
    pub(crate) response: Sensitive<ResponseRules>,
}

/// Rules, which run in this order. Each rule sees the result of the rules before it. Names of headers
/// ignore case; names of query parameters are compared decoded. Values may be credentials for the
/// upstream, so faults do not quote them.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"add": {"headers": ["x-gateway:novasphere"]}}])))]
pub struct RequestRules {
    /// Removes all lines or parameters of a name. Entries: a name, or `start*`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["x-internal-*"]}])))]
    pub(crate) remove: RequestEntries,
    /// Renames all lines or parameters of a name, and removes the former ones of the new name.
    /// Entries: `old:new`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["x-old:x-new"]}])))]
    pub(crate) rename: RequestEntries,
    /// Sets another value if the name is present. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["x-env:production"]}])))]
    pub(crate) replace: RequestEntries,
    /// Adds a line or parameter if the name is absent. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["x-gateway:novasphere"]}])))]
    pub(crate) add: RequestEntries,
    /// Always adds a line or parameter. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"querystring": ["source:gateway"]}])))]
    pub(crate) append: RequestEntries,
}

/// The entries of a rule for requests.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RequestEntries {
    /// Entries for headers. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["x-gateway:novasphere"]])))]
    pub(crate) headers: Vec<String>,
    /// Entries for query parameters. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["source:gateway"]])))]
    pub(crate) querystring: Vec<String>,
    /// The methods of the requests to which the rule applies. Default: any.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = METHOD))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["POST"]])))]
    pub(crate) if_method: Vec<String>,
}

/// Rules for responses, as for requests but without query parameters.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"remove": {"headers": ["server"]}}])))]
pub struct ResponseRules {
    /// Removes all lines of a header. Entries: a name, or `start*`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["server", "x-powered-by"]}])))]
    pub(crate) remove: ResponseEntries,
    /// Renames all lines of a header, and removes the former lines of the new name. Entries:
    /// `old:new`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["x-old:x-new"]}])))]
    pub(crate) rename: ResponseEntries,
    /// Sets another value if the header is present. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["cache-control:no-store"]}])))]
    pub(crate) replace: ResponseEntries,
    /// Adds a header if it is absent. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["cache-control:no-store"]}])))]
    pub(crate) add: ResponseEntries,
    /// Always adds a header line. Entries: `name:value`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["vary:accept-language"]}])))]
    pub(crate) append: ResponseEntries,
    /// Removes all other headers, before `remove`. Entries: a name, or `start*`. Default: all
    /// headers pass.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"headers": ["content-*", "cache-control"]}])))]
    pub(crate) allow: Option<ResponseEntries>,
    /// Security headers for browsers, added after all other rules. In the gateway, the other
    /// filters' rejections get them too. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [true])))]
    pub(crate) security_headers: SecurityHeaders,
}

/// The entries of a rule for responses.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ResponseEntries {
    /// Entries for headers. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["cache-control:no-store"]])))]
    pub(crate) headers: Vec<String>,
    /// The status codes of the responses to which the rule applies, from 200 to 599: 404,
    /// `200-299`, `5xx`. Default: any.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["200-299", 404]])))]
    pub(crate) if_status: Vec<StatusText>,
    /// Whether the rule also applies to the other filters' rejections, such as a 401 or 429. In the
    /// gateway only. Default: false.
    pub(crate) on_refusals: bool,
}
