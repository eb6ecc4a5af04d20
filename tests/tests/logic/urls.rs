//! No message quotes a URL, user information or a query: they may contain passwords.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use novasphere_core::{FetchError, FetchResponse, Filter, Headers, testing::TestHost};
use novasphere_gateway::Gateway;
use novasphere_harness::paths::repository;
use serde_json::{Value, json};

const MARKER: &str = "s3cret";

/// Texts that users put into fields for URLs by mistake, or with a password.
const TEXTS: [&str; 9] = [
    "https://user:s3cret@id.example/keys",
    "https://s3cret@id.example",
    "redis://:s3cret@redis:6379",
    "https://id.example/keys?key=s3cret#a",
    "https://id.example/keys?key=s3cret",
    "https://user:s3cret@id.example/ keys",
    "://s3cret@",
    "user:s3cret@redis:6379",
    "?s3cret@",
];

/// A configuration with every field for a URL, and paths in their place.
fn base() -> Value {
    json!({
        "cors": {"origins": ["https://app.example"]},
        "jwt_auth": {"jwks": [
            {"issuer": "https://id.example", "uri": "https://id.example/keys"},
            {"issuer": "https://a.example", "cluster": "a", "path": "/keys"},
            {"issuer": "https://b.example", "discovery": true},
        ]},
        "rate_limit": {"hour": 1, "policy": "redis",
            "redis": {"uri": "http://redis:8379/", "cluster": "redis"}},
    })
}

/// The fields for URLs and their parts, by the schema's definition.
const FIELDS: [(&str, &str, &[&str]); 6] = [
    ("JwksConfig", "issuer", &["/jwt_auth/jwks/0/issuer", "/jwt_auth/jwks/2/issuer"]),
    ("JwksConfig", "uri", &["/jwt_auth/jwks/0/uri"]),
    ("JwksConfig", "cluster", &["/jwt_auth/jwks/1/cluster"]),
    ("JwksConfig", "path", &["/jwt_auth/jwks/1/path"]),
    ("RedisConfig", "uri", &["/rate_limit/redis/uri"]),
    ("RedisConfig", "cluster", &["/rate_limit/redis/cluster"]),
];

/// Values around these fields, which a URL may replace by mistake.
const PARENTS: [&str; 10] = [
    "/cors/origins",
    "/cors/origins/0",
    "/jwt_auth",
    "/jwt_auth/jwks",
    "/jwt_auth/jwks/0",
    "/jwt_auth/jwks/2/discovery",
    "/rate_limit",
    "/rate_limit/hour",
    "/rate_limit/policy",
    "/rate_limit/redis",
];

/// A field for a URL is a string in an object that has `uri`, or a string whose description says so.
#[test]
fn all_fields_for_urls_are_listed() -> Result<()> {
    let text = std::fs::read_to_string(repository().join("host-config/schema/gateway.json"))?;
    let schema: Value = serde_json::from_str(&text)?;
    let mut found = BTreeSet::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).context("no $defs")?;
    for (definition, object) in definitions {
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            let is_text = field.get("type") == Some(&json!("string"));
            let description = field.get("description").and_then(Value::as_str).unwrap_or_default();
            let has_uri = properties.is_some_and(|properties| properties.contains_key("uri"));
            if is_text && (has_uri || description.contains("URL")) {
                found.insert((definition.as_str(), name.as_str()));
            }
        }
    }
    let listed: BTreeSet<_> =
        FIELDS.iter().map(|(definition, name, _)| (*definition, *name)).collect();
    ensure!(found == listed, "in the schema {found:?}, listed {listed:?}");
    Ok(())
}

/// The messages about a configuration: its faults, or the warnings when its requests fail.
fn messages(config: &Value) -> Vec<String> {
    let host = TestHost::default();
    let mut messages = match Gateway::from_json(config.to_string().as_bytes(), &host) {
        Err(errors) => vec![errors.to_string()],
        Ok(gateway) => {
            let mut states = Default::default();
            for _ in 0..3 {
                host.advance(100);
                for fetch in gateway.on_timer(&mut states, &host.env()).fetches {
                    let failed = Err(FetchError::NoResponse);
                    let _ = gateway.on_fetch(fetch.purpose, failed, &mut states, &host.env());
                }
            }
            Vec::new()
        }
    };
    messages.extend(host.warnings.into_inner());
    messages
}

#[test]
fn no_message_quotes_a_url() -> Result<()> {
    let fields = FIELDS.iter().flat_map(|(_, _, pointers)| *pointers);
    let mut faults = 0;
    for pointer in fields.chain(&PARENTS) {
        for text in TEXTS {
            // An issuer that is not a URL is a name, such as the address of a service account.
            if pointer.ends_with("/issuer") && !text.contains("://") {
                continue;
            }
            for value in [json!(text), json!([text]), json!({ "uri": text }), json!([[text]])] {
                let mut config = base();
                *config.pointer_mut(pointer).context(*pointer)? = value;
                let messages = messages(&config);
                faults += messages.len();
                let shown = messages.iter().find(|message| message.contains(MARKER));
                ensure!(shown.is_none(), "{config}: {shown:?}");
            }
        }
    }
    ensure!(faults > 300, "only {faults} messages");
    Ok(())
}

#[test]
fn no_message_quotes_a_discovered_url() -> Result<()> {
    for uri in TEXTS.into_iter().chain(["http://b.example/keys?s3cret"]) {
        let host = TestHost::default();
        let config = json!({"jwt_auth": {"jwks": [
            {"issuer": "https://b.example", "discovery": true},
        ]}});
        let gateway = Gateway::from_json(config.to_string().as_bytes(), &host)?;
        let mut states = Default::default();
        let fetches = gateway.on_timer(&mut states, &host.env()).fetches;
        let [fetch] = fetches.as_slice() else { anyhow::bail!("{fetches:?}") };
        let document = json!({"issuer": "https://b.example", "jwks_uri": uri}).to_string();
        let body = document.as_bytes();
        let response = FetchResponse { status: 200, headers: Headers::default(), body };
        let next = gateway.on_fetch(fetch.purpose, Ok(response), &mut states, &host.env());
        for fetch in next.fetches {
            let failed = Err(FetchError::NotSent(2));
            let _ = gateway.on_fetch(fetch.purpose, failed, &mut states, &host.env());
        }
        let warnings = host.warnings.into_inner();
        ensure!(!warnings.is_empty(), "{uri}: no warning");
        ensure!(!warnings.iter().any(|line| line.contains(MARKER)), "{uri}: {warnings:?}");
    }
    Ok(())
}
