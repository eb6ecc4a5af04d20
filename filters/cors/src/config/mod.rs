//! The configuration as users write it. Names and defaults follow Kong's cors plugin where it has
//! the field.

#[cfg(feature = "schema")]
pub(crate) mod schema;

use novasphere_core::ConfigObject;
#[cfg(feature = "schema")]
use novasphere_core::schema::TOKEN;
use serde::Deserialize;

/// Configuration of the cors filter.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Origins that may read responses. An entry is an origin (`https://app.novasphere.io`,
    /// `http://localhost:3000`), the subdomains of a domain (`https://*.novasphere.io` for one
    /// label, `https://**.novasphere.io` for one or more, both without the domain itself), a host on
    /// any port (`http://localhost:*`), a regular expression for a whole origin
    /// (`~https://pr-[0-9]+\.novasphere\.io`), `null`, or `*` for every origin. An entry without a
    /// port means the scheme's default port. Default: `["*"]`; none with `policies`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["https://app.example.com", "https://*.example.com"]])))]
    pub(crate) origins: Option<Vec<String>>,

    /// Methods a page may use (`Access-Control-Allow-Methods`), case-sensitive. Browsers always
    /// allow GET, HEAD and POST. Default: GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["GET", "POST"]])))]
    pub(crate) methods: Option<Vec<String>>,

    /// Request headers a page may send (`Access-Control-Allow-Headers`). An empty list allows the
    /// safelisted headers only. Without `credentials`, `*` allows every header, `Authorization`
    /// included. Default: the headers that the preflight requests.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["authorization", "content-type"]])))]
    pub(crate) headers: Option<Vec<String>>,

    /// Response headers a page may read (`Access-Control-Expose-Headers`), besides the safelisted
    /// headers. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["x-request-id"]])))]
    pub(crate) exposed_headers: Option<Vec<String>>,

    /// Whether pages may send cookies and HTTP authentication, and read the responses
    /// (`Access-Control-Allow-Credentials`). Default: false.
    pub(crate) credentials: Option<bool>,

    /// How long a browser may cache a preflight response (`Access-Control-Max-Age`), in seconds, from
    /// 0. Browsers cap the value at 600, 7200 or 86400. Default: not sent, which browsers treat as 5.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [600])))]
    pub(crate) max_age: Option<u32>,

    /// Whether pages of public sites may reach a private network
    /// (`Access-Control-Allow-Private-Network`). Sent if the preflight requests it; with
    /// `preflight_continue`, if the upstream sends it. Default: false.
    pub(crate) private_network: Option<bool>,

    /// With `*` in `origins`: send the request's origin instead of `*`. Together with `credentials`
    /// this lets every site act as the user. Default: false.
    pub(crate) reflect_any_origin: bool,

    /// Other settings for some origins. The first entry that matches the origin decides; the filter's
    /// own fields come last. Default: none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) policies: Option<Vec<PolicyConfig>>,

    /// Whether preflights go to the upstream, which then decides about methods, headers and
    /// lifetime. Default: false.
    pub(crate) preflight_continue: bool,

    /// Status of a preflight response: 200 or 204. Default: 204.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [200, 204])))]
    pub(crate) preflight_status: Option<u16>,

    /// Whether to reject requests from disallowed origins with 403 if they could change something:
    /// unsafe methods (RFC 9110 section 9.2.1) and WebSockets. Default: false.
    pub(crate) block_disallowed: bool,

    /// With `origins` `["*"]`: whether responses to requests without `Origin` also say `*`. Default:
    /// true.
    pub(crate) allow_origin_absent: Option<bool>,
}

/// An entry of `policies`. A missing field takes the value beside `policies`, except for
/// `reflect_any_origin`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"origins": ["https://partner.example.org"], "methods": ["GET"]}])))]
pub struct PolicyConfig {
    /// The origins of this policy, written as in `origins` above. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["https://partner.example.org"]])))]
    pub(crate) origins: Vec<String>,
    /// See `methods` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["GET"]])))]
    pub(crate) methods: Option<Vec<String>>,
    /// See `headers` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["authorization"]])))]
    pub(crate) headers: Option<Vec<String>>,
    /// See `exposed_headers` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = TOKEN))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["x-request-id"]])))]
    pub(crate) exposed_headers: Option<Vec<String>>,
    /// See `credentials` above.
    #[serde(default)]
    pub(crate) credentials: Option<bool>,
    /// See `max_age` above.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [60])))]
    pub(crate) max_age: Option<u32>,
    /// See `private_network` above.
    #[serde(default)]
    pub(crate) private_network: Option<bool>,
    /// See `reflect_any_origin` above. Default: false.
    #[serde(default)]
    pub(crate) reflect_any_origin: bool,
}
