//! Valid and forged tokens of every algorithm over many connections: the verdicts equal those of
//! the filter itself.

use std::{fs, thread};

use anyhow::{Context, Result, anyhow, ensure};
use novasphere_core::{Decision, Filter, Headers, RequestHead, testing::TestHost};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    clock::unix_millis,
    paths::repository,
    traefik::{Plugin, Router},
};
use novasphere_jwt_auth::JwtAuth;
use novasphere_tests::cases::mint;
use serde_json::{Value, json};

use crate::Gateway;

const CONNECTIONS: usize = 64;

fn read(name: &str) -> Result<Value> {
    let path = repository().join(format!("tests/vectors/{name}.json"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// Parts of a credential: its algorithm, the field of the key (`public_key` or `secret`), and the
/// key.
type KeyMaterial = (Value, &'static str, Value);

/// The keys that sign the valid tokens, and all tokens.
fn materials_and_tokens() -> Result<(Vec<KeyMaterial>, Vec<String>)> {
    let (keys, vectors) = (read("keys")?, read("tokens")?);
    let (mut key_materials, mut tokens) = (Vec::new(), Vec::new());
    for vector in vectors.get("valid").and_then(Value::as_array).context("no vectors")? {
        // Ed25519 is another name for EdDSA, with the same key.
        if vector["alg"] == "Ed25519" {
            continue;
        }
        let public = vector["key"].as_str().and_then(|name| keys.get(name)?.get("spki"));
        let (field, value) = match public {
            Some(key) => ("public_key", key),
            None => ("secret", &vector["secret"]),
        };
        key_materials.push((vector["alg"].clone(), field, value.clone()));
    }
    for kind in ["valid", "forged"] {
        let vectors = vectors.get(kind).and_then(Value::as_array).into_iter().flatten();
        tokens.extend(vectors.filter_map(|vector| Some(vector["token"].as_str()?.to_owned())));
    }
    for algorithm in ["HS256", "HS384", "HS512"] {
        for (secret, exp) in [("s", "now+600"), ("s", "now-600"), ("t", "now+600")] {
            let claims = json!({"iss": "k", "sub": "alice", "exp": exp});
            let secret = secret.repeat(64);
            let spec = json!({"algorithm": algorithm, "secret": secret, "claims": claims});
            tokens.push(mint(&serde_json::from_value(spec)?, &chain::environment()?)?);
        }
        key_materials.push((algorithm.into(), "secret", "s".repeat(64).into()));
    }
    Ok((key_materials, tokens))
}

/// Configurations in which each key has one algorithm: two credentials must not share a key.
fn configurations(mut key_materials: Vec<KeyMaterial>) -> Vec<Value> {
    let mut configurations = Vec::new();
    while !key_materials.is_empty() {
        let (mut current, mut later): (Vec<KeyMaterial>, Vec<KeyMaterial>) =
            (Vec::new(), Vec::new());
        for key_material in key_materials {
            let is_used = current.iter().any(|(_, _, value)| *value == key_material.2);
            if is_used { later.push(key_material) } else { current.push(key_material) }
        }
        let credentials = current.iter().map(
            |(algorithm, field, value)| json!({"key": "k", "algorithm": algorithm, *field: value}),
        );
        let credentials: Vec<_> = credentials.collect();
        configurations.push(json!({ "credentials": credentials }));
        key_materials = later;
    }
    configurations
}

/// The status that the native filter decides.
fn verdict(filter: &JwtAuth, token: &str) -> u16 {
    let value = format!("Bearer {token}");
    let lines =
        [(&b":method"[..], &b"GET"[..]), (b":path", b"/"), (b"authorization", value.as_bytes())];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let host = TestHost::default();
    host.millis.set(unix_millis());
    match filter.on_request(&head, &mut Default::default(), &host.env()) {
        Decision::Respond { response, .. } => response.status,
        _ => 200,
    }
}

/// A request and its expected status.
type ExpectedStatus = (Request, u16);

fn expected(configurations: &[Value], tokens: &[String]) -> Result<Vec<ExpectedStatus>> {
    let mut expected = Vec::new();
    for (n, config) in configurations.iter().enumerate() {
        let filter = JwtAuth::from_json(config.to_string().as_bytes(), &TestHost::default())
            .map_err(|errors| anyhow!("{errors}"))?;
        for token in tokens {
            let request = Request::get(format!("/echo/{n}"))
                .header("authorization", format!("Bearer {token}"));
            expected.push((request, verdict(&filter, token)));
        }
    }
    Ok(expected)
}

#[test]
fn verifies_every_algorithm_over_many_connections() -> Result<()> {
    let (key_materials, tokens) = materials_and_tokens()?;
    let configurations = configurations(key_materials);
    let expected = expected(&configurations, &tokens)?;
    let good = expected.iter().filter(|(_, status)| *status == 200).count();
    ensure!(good >= 16 && expected.len() > 600, "{good} of {}", expected.len());

    let routers = configurations.into_iter().enumerate().map(|(n, config)| {
        let plugins = vec![Plugin::of_fields("jwt-auth", config)];
        Router::new(format!("echo-{n}"), format!("Path(`/echo/{n}`)"), plugins)
    });
    let mut gateway = Gateway::with_routers(routers.collect())?;
    let addr = gateway.traefik.addr;
    thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|n| {
                let expected = &expected;
                scope.spawn(move || {
                    let mut connection = Connection::open(addr)?;
                    // Each starts at another token; together they send every token several times.
                    let all = expected.iter().cycle().skip(n * 11).take(expected.len() / 8);
                    for (request, status) in all {
                        let got = connection.exchange(request)?.head.status;
                        ensure!(got == *status, "{got} instead of {status}: {request:?}");
                    }
                    Ok(())
                })
            })
            .collect();
        connections.into_iter().try_for_each(|c| c.join().expect("a connection panicked"))
    })?;
    gateway.traefik.ensure_no_trap()
}
