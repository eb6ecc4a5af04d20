//! Text as a field value (RFC 9110 section 5.5), so that no two texts give the same value.
//!
//! Percent-encoded are: `%` itself, bytes beyond ASCII (of UTF-8; as they are, they would be
//! opaque to the upstream), white space at an end (which is not part of a field value), and `,`
//! inside an item of a list. Control characters have no form here at all.

use novasphere_core::Json;
use percent_encoding::percent_encode_byte;

/// The longest value, in bytes as sent. Upstreams often refuse heads beyond 8 KiB.
pub(crate) const MAX_VALUE_BYTES: usize = 4096;

/// The text holds a control character, is too long, or is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnusableText;

/// The value for `text`.
pub(crate) fn from_text(text: &str) -> Result<Vec<u8>, UnusableText> {
    let mut value = Vec::with_capacity(text.len());
    push(&mut value, text, false)?;
    bounded(value)
}

/// The value for a claim: of a string, whole number or boolean its text; of an array its items, joined by
/// `,`. Objects and arrays of more than that have none.
pub(crate) fn from_claim(claim: &Json) -> Result<Vec<u8>, UnusableText> {
    let Json::Array(items) = claim else {
        let mut value = Vec::new();
        push_scalar(&mut value, claim, false)?;
        return bounded(value);
    };
    let mut value = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            value.push(b',');
        }
        push_scalar(&mut value, item, true)?;
    }
    bounded(value)
}

fn push_scalar(value: &mut Vec<u8>, scalar: &Json, in_list: bool) -> Result<(), UnusableText> {
    match scalar {
        Json::String(text) => push(value, text, in_list),
        // A double that is no integer of 64 bits may stand for many numbers.
        Json::Number(number) if !number.is_i64() && !number.is_u64() => Err(UnusableText),
        Json::Number(number) => push(value, &number.to_string(), in_list),
        Json::Bool(flag) => push(value, if *flag { "true" } else { "false" }, in_list),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(UnusableText),
    }
}

fn push(value: &mut Vec<u8>, text: &str, in_list: bool) -> Result<(), UnusableText> {
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'%' | b',');
    if text.bytes().all(is_plain) {
        value.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let last = text.len().saturating_sub(1);
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            _ if byte.is_ascii_control() => return Err(UnusableText),
            b' ' if i == 0 || i == last => value.extend_from_slice(b"%20"),
            b',' if in_list => value.extend_from_slice(b"%2C"),
            b'%' | 0x80.. => value.extend_from_slice(percent_encode_byte(byte).as_bytes()),
            _ => value.push(byte),
        }
    }
    Ok(())
}

fn bounded(value: Vec<u8>) -> Result<Vec<u8>, UnusableText> {
    if value.len() <= MAX_VALUE_BYTES { Ok(value) } else { Err(UnusableText) }
}
