//! Old and new routes that handle the same requests.

use std::collections::HashSet;

use crate::found::{Project, Route};

/// A route of one side or of both.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pair<'p> {
    /// Routes for the same requests.
    Both(&'p Route, &'p Route),
    /// A route that only the old side has.
    Gone(&'p Route, Elsewhere<'p>),
    /// A route that only the new side has.
    New(Elsewhere<'p>, &'p Route),
}

/// The route that handles the requests of a route on the other side.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elsewhere<'p> {
    /// This route handles an example of them.
    Route(&'p Route),
    /// No route handles an example of them.
    Nowhere,
    /// The condition has no example.
    Unknown,
}

/// All pairs: routes with the same conditions, then routes of the same name, then routes that an
/// example request selects.
pub(super) fn find<'p>(old: &'p Project, new: &'p Project) -> Vec<Pair<'p>> {
    let mut pairs = Vec::new();
    let mut taken: HashSet<usize> = HashSet::new();
    let mut rest: Vec<&Route> = Vec::new();
    let find = |taken: &HashSet<usize>, is_same: &dyn Fn(&Route) -> bool| {
        let mut free = new.routes.iter().enumerate().filter(|(n, _)| !taken.contains(n));
        free.find(|(_, route)| is_same(route))
    };
    for route in &old.routes {
        let is_same = |other: &Route| has_same_conditions(route, other);
        let nearest = find(&taken, &|other| is_same(other) && other.listeners == route.listeners);
        match nearest.or_else(|| find(&taken, &is_same)) {
            Some((n, other)) => {
                taken.insert(n);
                pairs.push(Pair::Both(route, other));
            }
            None => rest.push(route),
        }
    }
    for route in rest {
        // A config dump has the routes of a bootstrap twice.
        if let Some(other) = new.routes.iter().find(|other| has_same_conditions(route, other)) {
            pairs.push(Pair::Both(route, other));
            continue;
        }
        match find(&taken, &|other| has_same_name(route, other)) {
            Some((n, other)) => {
                taken.insert(n);
                pairs.push(Pair::Both(route, other));
            }
            None => pairs.push(Pair::Gone(route, for_example(new, route))),
        }
    }
    for (_, route) in new.routes.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        pairs.push(match old.routes.iter().find(|other| has_same_conditions(other, route)) {
            Some(before) => Pair::Both(before, route),
            None => Pair::New(for_example(old, route), route),
        });
    }
    pairs
}

fn has_same_conditions(one: &Route, other: &Route) -> bool {
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        texts
    };
    one.path == other.path
        && sorted(&one.domains) == sorted(&other.domains)
        && sorted(&one.methods) == sorted(&other.methods)
        && one.other_conditions == other.other_conditions
}

/// Names that the user has given. A path is a part of other names.
fn has_same_name(one: &Route, other: &Route) -> bool {
    one.own_name().is_some() && one.own_name() == other.own_name()
}

/// The route that handles an example of the requests of `route` in another project.
fn for_example<'p>(project: &'p Project, route: &Route) -> Elsewhere<'p> {
    let Some(path) = route.path.example() else { return Elsewhere::Unknown };
    let method = route.methods.first().map_or("GET", String::as_str);
    let domain = route.domains.first().map_or("example.com", String::as_str);
    let host = domain.replace('*', "example");
    match project.route_for(&host, method, &path) {
        Some(selected) => Elsewhere::Route(selected.route),
        None => Elsewhere::Nowhere,
    }
}
