//! Changes of cors.

use super::{
    changes::{Changes, Effect},
    values::{Both, items, sets},
};
use crate::chains::Step;

const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"];

pub(super) fn compare(old: &Step<'_>, new: &Step<'_>, changes: &mut Changes) {
    let both = Both::new(old, new);
    let has_policies = |step: &Step<'_>| step.config.get("policies").is_some();
    let origins = |step: &Step<'_>| match step.config.get("origins") {
        Some(origins) => items(origins),
        None if has_policies(step) => Vec::new(),
        None => vec!["*".to_owned()],
    };
    let at = (both.subject, "origins");
    sets(&origins(old), &origins(new), at, Effect::Looser, changes);
    both.list("policies", &[], Effect::Looser, changes);
    both.list("methods", &METHODS, Effect::Looser, changes);
    both.accepted("headers", changes);
    both.list("exposed_headers", &[], Effect::Looser, changes);
    for name in ["credentials", "private_network", "reflect_any_origin"] {
        both.switch(name, Effect::Looser, changes);
    }
    both.switch("block_disallowed", Effect::Stricter, changes);
    both.neutral(
        &["max_age", "preflight_continue", "preflight_status", "allow_origin_absent"],
        changes,
    );
}
