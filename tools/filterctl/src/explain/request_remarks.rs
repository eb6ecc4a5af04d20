//! Remarks about a request on any route.

use novasphere_explain::{ProxyKind, Request};
use serde_json::Value;

use crate::{
    chains::{configs, facts::text},
    found::Project,
};

/// What the proxy may do to a request that is not known from the files.
pub(super) fn request_remarks(project: &Project, request: &Request) -> Vec<String> {
    let mut remarks = Vec::new();
    let has = |kind| project.filters.iter().any(|filter| filter.platform.proxy() == kind);
    let is_unknown = project.request_handling.is_empty() && has(ProxyKind::Envoy);
    if is_unknown && configs(project).iter().any(reads_forwarded_for) {
        remarks.push(
            "X-Forwarded-For is taken as sent; with use_remote_address, Envoy appends the client's \
             address to it, so add it with -H"
                .to_owned(),
        );
    }
    let is_lower_case = request.method.iter().any(u8::is_ascii_lowercase);
    if is_lower_case && (has(ProxyKind::Envoy) || has(ProxyKind::Kong)) {
        remarks.push(
            "the method is sent as written; Kong, and Envoy on HTTP/1, reject it with 400"
                .to_owned(),
        );
    }
    remarks
}

/// Whether rate-limit, or that of a gateway, reads `X-Forwarded-For`.
fn reads_forwarded_for(config: &Value) -> bool {
    let client_ip = config.get("rate_limit").unwrap_or(config).get("client_ip");
    client_ip.is_some_and(|client_ip| text(client_ip, "from") == Some("forwarded_for"))
}
