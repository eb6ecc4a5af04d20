//! Tokens in compact serialization (RFC 7515 section 7.1), their form checked and nothing else.
//!
//! Read here, because libraries keep neither the header's unknown members nor the claims as they
//! were signed: both are looked at for duplicates, and the header for `crit`.

pub(crate) mod base64url;
pub(crate) mod cache;
pub(crate) mod claim_path;
pub(crate) mod header_text;

use novasphere_core::{Json, find_byte};

use crate::decision::Refusal;

/// The longest token that is looked at, in bytes. Header lines of proxies end about there.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token. Nothing in it is to be trusted before its signature is verified.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    /// The JOSE header: an object.
    pub header: Json,
    /// The payload: an object.
    pub claims: Json,
    /// What the signature is of.
    pub signed: &'t [u8],
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Reads a token.
    pub fn parse(text: &'t [u8]) -> Result<Self, Refusal> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TokenTooLarge);
        }
        let (header, rest) = cut(text).ok_or(Refusal::MalformedToken)?;
        let (payload, signature) = cut(rest).ok_or(Refusal::MalformedToken)?;
        if cut(signature).is_some() {
            return Err(Refusal::MalformedToken);
        }
        let header = object(header)?;
        // "crit" must be understood or refused, whatever its value (RFC 7515 section 4.1.11); "b64"
        // changes what is signed (RFC 7797 section 3).
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(Refusal::CriticalHeader);
        }
        let end = text.len().saturating_sub(signature.len()).saturating_sub(1);
        Ok(Self {
            claims: object(payload)?,
            signed: text.get(..end).unwrap_or_default(),
            signature: base64url(signature)?,
            header,
        })
    }

    /// What the header claims the algorithm to be; empty when it is no string.
    pub fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Json::as_str).unwrap_or_default()
    }
}

/// A JSON object without duplicate members (RFC 7515 section 4, RFC 7519 section 4).
fn object(part: &[u8]) -> Result<Json, Refusal> {
    match Json::parse(&base64url(part)?) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(Refusal::MalformedToken),
    }
}

/// What stands before and behind the first dot.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, from) = text.split_at_checked(find_byte(text, b'.')?)?;
    Some((before, from.get(1..)?))
}

/// The bytes that a part of a token stands for.
pub(crate) fn base64url(part: &[u8]) -> Result<Vec<u8>, Refusal> {
    base64url::decode(part).map_err(|_| Refusal::MalformedToken)
}
