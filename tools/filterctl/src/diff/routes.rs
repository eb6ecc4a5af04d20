//! Filters that a route lost or got.

use novasphere_explain::FilterKind;

use super::{
    changes::{Changes, Effect},
    cors, header_transform, jwt_auth,
    pairs::{Elsewhere, Pair},
    rate_limit,
};
use crate::{
    chains::{
        Chains, Step,
        facts::{admits_without_token, is_true, text, texts},
    },
    found::{Project, Route},
};

const SUBJECT: (&str, &str) = ("route", "");

pub(super) fn compare(pair: &Pair<'_>, old: &Chains<'_>, new: &Chains<'_>, changes: &mut Changes) {
    let name = match pair {
        Pair::Both(_, route) | Pair::Gone(route, _) | Pair::New(_, route) => &route.name,
    };
    changes.on_route(Some(name));
    match pair {
        Pair::Both(before, after) => both(before, after, old, new, changes),
        Pair::Gone(before, Elsewhere::Route(after)) => {
            let message = format!("is gone: its requests go to {:?}", after.name);
            changes.add(Effect::Neutral, SUBJECT, message);
            both(before, after, old, new, changes);
        }
        Pair::Gone(_, Elsewhere::Nowhere) => {
            changes.add(Effect::Stricter, SUBJECT, "is gone: its requests have no other route");
        }
        Pair::Gone(_, Elsewhere::Unknown) => {
            let message = "is gone: its regular expression has no example to compare";
            changes.add(Effect::Neutral, SUBJECT, message);
        }
        Pair::New(Elsewhere::Route(before), after) => {
            let message = format!("is new: its requests went to {:?}", before.name);
            changes.add(Effect::Neutral, SUBJECT, message);
            both(before, after, old, new, changes);
        }
        Pair::New(_, after) => new_route(after, new, changes),
    }
    changes.on_route(None);
}

fn both(before: &Route, after: &Route, old: &Chains<'_>, new: &Chains<'_>, changes: &mut Changes) {
    let (old_steps, new_steps) = (old.of_route(before), new.of_route(after));
    steps(&old_steps, &new_steps, changes);
    upstream(before, after, changes);
    restarts(before, after, &new_steps, changes);
}

/// Counts that belong to the name of a route or of its upstream.
fn restarts(before: &Route, after: &Route, steps: &[Step<'_>], changes: &mut Changes) {
    let limits: Vec<&Step<'_>> =
        steps.iter().filter(|step| step.kind == FilterKind::RateLimit).collect();
    let scoped = |scope: &str| limits.iter().any(|step| text(step.config, "scope") == Some(scope));
    let by_service = limits.iter().any(|step| texts(step.config, "limit_by").contains(&"service"));
    let is_renamed = scoped("route") && before.route_name != after.route_name;
    let has_moved = (scoped("service") || by_service) && before.service_name != after.service_name;
    for (is_other, what) in [(is_renamed, "route"), (has_moved, "service")] {
        if is_other {
            let message = format!("counts start at zero: the {what} has another name");
            changes.add(Effect::Neutral, (FilterKind::RateLimit.name(), ""), message);
        }
    }
}

fn new_route(route: &Route, chains: &Chains<'_>, changes: &mut Changes) {
    let steps = chains.of_route(route);
    if route.direct.is_some() {
        changes.add(Effect::Neutral, SUBJECT, "is new, and has no upstream");
    } else if let Some(step) = steps.iter().find(|step| step.kind == FilterKind::JwtAuth) {
        if admits_without_token(step.config) {
            changes.add(Effect::Looser, SUBJECT, "is new, with jwt-auth for some requests only");
        } else {
            changes.add(Effect::Neutral, SUBJECT, "is new, with jwt-auth");
        }
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

/// Compares filters of one kind: the single ones, then filters of the same name, then the others in
/// their order.
fn steps(old: &[Step<'_>], new: &[Step<'_>], changes: &mut Changes) {
    for kind in [FilterKind::Cors, FilterKind::JwtAuth, FilterKind::RateLimit] {
        let mut rest: Vec<&Step<'_>> = new.iter().filter(|step| step.kind == kind).collect();
        let mut others: Vec<&Step<'_>> = Vec::new();
        for before in old.iter().filter(|step| step.kind == kind) {
            let same = rest.iter().position(|after| before.found.name == after.found.name);
            match same {
                Some(n) => one(before, rest.remove(n), changes),
                None => others.push(before),
            }
        }
        let common = others.len().min(rest.len());
        let added_steps = rest.split_off(common);
        let gone_steps = others.split_off(common);
        others.iter().zip(&rest).for_each(|(before, after)| one(before, after, changes));
        gone_steps.into_iter().for_each(|step| gone(step, changes));
        added_steps.into_iter().for_each(|step| added(step, changes));
    }
    header_transform::compare(old, new, changes);
    order(old, new, changes);
}

fn one(before: &Step<'_>, after: &Step<'_>, changes: &mut Changes) {
    match before.kind {
        FilterKind::Cors => cors::compare(before, after, changes),
        FilterKind::JwtAuth => jwt_auth::compare(before, after, changes),
        FilterKind::RateLimit => rate_limit::compare(before, after, changes),
        FilterKind::HeaderTransform | FilterKind::Gateway => {}
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
    if step.kind == FilterKind::Cors && is_true(step.config, "block_disallowed") {
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
        let common = steps.iter().filter(|step| {
            // Rules of header-transform often are in several filters.
            step.kind != FilterKind::HeaderTransform && others.iter().any(|o| o.kind == step.kind)
        });
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
