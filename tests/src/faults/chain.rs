//! The filters that the faults test: all four in one gateway.

use novasphere_harness::envoy::WasmFilter;
use serde_json::{Value, json};

use super::{LIMIT, traffic::ORIGIN};
use crate::key_server::JWKS_PATH;

/// A gateway with keys of `providers` and a limit of [`LIMIT`] for each value of `x-client`. `counts`
/// are more fields of `rate_limit`. No window ends during a test.
pub fn chain(native: bool, providers: &[Value], counts: &Value) -> WasmFilter {
    let mut rate_limit = json!({
        "limit_by": "header", "header_name": "x-client", "year": LIMIT, "policy": "local",
    });
    if let (Some(rate_limit), Some(counts)) = (rate_limit.as_object_mut(), counts.as_object()) {
        rate_limit.extend(counts.clone());
    }
    let config = json!({
        "cors": {"origins": [ORIGIN]},
        "jwt_auth": {
            "uri_param_names": [], "jwks": providers,
            "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}],
        },
        "rate_limit": rate_limit,
        "header_transform": {"response": {"add": {"headers": ["x-served-by:novasphere"]}}},
    });
    WasmFilter { native, ..WasmFilter::new("gateway", config.to_string()) }
}

/// The entry of an issuer whose keys come from `cluster`.
pub fn provider(issuer: &str, cluster: &str, refresh: u32) -> Value {
    json!({
        "issuer": issuer, "cluster": cluster, "path": JWKS_PATH, "refresh": refresh, "timeout": 2,
        "cooldown": 1, "algorithms": ["ES256"],
    })
}
