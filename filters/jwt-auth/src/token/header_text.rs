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

use std::fmt;

use novasphere_core::Json;
use percent_encoding::percent_encode_byte;

/// Maximum size of a configured value in bytes, after encoding. Upstreams often refuse a head above
/// 8 KiB.
const MAX_CONFIGURED_BYTES: usize = 4096;

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

/// The value of a claim: the text of a string, whole number or boolean, or the items of an array,
/// joined by `,`. Other claims have no value, nor do claims of more than `max` bytes after encoding.
pub(crate) fn from_claim(claim: &Json, max: usize) -> Result<Vec<u8>, InvalidHeaderText> {
    let mut value = Vec::new();
    let Json::Array(items) = claim else {
        push_scalar(&mut value, claim, false)?;
        return bounded(value, max);
    };
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            value.push(b',');
        }
        push_scalar(&mut value, item, true)?;
    }
    bounded(value, max)
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
