//! Claims that are used, but not passed on.

use novasphere_explain::FilterKind;

use crate::{
    chains::{
        Chain, Step,
        facts::{items, text, used_claims},
    },
    check::lints::report::Report,
    finding::codes,
    found::Platform,
};

pub(super) fn check(chain: &Chain<'_>, report: &mut Report) {
    if !chain.is_complete || chain.platform == Platform::Kong {
        return;
    }
    for (index, step) in chain.steps.iter().enumerate() {
        let used = used_claims(step);
        let before: Vec<&Step<'_>> =
            chain.steps.iter().take(index).filter(|s| s.kind == FilterKind::JwtAuth).collect();
        // `order` reports rate-limit before jwt-auth.
        let is_before = before.is_empty() && chain.behind(index, FilterKind::JwtAuth).is_some();
        let has_own = is_before && step.kind == FilterKind::RateLimit;
        for (path, name) in used {
            let is_passed_on = before.iter().any(|jwt_auth| passes_on(jwt_auth, step, &name));
            let in_one_gateway =
                step.is_in_gateway() && chain.steps.iter().any(|s| is_jwt_auth_of(s, step));
            if in_one_gateway || has_own {
                continue;
            }
            report.answer(step.place(&path));
            if is_passed_on {
                continue;
            }
            let message = match before.last() {
                Some(_) => format!(
                    "{path}: uses the claim {name:?}, which the claims_to_attributes of jwt-auth do \
                     not pass on"
                ),
                None => format!("{path}: uses the claim {name:?}, but no jwt-auth runs before"),
            };
            report.add(&codes::CLAIM_NOT_PASSED_ON, step.place(&path), step.says(&message));
        }
    }
}

fn is_jwt_auth_of(other: &Step<'_>, step: &Step<'_>) -> bool {
    other.kind == FilterKind::JwtAuth && other.filter == step.filter
}

/// Whether jwt-auth sets the attribute for a later filter.
fn passes_on(jwt_auth: &Step<'_>, step: &Step<'_>, name: &str) -> bool {
    let mut attributes = items(jwt_auth.config, "claims_to_attributes").iter();
    is_jwt_auth_of(jwt_auth, step) || attributes.any(|entry| text(entry, "attribute") == Some(name))
}
