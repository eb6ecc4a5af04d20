//! The whole chain, with the configurations of the design, as most end-to-end tests need it.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{
    client::Request,
    envoy::{Envoy, WasmFilter, telling},
    paths::repository,
    token::hs256,
    traefik::Plugin,
};

/// The filters in their order, each with a configuration as users write it.
pub const FILTERS: &[(&str, &str)] =
    &[("cors", CORS), ("jwt-auth", JWT_AUTH), ("rate-limit", RATE_LIMIT), TRANSFORM];

/// `cors`
pub const CORS: &str = r#"{
    "origins": ["https://app.novasphere.io", "https://*.novasphere.io"],
    "methods": ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    "headers": ["Authorization", "Content-Type", "X-Client-Type"],
    "exposed_headers": ["X-Auth-Token"],
    "credentials": true,
    "max_age": 3600
}"#;

/// `jwt-auth`
pub const JWT_AUTH: &str = r#"{
    "credentials": [{
        "key": "novasphere-user",
        "algorithm": "HS256",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"}
    }],
    "uri_param_names": ["token"],
    "claims_to_verify": ["exp"],
    "leeway": 0,
    "audiences": ["api"],
    "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}]
}"#;

/// `rate-limit`, with room for every test
pub const RATE_LIMIT: &str = r#"{
    "hour": 1000000,
    "policy": "local",
    "limit_by": "header",
    "header_name": "x-client"
}"#;

/// `header-transform`
pub const TRANSFORM: (&str, &str) = (
    "header-transform",
    r#"{
    "request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
    "response": {"remove": {"headers": ["Server"]}}
}"#,
);

/// The part of the chain that Traefik runs, as its plugins.
///
/// # Errors
/// None: the configurations are JSON.
pub fn plugins() -> Result<Vec<Plugin>> {
    let transform = r#"{"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}}}"#;
    [("jwt-auth", JWT_AUTH), ("header-transform", transform)]
        .into_iter()
        .map(|(filter, config)| Ok(Plugin::of_fields(filter, serde_json::from_str(config)?)))
        .collect()
}

/// Filters from pairs of name and configuration.
pub fn of(filters: &[(&str, &str)]) -> Vec<WasmFilter> {
    filters.iter().map(|(filter, config)| WasmFilter::new(filter, *config)).collect()
}

/// The environment of the proxy in all tests: `tests/cases/environment.yaml`.
///
/// # Errors
/// When it cannot be read.
pub fn environment() -> Result<BTreeMap<String, String>> {
    let path = repository().join("tests/cases/environment.yaml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())
}

/// What a token the chain accepts is made of.
pub fn good_claims() -> serde_json::Value {
    json!({"iss": "novasphere-user", "sub": "alice", "aud": "api", "exp": "now+600"})
}

/// Returns a token signed with the secret of the tests' environment.
///
/// # Errors
/// Fails if the environment cannot be read or lacks the secret.
pub fn token(claims: serde_json::Value) -> Result<String> {
    let environment = environment()?;
    let secret = environment.get("NOVASPHERE_JWT_SECRET").context("no NOVASPHERE_JWT_SECRET")?;
    hs256(claims, secret.as_bytes())
}

/// A token the chain accepts.
///
/// # Errors
/// When the environment cannot be read.
pub fn good_token() -> Result<String> {
    token(good_claims())
}

/// What Envoy logs of a trap, and the filters of a fault that must not happen.
const SIGNS: &[&str] = &[
    "Proxy-Wasm plugin in-VM",
    "Function: proxy_",
    "panicked at",
    "Uncaught",
    "in the request phase",
    "in the response phase",
];

/// A request the chain lets pass.
///
/// # Errors
/// When the environment cannot be read.
pub fn good_request() -> Result<Request> {
    let token = format!("Bearer {}", good_token()?);
    Ok(Request::get("/api/v1/wukongs").header("authorization", token).header("x-client", "good"))
}

/// Looks through the log for a filter that broke down.
///
/// # Errors
/// When one did.
pub fn ensure_no_trap(envoy: &Envoy) -> Result<()> {
    let log = telling(&envoy.log()?);
    for sign in SIGNS {
        let line = log.lines().find(|line| line.contains(sign));
        ensure!(line.is_none(), "a filter broke down: {}\nlog:\n{log}", line.unwrap_or_default());
    }
    Ok(())
}
