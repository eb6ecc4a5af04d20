//! Who signs tokens, and the tokens that requests carry.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_tests::{
    cases::{Key, TokenSpec, mint},
    test_key::TestKey,
};
use serde_json::{Map, Value, json};

/// The `iss` of all tokens.
pub(crate) const ISSUER: &str = "novasphere-user";

/// What tokens are signed by; the names are the `kid`s of the keys too.
pub(crate) const ALGORITHMS: [&str; 4] = ["HS256", "RS256", "ES256", "EdDSA"];

/// Which tokens requests carry, one after the other and again from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pool {
    /// So few that a cache holds all.
    Warm,
    /// More than the 1000 that the caches hold: each is forgotten when it comes again.
    Cold,
}

impl Pool {
    const fn size(self) -> usize {
        match self {
            Pool::Warm => 100,
            Pool::Cold => 2_500,
        }
    }
}

const SECRET: &str = "novasphere-bench-secret-of-48-bytes-0123456789ab";

/// An issuer with a key for each algorithm.
pub(crate) struct Issuer(Vec<TestKey>);

impl Issuer {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(vec![
            TestKey::rsa("RS256", "RS256", "rsa-a.pem")?,
            TestKey::es256("ES256")?,
            TestKey::eddsa("EdDSA")?,
        ]))
    }

    /// Its keys as JSON Web Keys.
    pub(crate) fn jwks(&self) -> Vec<Value> {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(SECRET);
        let mut keys =
            vec![json!({"kty": "oct", "kid": "HS256", "alg": "HS256", "use": "sig", "k": secret})];
        keys.extend(self.0.iter().map(TestKey::jwk));
        keys
    }

    /// A token, good for hours.
    pub(crate) fn token(&self, algorithm: &str, number: usize) -> Result<String> {
        let claims = json!({
            "iss": ISSUER,
            "sub": format!("user-{number:05}"),
            "name": "Sun Wukong",
            "aud": "api",
            "exp": "now+36000",
            "jti": format!("0198a3f2-7b1c-7c3e-9d55-{number:012}"),
        });
        if algorithm != "HS256" {
            let key = self.0.iter().find(|key| key.algorithm == algorithm);
            return key.with_context(|| format!("no key for {algorithm}"))?.token(&claims);
        }
        let spec = TokenSpec {
            algorithm: algorithm.to_owned(),
            secret: Key::Text(SECRET.to_owned()),
            private_key: None,
            header: Map::from_iter([("kid".to_owned(), algorithm.into())]),
            claims,
        };
        mint(&spec, &BTreeMap::new())
    }

    /// Writes all tokens, a line each, to a file for each algorithm and pool.
    pub(crate) fn files(&self, dir: &Path) -> Result<TokenFiles> {
        let mut files = BTreeMap::new();
        for algorithm in ALGORITHMS {
            let numbers = 0..Pool::Cold.size();
            let tokens = numbers.map(|number| self.token(algorithm, number));
            let tokens = tokens.collect::<Result<Vec<_>>>()?;
            for pool in [Pool::Warm, Pool::Cold] {
                let path = dir.join(format!("{algorithm}-{pool:?}"));
                let some: Vec<_> = tokens.iter().take(pool.size()).map(String::as_str).collect();
                fs::write(&path, some.join("\n"))?;
                files.insert((algorithm, pool), path);
            }
        }
        Ok(TokenFiles(files))
    }
}

/// Where the tokens are.
pub(crate) struct TokenFiles(BTreeMap<(&'static str, Pool), PathBuf>);

impl TokenFiles {
    pub(crate) fn file(&self, algorithm: &str, pool: Pool) -> Result<&Path> {
        let found = self.0.iter().find(|((a, p), _)| *a == algorithm && *p == pool);
        let (_, path) = found.with_context(|| format!("no tokens for {algorithm}"))?;
        Ok(path)
    }
}
