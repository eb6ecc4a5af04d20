//! `security_headers`.

use std::fmt;

use novasphere_core::ConfigObject;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// `true`, `false`, or an object with the value of each header.
#[derive(Debug, Default)]
pub enum SecurityHeaders {
    #[default]
    Off,
    On(SecurityValues),
}

impl SecurityHeaders {
    pub(crate) fn is_on(&self) -> bool {
        matches!(self, SecurityHeaders::On(_))
    }
}

/// The value of each header, or `false` for none. The upstream's own value stays unless `override`
/// is true.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"x_frame_options": "SAMEORIGIN"}])))]
pub struct SecurityValues {
    /// `Strict-Transport-Security` (RFC 6797). Default: `max-age=31536000`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["max-age=63072000; includeSubDomains"])))]
    pub(crate) strict_transport_security: SecurityValue,
    /// `X-Content-Type-Options` (Fetch standard). Default: `nosniff`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [false])))]
    pub(crate) x_content_type_options: SecurityValue,
    /// `X-Frame-Options` (HTML standard). Default: `DENY`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["SAMEORIGIN"])))]
    pub(crate) x_frame_options: SecurityValue,
    /// `Referrer-Policy` (Referrer Policy). Default: `strict-origin-when-cross-origin`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["no-referrer"])))]
    pub(crate) referrer_policy: SecurityValue,
    /// Whether to replace the upstream's own values. Default: false.
    #[serde(rename = "override")]
    pub(crate) overrides: bool,
}

/// The fields of [`SecurityValues`], for error messages.
const FIELDS: &[&str] = &[
    "strict_transport_security",
    "x_content_type_options",
    "x_frame_options",
    "referrer_policy",
    "override",
];

/// A text, `true` for the default, or `false` for none.
#[derive(Debug, Default)]
pub enum SecurityValue {
    #[default]
    Default,
    Off,
    Text(String),
}

impl<'de> Deserialize<'de> for SecurityHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("SecurityHeaders", FIELDS, HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
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
        SecurityValues::deserialize(MapAccessDeserializer::new(map)).map(SecurityHeaders::On)
    }
}

impl<'de> Deserialize<'de> for SecurityValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

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
