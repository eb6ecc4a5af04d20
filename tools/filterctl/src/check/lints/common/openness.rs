//! Switches that let requests pass, and filters that are skipped when they fail.
//!
//! The filters themselves warn about `report_only`.

use novasphere_explain::FilterKind;

use crate::{
    chains::{
        Step,
        facts::{is_true, text},
    },
    check::lints::report::Report,
    finding::codes,
    found::{Found, Place, Platform},
    source::Node,
};

/// Switches of a filter that let requests pass.
pub(super) fn switches(step: &Step<'_>, report: &mut Report) {
    match step.kind {
        FilterKind::JwtAuth => {
            let anonymous = step.config.get("anonymous").map(|_| "anonymous");
            let optional = is_true(step.config, "optional").then_some("optional");
            for field in [anonymous, optional].into_iter().flatten() {
                let message = format!("{field}: requests without a token pass");
                report.add(&codes::TOKEN_OPTIONAL, step.place(field), step.says(&message));
            }
        }
        FilterKind::RateLimit => {
            let redis = step.config.get("redis").and_then(|redis| text(redis, "on_error"));
            let unresolved = text(step.config, "on_unresolved");
            for (path, value) in [("redis.on_error", redis), ("on_unresolved", unresolved)] {
                if value == Some("allow") {
                    let message = format!("{path}: allow: requests then pass uncounted");
                    report.add(&codes::UNCOUNTED_PASS, step.place(path), step.says(&message));
                }
            }
        }
        FilterKind::Cors | FilterKind::HeaderTransform | FilterKind::Gateway => {}
    }
}

/// The proxy's settings for a filter that crashes.
pub(super) fn failures(filter: &Found, report: &mut Report) {
    let place = |node: &Node| Place { file: filter.place.file, span: node.head() };
    let name = &filter.name;
    let own = matches!(filter.platform, Platform::EnvoyGateway | Platform::Istio);
    let config = filter.plugin().or_else(|| own.then_some(&filter.entry));
    let Some(config) = config else { return };
    let policy = config.field("failure_policy").or_else(|| config.get("failStrategy"));
    let open = config.field("fail_open");
    if let Some(node) = open.filter(|open| open.text() == Some("true")) {
        let message = format!("{name}: requests pass without the filter after it failed");
        report.add(&codes::FAILS_OPEN, place(node), message);
    }
    match policy.and_then(Node::text) {
        Some("FAIL_OPEN") => {
            let place = policy.map_or_else(|| filter.place.clone(), place);
            let message = format!("{name}: requests pass without the filter after it failed");
            report.add(&codes::FAILS_OPEN, place, message);
        }
        Some("FAIL_CLOSE" | "FAIL_CLOSED") => {
            let place = policy.map_or_else(|| filter.place.clone(), place);
            let message = format!("{name}: a crash of the filter lasts until the proxy restarts");
            report.add(&codes::NOT_RELOADED, place, message);
        }
        // Envoy Gateway has no field for this.
        None if open.is_none() && filter.platform != Platform::EnvoyGateway => {
            let message = format!(
                "{name}: a crash of the filter lasts until the proxy restarts; set FAIL_RELOAD"
            );
            report.add(&codes::NOT_RELOADED, filter.place.clone(), message);
        }
        _ => {}
    }
}
