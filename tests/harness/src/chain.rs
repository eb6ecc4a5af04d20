//! The filter chain of most end-to-end tests, with tokens that it accepts.

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

/// The filters in order, each with its configuration.
pub const FILTERS: &[(&str, &str)] =
    &[("cors", CORS), ("jwt-auth", JWT_AUTH), ("rate-limit", RATE_LIMIT), TRANSFORM];

/// The configuration of `cors`.
pub const CORS: &str = r#"{
    "origins": ["https://app.novasphere.io", "https://*.novasphere.io"],
    "methods": ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    "headers": ["Authorization", "Content-Type", "X-Client-Type"],
    "exposed_headers": ["X-Auth-Token"],
    "credentials": true,
    "max_age": 3600
}"#;

/// The configuration of `jwt-auth`.
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

/// The configuration of `rate-limit`, with a limit that no test reaches.
pub const RATE_LIMIT: &str = r#"{
    "hour": 1000000,
    "policy": "local",
    "limit_by": "header",
    "header_name": "x-client"
}"#;

/// The name and configuration of `header-transform`.
pub const TRANSFORM: (&str, &str) = (
    "header-transform",
    r#"{
    "request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
    "response": {"remove": {"headers": ["Server"]}}
}"#,
);

/// Returns the filters of the chain that Traefik runs, as plugins.
///
/// # Errors
/// Never fails: the configurations are JSON.
pub fn plugins() -> Result<Vec<Plugin>> {
    let transform = r#"{"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}}}"#;
    [("jwt-auth", JWT_AUTH), ("header-transform", transform)]
        .into_iter()
        .map(|(filter, config)| Ok(Plugin::of_fields(filter, serde_json::from_str(config)?)))
        .collect()
}

/// Returns filters from pairs of name and configuration.
pub fn of(filters: &[(&str, &str)]) -> Vec<WasmFilter> {
    filters.iter().map(|(filter, config)| WasmFilter::new(filter, *config)).collect()
}

/// Returns the proxy's environment in all tests: `tests/cases/environment.yaml`.
///
/// # Errors
/// Fails if the file cannot be read.
pub fn environment() -> Result<BTreeMap<String, String>> {
    let path = repository().join("tests/cases/environment.yaml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())
}

/// Returns the claims of a token that the chain accepts.
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

/// Returns a token that the chain accepts.
///
/// # Errors
/// Fails if the environment cannot be read.
pub fn good_token() -> Result<String> {
    token(good_claims())
}

/// Log texts of a trap in Envoy, and of internal faults in the filters.
const SIGNS: &[&str] = &[
    "Proxy-Wasm plugin in-VM",
    "Function: proxy_",
    "panicked at",
    "Uncaught",
    "in the request phase",
    "in the response phase",
];

/// Returns a request that passes the chain.
///
/// # Errors
/// Fails if the environment cannot be read.
pub fn good_request() -> Result<Request> {
    let token = format!("Bearer {}", good_token()?);
    Ok(Request::get("/api/v1/wukongs").header("authorization", token).header("x-client", "good"))
}

/// Checks that no filter trapped or logged an internal fault.
///
/// # Errors
/// Returns the log if one did.
pub fn ensure_no_trap(envoy: &Envoy) -> Result<()> {
    let log = telling(&envoy.log()?);
    for sign in SIGNS {
        let line = log.lines().find(|line| line.contains(sign));
        ensure!(line.is_none(), "a filter failed: {}\nlog:\n{log}", line.unwrap_or_default());
    }
    Ok(())
}
