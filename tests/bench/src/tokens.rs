//! The token issuers. They use the keys of the test vectors, so equal tokens are equal text.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_harness::paths;
use novasphere_tests::cases::{Key, PrivateKey, TokenSpec, mint};
use serde_json::{Map, Value, json};

/// The `iss` of all tokens.
pub(crate) const ISSUER: &str = "novasphere-user";

/// Signing algorithms. The names are also the keys' `kid`s.
pub(crate) const ALGORITHMS: [&str; 4] = ["HS256", "RS256", "ES256", "EdDSA"];

/// The names of the keys in `tests/vectors/keys.json`.
const KEYS: [(&str, &str); 3] = [("RS256", "rsa2048"), ("ES256", "p256"), ("EdDSA", "ed25519")];

const SECRET: &str = "novasphere-bench-secret-of-48-bytes-0123456789ab";

/// An issuer with one key an algorithm.
pub(crate) struct Issuer {
    /// The public keys, as members of a key set.
    keys: Vec<Value>,
}

impl Issuer {
    pub(crate) fn new() -> Result<Self> {
        let path = paths::repository().join("tests/vectors/keys.json");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let vectors: Value = serde_json::from_str(&text)?;
        let secret = BASE64_URL_SAFE_NO_PAD.encode(SECRET);
        let mut keys = vec![named(json!({"kty": "oct", "k": secret}), "HS256")];
        for (algorithm, name) in KEYS {
            let jwk = vectors.get(name).and_then(|key| key.get("jwk"));
            keys.push(named(jwk.with_context(|| format!("no key {name}"))?.clone(), algorithm));
        }
        Ok(Self { keys })
    }

    /// The issuer's keys as JSON Web Keys.
    pub(crate) fn jwks(&self) -> &[Value] {
        &self.keys
    }

    /// A token that expires at `expiry`.
    pub(crate) fn token(&self, algorithm: &str, number: usize, expiry: &Value) -> Result<String> {
        let private_key = KEYS.iter().find(|(known, _)| *known == algorithm);
        let spec = TokenSpec {
            algorithm: algorithm.to_owned(),
            secret: Key::Text(SECRET.to_owned()),
            private_key: private_key.map(|(_, name)| PrivateKey::Text((*name).to_owned())),
            header: Map::from_iter([("kid".to_owned(), algorithm.into())]),
            padding: None,
            claims: json!({
                "iss": ISSUER,
                "sub": format!("user-{number:05}"),
                "name": "Sun Wukong",
                "aud": "api",
                "exp": expiry,
                "jti": format!("0198a3f2-7b1c-7c3e-9d55-{number:012}"),
            }),
        };
        mint(&spec, &BTreeMap::new())
    }
}

fn named(mut jwk: Value, algorithm: &str) -> Value {
    if let Some(members) = jwk.as_object_mut() {
        for (name, value) in [("kid", algorithm), ("alg", algorithm), ("use", "sig")] {
            members.insert(name.to_owned(), value.into());
        }
    }
    jwk
}
