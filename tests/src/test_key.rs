//! Key pairs of an issuer: the published keys (RFC 7517, RFC 8037) and the tokens they sign.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{Context, Result, anyhow};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, jwk::Jwk};
use p256::{
    elliptic_curve::rand_core::{OsRng, RngCore},
    pkcs8::LineEnding,
};
use serde_json::{Map, Value, json};

use crate::cases::{PrivateKey, SigningKey, TokenSpec, mint};

/// A key pair.
#[derive(Clone, Debug)]
pub struct TestKey {
    /// The `kid` in the key set and in tokens.
    pub kid: String,
    /// The signing algorithm.
    pub algorithm: String,
    private_key: PrivateKey,
    /// The public key, without `kid`, `use` and `alg`.
    public: Value,
}

impl TestKey {
    /// A fresh P-256 key (ES256).
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn es256(kid: &str) -> Result<Self> {
        let pem = p256::SecretKey::random(&mut OsRng).to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|error| anyhow!("{error}"))?;
        Self::new(kid, "ES256", PrivateKey::Text(pem.to_string()))
    }

    /// A fresh Ed25519 key (`EdDSA`).
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn eddsa(kid: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        let key = ed25519_dalek::SigningKey::from_bytes(&bytes);
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| anyhow!("{error}"))?;
        let x = BASE64_URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        Ok(Self {
            kid: kid.to_owned(),
            algorithm: "EdDSA".to_owned(),
            private_key: PrivateKey::Text(pem.to_string()),
            public: json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
        })
    }

    /// The RSA key in a file of `tests/keys`, for example for RS256 or PS256.
    ///
    /// # Errors
    /// If the file does not exist.
    pub fn rsa(kid: &str, algorithm: &str, file: &str) -> Result<Self> {
        Self::new(kid, algorithm, PrivateKey::file(file))
    }

    fn new(kid: &str, algorithm: &str, private_key: PrivateKey) -> Result<Self> {
        let parsed = Algorithm::from_str(algorithm).with_context(|| algorithm.to_owned())?;
        let jwk = Jwk::from_encoding_key(&private_key.for_algorithm(parsed)?, parsed)?;
        let mut public = serde_json::to_value(jwk)?;
        if let Some(members) = public.as_object_mut() {
            members.remove("alg");
        }
        Ok(Self { kid: kid.to_owned(), algorithm: algorithm.to_owned(), private_key, public })
    }

    /// The public key as a member of a key set.
    pub fn jwk(&self) -> Value {
        let more = json!({"kid": self.kid, "use": "sig", "alg": self.algorithm});
        joined(self.public.clone(), more)
    }

    /// The public key without `alg`, as some issuers publish it.
    pub fn jwk_without_algorithm(&self) -> Value {
        joined(self.public.clone(), json!({"kid": self.kid, "use": "sig"}))
    }

    /// A token with these claims and the key's `kid` in its header.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn token(&self, claims: &Value) -> Result<String> {
        self.token_with(&Value::Null, claims)
    }

    /// Like [`token`](Self::token), with added or replaced header members. Null removes a member.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn token_with(&self, header: &Value, claims: &Value) -> Result<String> {
        let header = joined(json!({"kid": self.kid}), header.clone());
        let spec = TokenSpec {
            algorithm: self.algorithm.clone(),
            secret: Default::default(),
            private_key: Some(self.private_key.clone()),
            header: header.as_object().cloned().unwrap_or_default(),
            padding: None,
            claims: claims.clone(),
        };
        mint(&spec, &BTreeMap::new())
    }
}

fn joined(value: Value, more: Value) -> Value {
    let members = [value, more].into_iter().filter_map(|value| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

    use super::*;

    fn keys() -> Vec<TestKey> {
        let mut keys = vec![TestKey::es256("a").unwrap(), TestKey::eddsa("a").unwrap()];
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
            keys.push(TestKey::rsa("a", algorithm, "rsa-a.pem").unwrap());
        }
        keys
    }

    fn verifies(key: &TestKey, token: &str) -> bool {
        let jwk: Jwk = serde_json::from_value(key.jwk()).unwrap();
        let validation = Validation::new(Algorithm::from_str(&key.algorithm).unwrap());
        decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).is_ok()
    }

    #[test]
    fn public_key_verifies_signature() {
        for key in keys() {
            let token = key.token(&json!({"iss": "joe", "exp": "now+60"})).unwrap();
            assert_eq!(decode_header(&token).unwrap().kid.as_deref(), Some("a"));
            assert!(verifies(&key, &token), "{}", key.algorithm);
            let other = match key.algorithm.as_str() {
                "ES256" => TestKey::es256("a").unwrap(),
                "EdDSA" => TestKey::eddsa("a").unwrap(),
                algorithm => TestKey::rsa("a", algorithm, "rsa-b.pem").unwrap(),
            };
            assert!(!verifies(&other, &token), "{}", key.algorithm);
        }
    }

    #[test]
    fn public_key_contains_no_private_part() {
        for key in keys() {
            let jwk = key.jwk();
            let members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
            let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
            assert!(members.iter().all(|member| public.contains(member)), "{members:?}");
        }
    }
}
