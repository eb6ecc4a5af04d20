//! The configurations of this project's filters that are measured.

use serde_json::{Value, json};

use crate::tokens::ISSUER;

/// More requests than a run sends.
pub(crate) const PLENTY: u32 = 1_000_000_000;

pub(crate) fn cors() -> Value {
    json!({
        "origins": ["https://app.novasphere.io", "https://*.novasphere.io"],
        "methods": ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
        "headers": ["Authorization", "Content-Type", "X-Client-Type"],
        "exposed_headers": ["X-Auth-Token", "RateLimit", "RateLimit-Policy", "Retry-After"],
        "credentials": true,
        "max_age": 3600,
    })
}

pub(crate) fn jwt_auth(keys: &[Value]) -> Value {
    let credential = |jwk: &Value| json!({"key": ISSUER, "jwk": jwk});
    json!({
        "credentials": keys.iter().map(credential).collect::<Vec<_>>(),
        "uri_param_names": ["token"],
        "claims_to_verify": ["exp"],
        "audiences": ["api"],
        "claims_to_headers": [
            {"claim": "sub", "header": "X-User-Id"},
            {"claim": "name", "header": "X-User-Name"},
        ],
    })
}

/// Two limits by client address: one a minute and one an hour. The address is the entry that Envoy
/// appends to X-Forwarded-For, as in the shipped files.
pub(crate) fn rate_limit(headers: &str) -> Value {
    json!({
        "minute": PLENTY, "hour": PLENTY, "limit_by": "ip", "headers": headers,
        "client_ip": {"from": "forwarded_for", "trusted_hops": 1},
    })
}

/// `config` of rate-limit, with each request counted.
pub(crate) fn without_lease(mut config: Value) -> Value {
    if let Some(members) = config.as_object_mut() {
        members.insert("lease".to_owned(), false.into());
    }
    config
}

/// A limit shared by all clients, like Envoy's local_ratelimit.
pub(crate) fn rate_limit_for_all() -> Value {
    json!({"minute": PLENTY, "limit_by": "constant", "headers": "ietf"})
}

/// A limit by client address, which the proxy has appended to `X-Forwarded-For`. It is high enough for
/// leases.
pub(crate) fn rate_limit_by_forwarded(headers: &str) -> Value {
    json!({
        "minute": PLENTY,
        "limit_by": "ip",
        "client_ip": {"from": "forwarded_for", "trusted_hops": 1},
        "headers": headers,
    })
}

pub(crate) fn header_transform() -> Value {
    json!({
        "request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
        "response": {"remove": {"headers": ["X-Powered-By"]}},
    })
}

/// The whole chain in one module.
pub(crate) fn gateway(keys: &[Value], rate_limit: Value) -> Value {
    json!({
        "cors": cors(),
        "jwt_auth": jwt_auth(keys),
        "rate_limit": rate_limit,
        "header_transform": header_transform(),
    })
}
