//! Plugins without a counterpart.

use super::super::entities::Plugin;
use crate::convert::report::Report;

/// The plugins that other modules convert.
const CONVERTED: [&str; 7] = [
    "acl",
    "cors",
    "ip-restriction",
    "jwt",
    "rate-limiting",
    "request-transformer",
    "response-transformer",
];

/// Plugins that write logs.
const LOGS: [&str; 9] = [
    "file-log",
    "http-log",
    "kafka-log",
    "loggly",
    "syslog",
    "tcp-log",
    "udp-log",
    "log-serializers",
    "session-log",
];

/// Plugins that neither reject nor answer requests.
const HARMLESS: [&str; 11] = [
    "correlation-id",
    "datadog",
    "grpc-web",
    "grpc-gateway",
    "opentelemetry",
    "prometheus",
    "proxy-cache",
    "response-transformer-advanced",
    "session",
    "statsd",
    "zipkin",
];

/// Whether a plugin neither rejects nor answers requests.
pub fn is_harmless(plugin: &Plugin) -> bool {
    let kind = plugin.name.as_str();
    LOGS.contains(&kind) || HARMLESS.contains(&kind)
}

/// Whether a plugin has no effect on the requests that reach the upstream.
pub fn is_passive(plugin: &Plugin) -> bool {
    is_harmless(plugin) || matches!(plugin.name.as_str(), "cors" | "response-transformer")
}

/// Reports a plugin without a counterpart. Returns whether it may reject requests, so that a route
/// without it would be less protected.
pub fn report(plugin: &Plugin, name: &str, report: &mut Report) -> bool {
    let kind = plugin.name.as_str();
    if CONVERTED.contains(&kind) {
        return false;
    }
    if kind.starts_with("novasphere") {
        report.left_out(&plugin.place, format!("{name}: is a filter of this project already"));
        return true;
    }
    let reason = if LOGS.contains(&kind) {
        "the access log of the proxy replaces it"
    } else if HARMLESS.contains(&kind) {
        "no filter does this; use the proxy's own settings"
    } else if kind == "request-transformer-advanced" {
        "no filter does this; write the rules for request-transformer"
    } else {
        "no filter does this, and it may reject requests"
    };
    report.left_out(&plugin.place, format!("{name}: {reason}"));
    !is_harmless(plugin)
}
