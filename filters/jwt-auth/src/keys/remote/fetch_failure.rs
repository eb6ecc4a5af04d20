//! Why a response has no document. A response of the proxy itself gives the reason.

use novasphere_core::FetchResponse;

/// The start of Envoy's own response if it cannot connect. The reason follows.
const NOT_CONNECTED: &str = "upstream connect error or disconnect/reset before headers";
/// Envoy's own response if the time limit has passed.
const TIMEOUT: &str = "upstream request timeout";

/// Describes a response whose status is not 200. If the proxy could not reach the upstream, its own
/// response says so.
pub(super) fn describe(response: &FetchResponse<'_>) -> String {
    let (status, body) = (response.status, str::from_utf8(response.body).unwrap_or_default());
    match status {
        503 if body.starts_with(NOT_CONNECTED) => {
            let reason = body.get(NOT_CONNECTED.len()..).unwrap_or_default();
            let reason: String = reason.trim_start_matches(['.', ' ']).chars().take(150).collect();
            format!(
                "the proxy could not connect to the upstream: check its address, port and TLS \
                 settings; the proxy says {reason:?}"
            )
        }
        504 if body.starts_with(TIMEOUT) => "the upstream did not respond in time".to_owned(),
        _ if (300..400).contains(&status) => {
            format!("status {status}, a redirect, which is not followed; use the final URL")
        }
        _ => format!("status {status}"),
    }
}
