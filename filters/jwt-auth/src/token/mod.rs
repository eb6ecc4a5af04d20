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
        Self::parse_parts(text, max_bytes, decode_part)
    }

    /// Parses a token whose parts may have base64 padding. The signature covers the padding.
    pub(crate) fn parse_padded(text: &'t [u8], max_bytes: usize) -> Result<Self, Refusal> {
        Self::parse_parts(text, max_bytes, |part| decode_part(without_padding(part)?))
    }

    fn parse_parts(
        text: &'t [u8],
        max_bytes: usize,
        decode: fn(&[u8]) -> Result<Vec<u8>, Refusal>,
    ) -> Result<Self, Refusal> {
        if text.len() > max_bytes {
            return Err(Refusal::TokenTooLarge);
        }
        let (header, rest) = split_at_dot(text).ok_or(Refusal::MalformedToken)?;
        let (payload, signature) = split_at_dot(rest).ok_or(Refusal::MalformedToken)?;
        if split_at_dot(signature).is_some() {
            return Err(Refusal::MalformedToken);
        }
        let header = object(&decode(header)?)?;
        // A recipient must understand "crit" or reject the token, whatever its value (RFC 7515
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
            claims: object(&decode(payload)?)?,
            signed: text.get(..end).unwrap_or_default(),
            signature: decode(signature)?,
            header,
        })
    }

    /// The `alg` of the header. Empty if it is not a string.
    pub(crate) fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Json::as_str).unwrap_or_default()
    }
}

/// A JSON object without duplicate members (RFC 7515 section 4, RFC 7519 section 4).
fn object(text: &[u8]) -> Result<Json, Refusal> {
    match Json::parse(text) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(Refusal::MalformedToken),
    }
}

/// The bytes before and after the first dot.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, from) = text.split_at_checked(memchr::memchr(b'.', text)?)?;
    Some((before, from.get(1..)?))
}

/// A part without its padding (RFC 4648 section 3.2), which is complete or absent.
fn without_padding(part: &[u8]) -> Result<&[u8], Refusal> {
    let end = part.iter().rposition(|b| *b != b'=').map_or(0, |last| last.saturating_add(1));
    let is_complete =
        part.len() == end || (part.len().is_multiple_of(4) && part.len().saturating_sub(end) <= 2);
    part.get(..end).filter(|_| is_complete).ok_or(Refusal::MalformedToken)
}

/// Decodes base64url (RFC 7515 section 2). Rejects padding, other characters and non-zero trailing
/// bits, so that a signed text has one form only.
pub(crate) fn decode_part(part: &[u8]) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::MalformedToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_complete_padding_only() {
        for (part, expected) in [
            ("", Some("")),
            ("_-8", Some("_-8")),
            ("_-8=", Some("_-8")),
            ("eA", Some("eA")),
            ("eA==", Some("eA")),
            ("eHh4", Some("eHh4")),
            ("eA=", None),
            ("_-8==", None),
            ("eHh4=", None),
            ("eHh4====", None),
            ("eH===", None),
            ("====", None),
            ("=", None),
        ] {
            let found = without_padding(part.as_bytes());
            assert_eq!(found.ok(), expected.map(str::as_bytes), "{part}");
        }
        // Padding elsewhere is left for the decoder, which rejects it.
        assert_eq!(without_padding(b"eA==eA=="), Ok(&b"eA==eA"[..]));
        assert_eq!(decode_part(b"eA==eA"), Err(Refusal::MalformedToken));
    }

    #[test]
    fn accepts_canonical_base64url_only() {
        assert_eq!(decode_part(b""), Ok(vec![]));
        assert_eq!(decode_part(b"_-8"), Ok(vec![0xff, 0xef]));
        for text in ["a", "aaaaa", "/+8", "_-8=", "_-9", "_-", "_x", " _-8", "_-8\n", "_\u{0}8="] {
            assert_eq!(decode_part(text.as_bytes()), Err(Refusal::MalformedToken), "{text:?}");
        }
    }
}
