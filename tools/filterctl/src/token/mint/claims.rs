//! The claims that a configuration requires.

use serde_json::{Map, Value, json};

use super::signer::Signer;
use crate::token::config::JwtConfig;

/// The lifetime of a token without an option, in seconds.
const LIFETIME: u64 = 3_600;

/// Claims that the configuration accepts, as far as it states them.
pub(super) fn required(config: &JwtConfig, signer: &Signer<'_>, now: u64) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("sub", config.first_text("subjects").unwrap_or("test").into());
    set("iat", now.into());
    let lifetime = match config.number("maximum_expiration") {
        Some(maximum) if (1..LIFETIME).contains(&maximum) => maximum,
        _ => LIFETIME,
    };
    set("exp", now.saturating_add(lifetime).into());
    if config.texts("claims_to_verify").any(|name| name == "nbf") {
        set("nbf", now.into());
    }
    if let Some(issuer) = config.first_text("issuers") {
        set("iss", issuer.into());
    }
    if let Some(audience) = config.first_text("audiences") {
        set("aud", audience.into());
    }
    if let Some(scope) = scope(config) {
        set("scope", scope.into());
    }
    for (name, value) in &signer.claims {
        set(name, value.clone());
    }
    for required in config.entries("required_claims") {
        if let (Some(path), Some(value)) = (path(required), value(required)) {
            insert(&mut claims, &path, value);
        }
    }
    claims
}

fn scope(config: &JwtConfig) -> Option<String> {
    let list = |name: &str| {
        let list = config.get("scopes").and_then(|scopes| scopes.get(name));
        list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    };
    let scopes: Vec<&str> = list("all_of").chain(list("any_of").take(1)).collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

/// The names on the way to a claim.
fn path(required: &Value) -> Option<Vec<String>> {
    match required.get("claim")? {
        Value::String(text) => Some(names(text)),
        Value::Array(names) => {
            Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// The names in a path with dots. A URL is one name.
pub(super) fn names(path: &str) -> Vec<String> {
    if path.contains("://") {
        return vec![path.to_owned()];
    }
    path.split('.').map(str::to_owned).collect()
}

/// A value that passes the test. `None` for a pattern, whose texts only its author knows.
fn value(required: &Value) -> Option<Value> {
    let first = |name: &str| required.get(name)?.as_array()?.first().cloned();
    if required.get("matches").is_some() {
        return None;
    }
    if let Some(value) = required.get("equals").cloned().or_else(|| first("one_of")) {
        return Some(value);
    }
    let item = required.get("contains").cloned().or_else(|| first("contains_any"));
    Some(item.map_or_else(|| json!("test"), |item| json!([item])))
}

/// Sets the claim at the end of a path. Adds to a list that another test needs.
pub(super) fn insert(claims: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        match (claims.get_mut(first), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (_, value) => {
                claims.insert(first.clone(), value);
            }
        }
        return;
    }
    let inner = claims.entry(first.clone()).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    if let Value::Object(inner) = inner {
        insert(inner, rest, value);
    }
}
