//! Claims for the upstream, for later filters and for the access log, as users write them.

use novasphere_core::ConfigObject;
#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, TOKEN};
use serde::Deserialize;

use super::ClaimName;

/// A claim that becomes a request header.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim", "header"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"claim": "sub", "header": "x-user-id"}])))]
pub struct ClaimToHeader {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. A list gives each
    /// name on the path, for names with dots: `[resource_access, my.client, roles]`. Required.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["sub"])))]
    pub claim: Option<ClaimName>,
    /// The form of the value: `text`; `json`, compact JSON in ASCII, for any claim; or
    /// `base64_json`, compact JSON in base64url without padding. Default: `text`.
    #[serde(rename = "as")]
    pub format: ClaimFormat,
    /// The header for the upstream. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["x-user-id"])))]
    pub header: Option<String>,
    /// Whether the client's own header stays if the token lacks the claim. Only for headers that
    /// grant nothing. Default: false.
    pub keep_inbound: bool,
}

/// A claim that later filters and the access log can read.
#[derive(Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["claim", "attribute"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"claim": "tenant", "attribute": "tenant"}])))]
pub struct ClaimToAttribute {
    /// The claim's name, or a path with dots into objects: `realm_access.roles`. A list gives each
    /// name on the path, for names with dots: `[resource_access, my.client, roles]`. Required.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["tenant"])))]
    pub claim: Option<ClaimName>,
    /// The form of the value: `text`; `json`, compact JSON in ASCII, for any claim; or
    /// `base64_json`, compact JSON in base64url without padding. Default: `text`.
    #[serde(rename = "as")]
    pub format: ClaimFormat,
    /// The attribute's name: letters, digits, `_`, `-` and `.`. Required.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["tenant"])))]
    pub attribute: Option<String>,
}

/// The form of a claim in a header or an attribute.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum ClaimFormat {
    /// The text of a string, whole number or boolean, or the items of an array, joined by `,`.
    #[default]
    Text,
    /// Compact JSON in ASCII.
    Json,
    /// Compact JSON in base64url without padding.
    Base64Json,
}
