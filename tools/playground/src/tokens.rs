//! Tokens to send and to decode.

use anyhow::{Context, Result};
use filterctl::token::{TokenKey, decoded, token_keys};
use novasphere_core::UnixTime;
use novasphere_explain::{Environment, jwt::KeySetText};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{demo_keys, setup::Setup};

/// A token to sign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minting {
    setup: Setup,
    /// The index of the key.
    key: usize,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    millis: u64,
}

/// A token to decode.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoding {
    setup: Setup,
    token: String,
    millis: u64,
}

/// The keys that can sign tokens for a configuration.
pub(crate) fn keys(setup: &str) -> Result<Value> {
    let setup = Setup::parse(setup)?;
    with_keys(&setup, |keys| {
        let value = |key: &TokenKey<'_>| {
            let TokenKey { name, algorithm, header, claims, .. } = key;
            json!({"name": name, "algorithm": algorithm, "header": header, "claims": claims})
        };
        Ok(keys.iter().map(value).collect())
    })
}

/// A signed token.
pub(crate) fn mint(request: &str) -> Result<Value> {
    let Minting { setup, key, header, claims, millis } =
        serde_json::from_str(request).context("token")?;
    with_keys(&setup, |keys| {
        let key = keys.get(key).context("the configuration has no key that signs tokens here")?;
        Ok(key.sign(header.into(), claims.into(), millis / 1_000)?.into())
    })
}

fn with_keys<T>(setup: &Setup, work: impl FnOnce(&[TokenKey<'_>]) -> Result<T>) -> Result<T> {
    let project = setup.project()?;
    let keys = match project.filters.first() {
        Some(found) => {
            let environment = setup.environment(&project)?;
            token_keys(found, &project, &environment, demo_keys::all())?
        }
        None => Vec::new(),
    };
    work(&keys)
}

/// The content of a token, and the verdict of the configuration about it.
pub(crate) fn decode(request: &str) -> Result<Value> {
    let Decoding { setup, token, millis } = serde_json::from_str(request).context("token")?;
    let project = setup.project()?;
    let environment = Environment { assume_missing: true, ..setup.environment(&project)? };
    let sets = setup.key_sets()?.given;
    let sets: Vec<KeySetText<'_>> =
        sets.iter().map(|(issuer, text)| KeySetText { issuer: issuer.as_deref(), text }).collect();
    decoded(&token, &project, &environment, &sets, UnixTime { millis })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIS: u64 = 1_709_213_862_000;

    fn setup(text: &str) -> Value {
        json!({"filter": "jwt-auth", "proxy": "envoy", "text": text})
    }

    fn minted(setup: &Value, key: usize) -> String {
        let keys = keys(&setup.to_string()).unwrap();
        let key_value = &keys[key];
        let request = json!({
            "setup": setup, "key": key, "header": key_value["header"],
            "claims": key_value["claims"], "millis": MILLIS,
        });
        mint(&request.to_string()).unwrap().as_str().unwrap().to_owned()
    }

    fn decided(setup: &Value, token: &str) -> Value {
        let request = json!({"setup": setup, "token": token, "millis": MILLIS});
        decode(&request.to_string()).unwrap()
    }

    #[test]
    fn every_key_signs_an_accepted_token() {
        let config = r#"
credentials:
- {key: a, algorithm: HS512, secret: {env: SECRET}}
- {key: b, algorithm: ES384, public_key: {env: PEM}}
jwks:
- {issuer: "https://id.test/a", uri: "https://id.test/keys", cluster: id}
audiences: [api]
"#;
        let setup = setup(config);
        let keys = keys(&setup.to_string()).unwrap();
        let count = keys.as_array().unwrap().len();
        assert!(count >= 5, "{keys}");
        for index in 0..count {
            let decoded = decided(&setup, &minted(&setup, index));
            let verdict = &decoded["configurations"][0];
            assert_eq!(verdict["decision"], "allowed", "{index}: {decoded}");
            assert_eq!(verdict["signature_checked"], true, "{index}: {decoded}");
        }
    }

    #[test]
    fn times_of_claims_are_relative() {
        let setup = setup("credentials: [{key: a, secret: {env: SECRET}}]");
        let keys = keys(&setup.to_string()).unwrap();
        assert_eq!(keys[0]["claims"]["exp"], "now+3600");
        let decoded = decided(&setup, &minted(&setup, 0));
        assert_eq!(decoded["claims"]["exp"], MILLIS / 1_000 + 3_600);
    }

    #[test]
    fn token_of_another_origin_has_an_unchecked_signature() {
        let mut setup = setup("credentials: [{key: joe, secret: {env: SECRET}}]");
        setup["keys"] = "assumed".into();
        let token =
            "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLCJzdWIiOiJhbGljZSIsImV4cCI6MTcwOTIxMzkyMn0.c2ln";
        let verdict = &decided(&setup, token)["configurations"][0];
        assert_eq!(
            (&verdict["decision"], &verdict["signature_checked"]),
            (&json!("allowed"), &json!(false))
        );
    }
}
