//! Filters that a route lost or got.

use novasphere_explain::FilterKind;

use super::{
    changes::{Changes, Effect},
    cors, header_transform, jwt_auth,
    pairs::Pair,
    rate_limit,
};
use crate::{
    chains::{Chains, Step},
    found::{Project, Route},
};

const SUBJECT: (&str, &str) = ("route", "");

pub(super) fn compare(pair: &Pair<'_>, old: &Chains<'_>, new: &Chains<'_>, changes: &mut Changes) {
    let (name, before, after) = match pair {
        Pair::Both(before, after) => (&after.name, Some(before), Some(after)),
        Pair::Gone(before, after) => (&before.name, Some(before), after.as_ref()),
        Pair::New(before, after) => (&after.name, before.as_ref(), Some(after)),
    };
    changes.on_route(Some(name));
    match (pair, before, after) {
        (Pair::Gone(..), _, Some(after)) => {
            let message = format!("is gone: its requests go to {:?}", after.name);
            changes.add(Effect::Neutral, SUBJECT, message);
        }
        (Pair::Gone(..), _, None) => {
            changes.add(Effect::Stricter, SUBJECT, "is gone: its requests have no other route");
        }
        (Pair::New(..), Some(before), _) => {
            let message = format!("is new: its requests went to {:?}", before.name);
            changes.add(Effect::Neutral, SUBJECT, message);
        }
        (Pair::New(..), None, Some(after)) => new_route(after, new, changes),
        _ => {}
    }
    if let (Some(before), Some(after)) = (before, after) {
        steps(&old.of_route(before), &new.of_route(after), changes);
        upstream(before, after, changes);
    }
    changes.on_route(None);
}

fn new_route(route: &Route, chains: &Chains<'_>, changes: &mut Changes) {
    let steps = chains.of_route(route);
    if route.is_direct {
        changes.add(Effect::Neutral, SUBJECT, "is new, and has no upstream");
    } else if steps.iter().any(|step| step.kind == FilterKind::JwtAuth) {
        changes.add(Effect::Neutral, SUBJECT, "is new, with jwt-auth");
    } else {
        changes.add(Effect::Looser, SUBJECT, "is new, without jwt-auth");
    }
}

fn upstream(before: &Route, after: &Route, changes: &mut Changes) {
    if let (Some(old), Some(new)) = (&before.service_name, &after.service_name)
        && old != new
    {
        let message = format!("goes to {new}, not to {old}");
        changes.add(Effect::Neutral, SUBJECT, message);
    }
}

/// Without routes, all filters are one chain.
pub(super) fn compare_all(
    old: &Project,
    new: &Project,
    old_chains: &Chains<'_>,
    new_chains: &Chains<'_>,
    changes: &mut Changes,
) {
    let all = |project: &Project, chains: &Chains<'_>| {
        (0..project.filters.len()).flat_map(|filter| chains.steps(filter)).count()
    };
    if all(old, old_chains) == 0 && all(new, new_chains) == 0 {
        return;
    }
    let before: Vec<Step<'_>> =
        (0..old.filters.len()).flat_map(|filter| old_chains.steps(filter)).collect();
    let after: Vec<Step<'_>> =
        (0..new.filters.len()).flat_map(|filter| new_chains.steps(filter)).collect();
    steps(&before, &after, changes);
}

/// Compares filters of one kind in their order, and those of the same name first.
fn steps(old: &[Step<'_>], new: &[Step<'_>], changes: &mut Changes) {
    let kinds =
        [FilterKind::Cors, FilterKind::JwtAuth, FilterKind::RateLimit, FilterKind::HeaderTransform];
    for kind in kinds {
        let of_kind =
            |steps: &[Step<'_>]| -> usize { steps.iter().filter(|step| step.kind == kind).count() };
        let mut rest: Vec<&Step<'_>> = new.iter().filter(|step| step.kind == kind).collect();
        let is_single = of_kind(old) == 1 && rest.len() == 1;
        for before in old.iter().filter(|step| step.kind == kind) {
            let same = rest.iter().position(|after| is_single || has_same_name(before, after));
            match same {
                Some(n) => one(before, rest.remove(n), changes),
                None => gone(before, changes),
            }
        }
        rest.into_iter().for_each(|step| added(step, changes));
    }
    order(old, new, changes);
}

fn has_same_name(one: &Step<'_>, other: &Step<'_>) -> bool {
    one.found.name == other.found.name || one.is_in_gateway() && other.is_in_gateway()
}

fn one(before: &Step<'_>, after: &Step<'_>, changes: &mut Changes) {
    match before.kind {
        FilterKind::Cors => cors::compare(before, after, changes),
        FilterKind::JwtAuth => jwt_auth::compare(before, after, changes),
        FilterKind::RateLimit => rate_limit::compare(before, after, changes),
        FilterKind::HeaderTransform => header_transform::compare(before, after, changes),
        FilterKind::Gateway => {}
    }
}

/// The effect of another filter of this kind. cors tells browsers what pages may do, so more pages
/// can use the API with it.
const fn effect(kind: FilterKind) -> Effect {
    match kind {
        FilterKind::JwtAuth | FilterKind::RateLimit => Effect::Stricter,
        FilterKind::Cors => Effect::Looser,
        FilterKind::HeaderTransform | FilterKind::Gateway => Effect::Neutral,
    }
}

fn gone(step: &Step<'_>, changes: &mut Changes) {
    changes.add(effect(step.kind).opposite(), (step.kind.name(), ""), "does not run any more");
    if step.kind == FilterKind::Cors
        && crate::chains::facts::is_true(step.config, "block_disallowed")
    {
        let message = "requests of pages on disallowed origins are not blocked any more";
        changes.add(Effect::Looser, (step.kind.name(), "block_disallowed"), message);
    }
}

fn added(step: &Step<'_>, changes: &mut Changes) {
    changes.add(effect(step.kind), (step.kind.name(), ""), "runs now");
}

/// The order of the filters that both sides have.
fn order(old: &[Step<'_>], new: &[Step<'_>], changes: &mut Changes) {
    let kinds = |steps: &[Step<'_>], others: &[Step<'_>]| -> Vec<&'static str> {
        let common = steps.iter().filter(|step| others.iter().any(|o| o.kind == step.kind));
        common.map(|step| step.kind.name()).collect()
    };
    let (before, after) = (kinds(old, new), kinds(new, old));
    let sorted = |kinds: &[&'static str]| {
        let mut kinds = kinds.to_vec();
        kinds.sort_unstable();
        kinds
    };
    if before != after && sorted(&before) == sorted(&after) {
        let message = format!("the order of filters is {} now", after.join(", "));
        changes.add(Effect::Neutral, SUBJECT, message);
    }
}
