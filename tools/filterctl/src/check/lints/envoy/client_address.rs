//! The address that rate-limit counts by.

use novasphere_explain::FilterKind;
use serde_json::Value;

use crate::{
    chains::{Step, facts::text, manager::Manager},
    check::lints::report::Report,
    finding::codes,
};

pub(super) fn check(manager: &Manager<'_>, steps: &[Step<'_>], report: &mut Report) {
    for limit in steps.iter().filter(|step| step.kind == FilterKind::RateLimit) {
        one(manager, limit, report);
    }
}

fn one(manager: &Manager<'_>, limit: &Step<'_>, report: &mut Report) {
    let uses_peer = manager.is_true("use_remote_address");
    let trusted = number(manager.text(&["xff_num_trusted_hops"])).unwrap_or(0);
    let detects = manager.node.field("original_ip_detection_extensions").is_some();
    let place = || manager.place("use_remote_address");
    if !reads_header(limit) {
        if !uses_peer && trusted == 0 && !detects {
            let message = "rate-limit counts by an address from X-Forwarded-For, which clients send: \
                           set use_remote_address: true";
            report.add(&codes::CLIENT_CHOOSES_ADDRESS, place(), message);
        }
        return;
    }
    if !uses_peer {
        let message = "rate-limit reads X-Forwarded-For, but Envoy appends nothing to it: set \
                       use_remote_address: true";
        report.add(&codes::CLIENT_CHOOSES_ADDRESS, place(), message);
    } else if manager.is_true("skip_xff_append") {
        let message = "skip_xff_append: rate-limit reads X-Forwarded-For, but Envoy appends nothing \
                       to it";
        report.add(&codes::CLIENT_CHOOSES_ADDRESS, manager.place("skip_xff_append"), message);
    } else if let Some(hops) = hops(limit).filter(|hops| *hops != trusted.saturating_add(1)) {
        let message = format!(
            "client_ip.trusted_hops: expected {} with xff_num_trusted_hops: {trusted}, got {hops}",
            trusted.saturating_add(1)
        );
        report.add(&codes::WRONG_HOPS, limit.place("client_ip.trusted_hops"), limit.says(&message));
    }
}

/// Whether rate-limit reads `X-Forwarded-For` itself.
fn reads_header(limit: &Step<'_>) -> bool {
    let client_ip = limit.config.get("client_ip");
    client_ip.is_some_and(|client_ip| text(client_ip, "from") == Some("forwarded_for"))
}

/// `trusted_hops` of a rate-limit that reads `X-Forwarded-For`.
pub(in crate::check::lints) fn hops(limit: &Step<'_>) -> Option<u64> {
    let hops = limit.config.get("client_ip")?.get("trusted_hops")?;
    let hops = match hops {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    hops.filter(|_| reads_header(limit))
}

fn number(text: Option<&str>) -> Option<u64> {
    text?.parse().ok()
}
