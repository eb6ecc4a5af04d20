//! Text as a field value (RFC 9110 section 5.5). Different texts give different values.
//!
//! These bytes are percent-encoded:
//!
//! - `%`;
//! - bytes of non-ASCII characters in UTF-8, which upstreams would read as opaque data;
//! - a space at either end, which is not part of a field value;
//! - `,` inside a list item.
//!
//! Text with a control character has no value.
//!
//! The JSON of a claim needs none of this: it is ASCII, has no control character, and neither starts
//! nor ends with a space.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_core::Json;
use percent_encoding::percent_encode_byte;

/// Maximum size of a configured value in bytes, after encoding. Upstreams often refuse a head above
/// 8 KiB.
const MAX_CONFIGURED_BYTES: usize = 4096;

/// The form of a claim in a field value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimForm {
    /// Its text. Objects and fractions have none.
    Text,
    /// Its compact JSON, with escapes (RFC 8259 section 7) for all characters outside ASCII.
    Json,
    /// Its compact JSON in base64url without padding.
    Base64Json,
}

/// A text that cannot become a field value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidHeaderText {
    /// A control character.
    Control,
    /// Longer than this number of bytes after encoding.
    TooLong { max: usize },
    /// A claim that is neither a string, whole number or boolean, nor an array of these.
    Shape,
}

impl fmt::Display for InvalidHeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control => f.write_str("must not contain a control character"),
            Self::TooLong { max } => {
                write!(f, "must be at most {max} bytes, percent-encoding included")
            }
            Self::Shape => {
                f.write_str("must be a string, a whole number, a boolean or an array of these")
            }
        }
    }
}

impl std::error::Error for InvalidHeaderText {}

/// The value of a configured text.
pub(crate) fn from_text(text: &str) -> Result<Vec<u8>, InvalidHeaderText> {
    let mut value = Vec::with_capacity(text.len());
    push(&mut value, text, false)?;
    bounded(value, MAX_CONFIGURED_BYTES)
}

/// The value of a claim. Some claims have no text, and no claim has a value of more than `max` bytes
/// after encoding.
pub(crate) fn from_claim(
    claim: &Json,
    form: ClaimForm,
    max: usize,
) -> Result<Vec<u8>, InvalidHeaderText> {
    let value = match form {
        ClaimForm::Text => text(claim)?,
        ClaimForm::Json => ascii(&claim.to_string()),
        ClaimForm::Base64Json => BASE64_URL_SAFE_NO_PAD.encode(claim.to_string()).into_bytes(),
    };
    bounded(value, max)
}

/// The text of a string, whole number or boolean, or the items of an array, joined by `,`.
fn text(claim: &Json) -> Result<Vec<u8>, InvalidHeaderText> {
    let mut value = Vec::new();
    let Json::Array(items) = claim else {
        push_scalar(&mut value, claim, false)?;
        return Ok(value);
    };
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            value.push(b',');
        }
        push_scalar(&mut value, item, true)?;
    }
    Ok(value)
}

/// JSON text with escapes for DEL and all characters outside ASCII, which are only in its strings.
fn ascii(json: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            value.push(c as u8);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            value.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
    }
    value
}

fn push_scalar(value: &mut Vec<u8>, scalar: &Json, in_list: bool) -> Result<(), InvalidHeaderText> {
    match scalar {
        Json::String(text) => push(value, text, in_list),
        // Many different numbers are written as the same double.
        Json::Number(number) if !number.is_i64() && !number.is_u64() => {
            Err(InvalidHeaderText::Shape)
        }
        Json::Number(number) => push(value, &number.to_string(), in_list),
        Json::Bool(flag) => push(value, if *flag { "true" } else { "false" }, in_list),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(InvalidHeaderText::Shape),
    }
}

fn push(value: &mut Vec<u8>, text: &str, in_list: bool) -> Result<(), InvalidHeaderText> {
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'%' | b',');
    if text.bytes().all(is_plain) {
        value.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let last = text.len().saturating_sub(1);
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            _ if byte.is_ascii_control() => return Err(InvalidHeaderText::Control),
            b' ' if i == 0 || i == last => value.extend_from_slice(b"%20"),
            b',' if in_list => value.extend_from_slice(b"%2C"),
            b'%' | 0x80.. => value.extend_from_slice(percent_encode_byte(byte).as_bytes()),
            _ => value.push(byte),
        }
    }
    Ok(())
}

fn bounded(value: Vec<u8>, max: usize) -> Result<Vec<u8>, InvalidHeaderText> {
    if value.len() <= max { Ok(value) } else { Err(InvalidHeaderText::TooLong { max }) }
}
