//! The configuration as users write it.

use std::fmt;

use novasphere_core::Sensitive;
#[cfg(feature = "schema")]
use novasphere_core::schema::METHOD;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Configuration of the header-transform filter: the rules of Kong's request-transformer under
/// `request`, those of its response-transformer under `response`. At least one rule is needed.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub struct Config {
    /// Rules for requests, before they go upstream.
    pub request: Sensitive<RequestRules>,
    /// Rules for responses, before they go to the client.
    pub response: Sensitive<ResponseRules>,
}

/// Rules, carried out in this order; each sees what those before it left. Names of headers are
/// compared without regard to case, those of query parameters decoded. Values may be credentials for
/// the upstream, so faults do not quote them.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RequestRules {
    /// What to take away, all lines or parameters of a name: names, or `start*`.
    pub remove: RequestEntries,
    /// What to rename: `old:new`. All of the old name; what has the new name goes.
    pub rename: RequestEntries,
    /// What to give another value: `name:value`. Only if present.
    pub replace: RequestEntries,
    /// What to add: `name:value`. Only if absent.
    pub add: RequestEntries,
    /// What to append: `name:value`, in any case.
    pub append: RequestEntries,
}

/// What a rule for requests is about.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RequestEntries {
    /// Headers.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub headers: Vec<String>,
    /// Query parameters.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub querystring: Vec<String>,
    /// The methods of the requests the rule is for. Default any.
    #[cfg_attr(feature = "schema", schemars(inner(regex(pattern = METHOD))))]
    pub if_method: Vec<String>,
}

/// As for requests, without query parameters.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ResponseRules {
    /// Headers to take away, all lines: names, or `start*`.
    pub remove: ResponseEntries,
    /// Headers to rename: `old:new`.
    pub rename: ResponseEntries,
    /// Headers to give another value: `name:value`. Only if present.
    pub replace: ResponseEntries,
    /// Headers to add: `name:value`. Only if absent.
    pub add: ResponseEntries,
    /// Headers to append: `name:value`, in any case.
    pub append: ResponseEntries,
    /// The headers that may pass, together with `remove`: names, or `start*`. Default all.
    pub allow: Option<ResponseEntries>,
    /// Headers that tell browsers to be careful, after all other rules. Default none.
    pub security_headers: SecurityHeaders,
}

/// What a rule for responses is about.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ResponseEntries {
    /// Headers.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub headers: Vec<String>,
    /// The status codes of the responses the rule is for: 404, `200-299`, `5xx`. Default any.
    pub if_status: Vec<StatusText>,
}

/// One entry of `if_status`, number or text.
#[derive(Debug)]
pub struct StatusText(pub String);

/// `true`, `false`, or which of them.
#[derive(Debug, Default)]
pub enum SecurityHeaders {
    #[default]
    Off,
    On(SecurityValues),
}

/// The value of each, or `false` for none. An upstream's own value stays unless `override`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SecurityValues {
    /// RFC 6797. Default `max-age=31536000`.
    pub strict_transport_security: SecurityValue,
    /// Fetch standard. Default `nosniff`.
    pub x_content_type_options: SecurityValue,
    /// HTML standard. Default `DENY`.
    pub x_frame_options: SecurityValue,
    /// Referrer Policy. Default `strict-origin-when-cross-origin`.
    pub referrer_policy: SecurityValue,
    /// Whether an upstream's own values are replaced. Default false.
    #[serde(rename = "override")]
    pub overrides: bool,
}

const SECURITY_FIELDS: &[&str] = &[
    "strict_transport_security",
    "x_content_type_options",
    "x_frame_options",
    "referrer_policy",
    "override",
];

/// One of them.
#[derive(Debug, Default)]
pub enum SecurityValue {
    #[default]
    Default,
    Off,
    Text(String),
}

impl<'de> Deserialize<'de> for StatusText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StatusVisitor;
        impl Visitor<'_> for StatusVisitor {
            type Value = StatusText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a status: 404, "200-299" or "5xx""#)
            }

            fn visit_u64<E: Error>(self, code: u64) -> Result<StatusText, E> {
                Ok(StatusText(code.to_string()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<StatusText, E> {
                Ok(StatusText(text.to_owned()))
            }
        }
        deserializer.deserialize_any(StatusVisitor)
    }
}

impl<'de> Deserialize<'de> for SecurityHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecurityVisitor;
        impl<'de> Visitor<'de> for SecurityVisitor {
            type Value = SecurityHeaders;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or an object")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<SecurityHeaders, E> {
                Ok(match on {
                    true => SecurityHeaders::On(SecurityValues::default()),
                    false => SecurityHeaders::Off,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecurityHeaders, A::Error> {
                let values = SecurityValues::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SecurityHeaders::On(values))
            }
        }
        deserializer.deserialize_struct("SecurityHeaders", SECURITY_FIELDS, SecurityVisitor)
    }
}

impl<'de> Deserialize<'de> for SecurityValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl Visitor<'_> for ValueVisitor {
            type Value = SecurityValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or false for none")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<SecurityValue, E> {
                Ok(if on { SecurityValue::Default } else { SecurityValue::Off })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SecurityValue, E> {
                Ok(SecurityValue::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}
