//! Tokens in compact serialization (RFC 7515 section 7.1). This module checks only their form.
//!
//! The parsing is our own, because libraries keep neither unknown members of the JOSE header nor
//! the claims as signed. Both are checked for duplicate members, and the header for `crit`. The
//! decision record `docs/decisions/0002-jwt-compact.md` has the details.

pub(crate) mod cache;
pub(crate) mod claim_path;
pub(crate) mod header_text;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_core::Json;

use crate::decision::Refusal;

/// A parsed token. Its content is untrusted until the signature is verified.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    /// The JOSE header, a JSON object.
    pub(crate) header: Json,
    /// The payload, a JSON object.
    pub(crate) claims: Json,
    /// The signed bytes: the first two parts and the dot between them.
    pub(crate) signed: &'t [u8],
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Parses a token of at most `max_bytes` bytes.
    pub(crate) fn parse(text: &'t [u8], max_bytes: usize) -> Result<Self, Refusal> {
        if text.len() > max_bytes {
            return Err(Refusal::TokenTooLarge);
        }
        let (header, rest) = split_at_dot(text).ok_or(Refusal::MalformedToken)?;
        let (payload, signature) = split_at_dot(rest).ok_or(Refusal::MalformedToken)?;
        if split_at_dot(signature).is_some() {
            return Err(Refusal::MalformedToken);
        }
        let header = object(header)?;
        // A recipient must understand "crit" or refuse the token, whatever its value (RFC 7515
        // section 4.1.11). "b64" changes the signed bytes (RFC 7797 section 3).
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(Refusal::CriticalHeader);
        }
        // RFC 7515 section 4.1.9.
        if header.get("typ").is_some_and(|typ| typ.as_str().is_none()) {
            return Err(Refusal::MalformedToken);
        }
        let end = text.len().saturating_sub(signature.len()).saturating_sub(1);
        Ok(Self {
            claims: object(payload)?,
            signed: text.get(..end).unwrap_or_default(),
            signature: decode_part(signature)?,
            header,
        })
    }

    /// The `alg` of the header. Empty if it is not a string.
    pub(crate) fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Json::as_str).unwrap_or_default()
    }
}

/// A JSON object without duplicate members (RFC 7515 section 4, RFC 7519 section 4).
fn object(part: &[u8]) -> Result<Json, Refusal> {
    match Json::parse(&decode_part(part)?) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(Refusal::MalformedToken),
    }
}

/// The bytes before and after the first dot.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, from) = text.split_at_checked(memchr::memchr(b'.', text)?)?;
    Some((before, from.get(1..)?))
}

/// Decodes base64url (RFC 7515 section 2). Refuses padding, other characters and non-zero trailing
/// bits, so that a signed text has one form only.
pub(crate) fn decode_part(part: &[u8]) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::MalformedToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_canonical_base64url_only() {
        assert_eq!(decode_part(b""), Ok(vec![]));
        assert_eq!(decode_part(b"_-8"), Ok(vec![0xff, 0xef]));
        for text in ["a", "aaaaa", "/+8", "_-8=", "_-9", "_-", "_x", " _-8", "_-8\n", "_\u{0}8="] {
            assert_eq!(decode_part(text.as_bytes()), Err(Refusal::MalformedToken), "{text:?}");
        }
    }
}
