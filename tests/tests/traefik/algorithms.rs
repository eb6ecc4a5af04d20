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

/// What a credential is made of: its algorithm, and `public_key` or `secret`.
type Material = (Value, &'static str, Value);

/// The keys that good tokens are signed with, and all tokens.
fn materials_and_tokens() -> Result<(Vec<Material>, Vec<String>)> {
    let (keys, vectors) = (read("keys")?, read("tokens")?);
    let (mut materials, mut tokens) = (Vec::new(), Vec::new());
    for vector in vectors.get("valid").and_then(Value::as_array).context("no vectors")? {
        // Another name of EdDSA, and the same key.
        if vector["alg"] == "Ed25519" {
            continue;
        }
        let public = vector["key"].as_str().and_then(|name| keys.get(name)?.get("spki"));
        let (field, value) = match public {
            Some(key) => ("public_key", key),
            None => ("secret", &vector["secret"]),
        };
        materials.push((vector["alg"].clone(), field, value.clone()));
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
        materials.push((algorithm.into(), "secret", "s".repeat(64).into()));
    }
    Ok((materials, tokens))
}

/// Configurations in which each key has one algorithm, since one credential may not have another's
/// key.
fn configurations(mut materials: Vec<Material>) -> Vec<Value> {
    let mut configurations = Vec::new();
    while !materials.is_empty() {
        let (mut these, mut later): (Vec<Material>, Vec<Material>) = (Vec::new(), Vec::new());
        for material in materials {
            let is_used = these.iter().any(|(_, _, value)| *value == material.2);
            if is_used { later.push(material) } else { these.push(material) }
        }
        let credentials = these.iter().map(
            |(algorithm, field, value)| json!({"key": "k", "algorithm": algorithm, *field: value}),
        );
        let credentials: Vec<_> = credentials.collect();
        configurations.push(json!({ "credentials": credentials }));
        materials = later;
    }
    configurations
}

/// What the policy itself says.
fn verdict(policy: &JwtAuth, token: &str) -> u16 {
    let value = format!("Bearer {token}");
    let lines =
        [(&b":method"[..], &b"GET"[..]), (b":path", b"/"), (b"authorization", value.as_bytes())];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let host = TestHost::default();
    host.millis.set(unix_millis());
    match policy.on_request(&head, &mut Default::default(), &host.env()) {
        Decision::Respond { response, .. } => response.status,
        _ => 200,
    }
}

/// A request, and the status that is right.
type Expected = (Request, u16);

fn expected(configurations: &[Value], tokens: &[String]) -> Result<Vec<Expected>> {
    let mut expected = Vec::new();
    for (n, config) in configurations.iter().enumerate() {
        let policy = JwtAuth::from_json(config.to_string().as_bytes(), &TestHost::default())
            .map_err(|errors| anyhow!("{errors}"))?;
        for token in tokens {
            let request = Request::get(format!("/echo/{n}"))
                .header("authorization", format!("Bearer {token}"));
            expected.push((request, verdict(&policy, token)));
        }
    }
    Ok(expected)
}

#[test]
fn every_algorithm_over_many_connections() -> Result<()> {
    let (materials, tokens) = materials_and_tokens()?;
    let configurations = configurations(materials);
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
                    // Each starts elsewhere; together they send every token several times.
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
