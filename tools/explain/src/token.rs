//! Tokens in requests, and the signatures of assumed keys.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use crate::Line;

/// A token in a string: the members of its header that select a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundToken {
    /// The token as it is in the request.
    pub(crate) text: String,
    /// The header's `alg`.
    pub(crate) algorithm: String,
    /// The header's `kid`.
    pub(crate) kid: Option<String>,
}

/// The different tokens in lines of a request.
pub(crate) fn find(lines: &[Line]) -> Vec<FoundToken> {
    let mut found: Vec<FoundToken> = Vec::new();
    for (_, value) in lines {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
        let text = String::from_utf8_lossy(value);
        // A query parameter or a cookie has a name before the token.
        let words = text
            .split(|c| !is_part(c))
            .flat_map(|word| [word, word.split_once('=').map_or("", |(_, value)| value)]);
        for token in words.filter_map(FoundToken::parse) {
            if !found.contains(&token) {
                found.push(token);
            }
        }
    }
    found
}

impl FoundToken {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, _, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let header = BASE64_URL_SAFE_NO_PAD.decode(header.trim_end_matches('=')).ok()?;
        let header: Value = serde_json::from_slice(&header).ok()?;
        let member = |name| header.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { text: text.to_owned(), algorithm: member("alg")?, kid: member("kid") })
    }

    /// The part of the token that is signed.
    pub(crate) fn signed(&self) -> &str {
        self.text.rsplit_once('.').map_or(self.text.as_str(), |(signed, _)| signed)
    }

    /// The token with another signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signed(), BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The token signed with a secret. `None` for other algorithms than HMAC.
    pub(crate) fn signed_with(&self, secret: &[u8]) -> Option<String> {
        let message = self.signed().as_bytes();
        let signature = match self.algorithm.as_str() {
            "HS256" => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
            "HS384" => {
                let mut mac = Hmac::<Sha384>::new_from_slice(secret).ok()?;
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
            "HS512" => {
                let mut mac = Hmac::<Sha512>::new_from_slice(secret).ok()?;
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
            _ => return None,
        };
        Some(self.with_signature(&signature))
    }
}

/// Replaces a string in all values of lines.
pub(crate) fn replace(lines: &mut [Line], from: &str, to: &str) {
    for (_, value) in lines {
        if let Ok(text) = str::from_utf8(value)
            && text.contains(from)
        {
            *value = text.replace(from, to).into_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.1 with another key.
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJqb2UifQ.c2ln";

    #[test]
    fn finds_tokens_where_clients_send_them() {
        for (name, value) in [
            ("authorization", format!("Bearer {TOKEN}")),
            (":path", format!("/a?x=1&token={TOKEN}&y")),
            ("cookie", format!("a=b; session=\"{TOKEN}\"")),
        ] {
            let found = find(&[(name.into(), value.into_bytes())]);
            let [token] = &found[..] else { panic!("{name}: {found:?}") };
            assert_eq!((token.text.as_str(), token.algorithm.as_str()), (TOKEN, "HS256"));
            assert_eq!(token.kid.as_deref(), Some("a"));
        }
        assert_eq!(find(&[(b"accept".to_vec(), b"a.b.c, 1.2.3".to_vec())]), []);
    }

    #[test]
    fn signs_with_every_hmac_algorithm() {
        let found = find(&[(b"x".to_vec(), TOKEN.into())]);
        let signed = found[0].signed_with(b"secret").unwrap();
        assert!(signed.starts_with("eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJqb2UifQ."));
        for (algorithm, bytes) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
            let token = FoundToken { algorithm: algorithm.to_owned(), ..found[0].clone() };
            let signed = token.signed_with(b"secret").unwrap();
            let signature = signed.rsplit_once('.').unwrap().1;
            assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap().len(), bytes);
        }
        let token = FoundToken { algorithm: "none".to_owned(), ..found[0].clone() };
        assert_eq!(token.signed_with(b"secret"), None);
    }
}
