//! The plugins that run for the requests of a route, for all clients or for one consumer.

use std::collections::{BTreeMap, BTreeSet};

use super::entities::{Audience, Entities, Plugin};

/// The plugins that run for the requests of a route: of each name, the one with the narrowest scope.
/// Plugins for individual consumers run only if a consumer is given.
pub(super) fn effective(
    entities: &Entities,
    route: usize,
    service: Option<usize>,
    consumer: Option<usize>,
) -> Vec<(usize, &Plugin)> {
    let mut found: Vec<(usize, &Plugin)> = Vec::new();
    for (n, plugin) in entities.plugins.iter().enumerate() {
        let audience = plugin.scope.audience;
        let is_for_client = match consumer {
            Some(consumer) => entities.admits(audience, consumer),
            None => audience == Audience::All,
        };
        if !plugin.is_enabled || !is_for_client || !plugin.scope.covers(route, service) {
            continue;
        }
        match found.iter_mut().find(|(_, other)| other.name == plugin.name) {
            Some(other) if plugin.scope.specificity() > other.1.scope.specificity() => {
                *other = (n, plugin);
            }
            Some(_) => {}
            None => found.push((n, plugin)),
        }
    }
    found
}

/// The plugins that run for individual consumers of a route, each with the consumers. They include
/// plugins that may run, because it is not known which group of a consumer counts.
pub(super) fn for_consumers(
    entities: &Entities,
    route: usize,
    service: Option<usize>,
) -> Vec<(&Plugin, Vec<usize>)> {
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for consumer in 0..entities.consumers.len() {
        for (index, plugin) in effective(entities, route, service, Some(consumer)) {
            if plugin.scope.audience == Audience::All {
                continue;
            }
            found.entry(index).or_default().insert(consumer);
            for (other, equal) in entities.plugins.iter().enumerate() {
                let is_equal = equal.name == plugin.name
                    && equal.is_enabled
                    && equal.scope.specificity() == plugin.scope.specificity()
                    && equal.scope.covers(route, service)
                    && entities.admits(equal.scope.audience, consumer);
                if other != index && is_equal {
                    found.entry(other).or_default().insert(consumer);
                }
            }
        }
    }
    let plugin = |index: usize| entities.plugins.get(index);
    let with_plugin = |(n, consumers): (usize, BTreeSet<usize>)| {
        Some((plugin(n)?, consumers.into_iter().collect()))
    };
    found.into_iter().filter_map(with_plugin).collect()
}
