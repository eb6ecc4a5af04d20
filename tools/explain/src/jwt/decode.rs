//! The content of a token, without any check of its signature.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use novasphere_core::Json;

/// The content of a token. It has no signature, so that no reader of the output can use the token.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedToken {
    /// The JOSE header.
    pub header: Part,
    /// The claims.
    pub claims: Part,
    /// The size of the signature in bytes. `None` if it is not base64url.
    pub signature_bytes: Option<usize>,
    /// The size of the token in bytes.
    pub bytes: usize,
}

/// A part of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A JSON object.
    Object(Vec<(String, Json)>),
    /// Why the part is not a JSON object, as a clause: `is not base64url`.
    Invalid(String),
}

impl Part {
    /// The member with this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
            }
            Self::Invalid(_) => None,
        }
    }
}

/// Accepts padding and non-zero trailing bits. The filter is stricter, and its verdict says so.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes a token in compact serialization.
///
/// # Errors
/// If the text does not have the three parts of a signed token. The message does not quote it.
pub fn decode(text: &str) -> Result<DecodedToken, String> {
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [header, claims, signature] => Ok(DecodedToken {
            header: part(header),
            claims: part(claims),
            signature_bytes: LENIENT.decode(signature).ok().map(|bytes| bytes.len()),
            bytes: text.len(),
        }),
        [_, _, _, _, _] => {
            Err("the token has five parts, so it is encrypted (RFC 7516); jwt-auth \
                                accepts signed tokens only"
                .to_owned())
        }
        [""] => Err("the token is empty".to_owned()),
        [_] => Err("the text has no dots, so it is an opaque token or not a token; a JSON Web \
                    Token has three parts with dots between them"
            .to_owned()),
        parts => Err(format!(
            "the text has {} parts; a signed JSON Web Token has three, with dots between them",
            parts.len()
        )),
    }
}

fn part(text: &str) -> Part {
    let Ok(bytes) = LENIENT.decode(text) else {
        return Part::Invalid("is not base64url".to_owned());
    };
    match Json::parse(&bytes) {
        Ok(Json::Object(members)) => Part::Object(members),
        Ok(_) => Part::Invalid("is JSON, but not an object".to_owned()),
        Err(error) => Part::Invalid(format!("is not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn encode(text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn parts_keep_the_order_of_their_members() {
        let text = format!("{}.{}.AQID", encode(r#"{"alg":"x"}"#), encode(r#"{"b":1,"a":2}"#));
        let token = decode(&text).unwrap();
        assert_eq!(token.header.get("alg").and_then(Json::as_str), Some("x"));
        let Part::Object(claims) = &token.claims else { panic!("{token:?}") };
        assert_eq!(claims.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!((token.signature_bytes, token.bytes), (Some(3), text.len()));
    }

    #[test]
    fn each_part_has_its_own_fault() {
        let text = format!("{}.{}.=", encode("[]"), "!");
        let token = decode(&text).unwrap();
        assert_eq!(token.header, Part::Invalid("is JSON, but not an object".to_owned()));
        assert_eq!(token.claims, Part::Invalid("is not base64url".to_owned()));
        assert_eq!(token.signature_bytes, None);
    }

    #[test]
    fn other_texts_are_named() {
        for (text, expected) in [
            ("", "is empty"),
            ("abc", "opaque"),
            ("a.b", "2 parts"),
            ("a.b.c.d.e", "encrypted"),
            ("a.b.c.d", "4 parts"),
        ] {
            let fault = decode(text).unwrap_err();
            assert!(fault.contains(expected), "{fault}");
        }
    }
}
