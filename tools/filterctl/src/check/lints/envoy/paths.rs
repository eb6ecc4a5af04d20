//! Normalisation of paths and header names.

use novasphere_explain::FilterKind;

use crate::{
    chains::{Step, manager::Manager},
    check::lints::report::Report,
    finding::codes,
};

pub(super) fn check(manager: &Manager<'_>, steps: &[Step<'_>], report: &mut Report) {
    let mut missing = Vec::new();
    for name in ["normalize_path", "merge_slashes"] {
        if !manager.is_true(name) {
            missing.push(format!("{name}: true"));
        }
    }
    let action = manager.text(&["path_with_escaped_slashes_action"]);
    let is_safe = matches!(
        action,
        Some("REJECT_REQUEST" | "UNESCAPE_AND_REDIRECT" | "UNESCAPE_AND_FORWARD" | "2" | "3" | "4")
    );
    if !is_safe {
        missing.push("path_with_escaped_slashes_action: REJECT_REQUEST".to_owned());
    }
    // Paths decide only where a rule, or the choice of a route, depends on them.
    let uses_paths = steps.iter().any(|step| step.kind == FilterKind::JwtAuth || has_rules(step));
    if !missing.is_empty() && uses_paths {
        let message = format!("paths can bypass routes and rules: set {}", missing.join(", "));
        report.add(&codes::PATHS_NOT_NORMALISED, manager.place("normalize_path"), message);
    }
    let underscores =
        manager.text(&["common_http_protocol_options", "headers_with_underscores_action"]);
    let passes = !matches!(underscores, Some("DROP_HEADER" | "REJECT_REQUEST" | "1" | "2"));
    if passes && steps.iter().any(|step| step.kind == FilterKind::JwtAuth) {
        let message = "a forged x_user_id passes: set headers_with_underscores_action: DROP_HEADER in \
                       common_http_protocol_options";
        let place = manager.place("common_http_protocol_options");
        report.add(&codes::UNDERSCORES_PASS, place, message);
    }
}

fn has_rules(step: &Step<'_>) -> bool {
    ["rules", "skip"].iter().any(|name| step.config.get(name).is_some())
}
