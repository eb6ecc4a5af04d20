//! Envoy verifies the signatures that it supports, with the same verdicts as the filter.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_harness::{
    chain,
    client::{self, Request},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter},
    paths::repository,
    standin::Standin,
};
use serde_json::{Value, json};

const EVENTS: &str = "wasmcustom.novasphere_events_total.filter=jwt-auth.event=verified_by_host";
/// The algorithms that Envoy verifies.
const BY_HOST: [&str; 5] = ["RS256", "RS384", "RS512", "ES256", "ES384"];

/// A token from the vectors, with its algorithm and key.
struct Vector<'v> {
    alg: &'v str,
    key: &'v str,
    token: &'v str,
}

fn read(name: &str) -> Result<Value> {
    let path = repository().join(format!("tests/vectors/{name}.json"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// The vectors of a kind that have a public key.
fn vectors<'v>(tokens: &'v Value, kind: &str) -> Vec<Vector<'v>> {
    let text = |vector: &'v Value, name: &str| vector[name].as_str();
    let vectors = tokens[kind].as_array().into_iter().flatten();
    let vectors = vectors.filter_map(|vector| {
        Some(Vector {
            alg: text(vector, "alg")?,
            key: text(vector, "key")?,
            token: text(vector, "token")?,
        })
    });
    vectors.collect()
}

fn name(vector: &Vector<'_>) -> String {
    format!("{}-{}", vector.alg, vector.key)
}

/// A listener for each pair of algorithm and key.
fn listeners(keys: &Value, vectors: &[Vector<'_>]) -> Vec<Listener> {
    let mut listeners = BTreeMap::new();
    for vector in vectors {
        let public_key = keys.get(vector.key).and_then(|key| key.get("spki"));
        let credential = json!({"key": "k", "algorithm": vector.alg, "public_key": public_key});
        let config = json!({"credentials": [credential]}).to_string();
        let filter = WasmFilter::new("jwt-auth", config);
        listeners.insert(name(vector), Listener::new(name(vector), vec![filter]));
    }
    listeners.into_values().collect()
}

struct Proxy {
    envoy: Envoy,
}

impl Proxy {
    fn status(&self, vector: &Vector<'_>, token: &str) -> Result<u16> {
        let addr = self.envoy.listener(&name(vector))?;
        let request =
            Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"));
        Ok(client::send(addr, &request)?.head.status)
    }

    /// The number of signatures that Envoy verified for the first `requests`.
    fn verified_by_host(&self, requests: usize) -> Result<u64> {
        let stats = self.envoy.stats_after("jwt-auth", requests.try_into()?)?;
        Ok(stats.get(EVENTS).copied().unwrap_or_default())
    }
}

#[test]
fn host_and_filter_verification_give_the_same_verdicts() -> Result<()> {
    let (keys, tokens) = (read("keys")?, read("tokens")?);
    let (valid, forged) = (vectors(&tokens, "valid"), vectors(&tokens, "forged"));
    ensure!(valid.len() >= 11 && forged.len() > 200);
    let standin = Standin::start()?;
    let both: Vec<_> = valid.iter().chain(&forged).map(|v| Vector { ..*v }).collect();
    let config = EnvoyConfig::new(standin.addr, listeners(&keys, &both));
    let proxy = Proxy { envoy: Envoy::start(&config)? };

    let (mut expected, mut requests) = (0, 0);
    for vector in &valid {
        requests += 1;
        let status = proxy.status(vector, vector.token)?;
        ensure!(status == 200, "{}: {status}", name(vector));
        expected += u64::from(BY_HOST.contains(&vector.alg));
        ensure!(
            proxy.verified_by_host(requests)? == expected,
            "{} verified by the wrong side",
            name(vector)
        );
    }
    for vector in &forged {
        requests += 1;
        ensure!(proxy.status(vector, vector.token)? == 401, "{} {}", name(vector), vector.token);
    }
    for vector in valid.iter().filter(|vector| BY_HOST.contains(&vector.alg)) {
        let (message, signature) = vector.token.rsplit_once('.').context("no token")?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
        // Flips every bit of the short signatures and every fifth bit of the long ones.
        let step = if vector.alg.starts_with("ES") { 1 } else { 5 };
        for bit in (0..signature.len() * 8).step_by(step) {
            requests += 1;
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let token = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(flipped));
            ensure!(proxy.status(vector, &token)? == 401, "{} bit {bit}", name(vector));
        }
    }
    ensure!(proxy.verified_by_host(requests)? == expected);
    chain::ensure_no_trap(&proxy.envoy)
}
