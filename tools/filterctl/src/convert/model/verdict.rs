//! The filters' own validation, which decides what of a section can be written.

use novasphere_explain::{Environment, FilterKind, Proxy, ProxyKind, check};

use super::Chain;
use crate::convert::yaml::{Map, Yaml};

/// A part that the filter rejects and that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The field.
    pub path: String,
    /// Why the filter rejects it.
    pub message: String,
}

/// More faults than this make a section invalid as a whole.
const MAX_FAULTS: usize = 500;

/// Removes the parts of a filter's configuration that the filter rejects.
///
/// Only parts at paths that start with one of `removable` may go: `origins[` for items of a list,
/// `realm` for a field.
///
/// # Errors
/// The first fault that cannot be removed: the filter does not accept the configuration.
pub fn prune(
    kind: FilterKind,
    config: &mut Map,
    proxy: ProxyKind,
    removable: &[&str],
) -> Result<Vec<Pruned>, String> {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    let mut pruned = Vec::new();
    for _ in 0..MAX_FAULTS {
        let json = config.to_json().to_string();
        let verdict = check(kind, json.as_bytes(), &Proxy::new(proxy, &environment));
        let Some(fault) = verdict.faults.first() else { return Ok(pruned) };
        let prefix = removable.iter().find(|prefix| fault.path.starts_with(**prefix));
        if prefix.is_none_or(|prefix| !remove(config, &fault.path, prefix)) {
            return Err(fault.to_string());
        }
        pruned.push(Pruned { path: fault.path.clone(), message: fault.message.clone() });
    }
    Err(format!("has more than {MAX_FAULTS} faults"))
}

/// Why the gateway filter rejects a chain. `None` if it accepts it.
pub fn fault(chain: &Chain) -> Option<String> {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    let json = chain.gateway().to_json().to_string();
    let proxy = Proxy::new(ProxyKind::Envoy, &environment);
    let verdict = check(FilterKind::Gateway, json.as_bytes(), &proxy);
    verdict.faults.first().map(ToString::to_string)
}

/// Removes the item or field at the start of `path` that `prefix` names.
fn remove(config: &mut Map, path: &str, prefix: &str) -> bool {
    let Some(list) = prefix.strip_suffix('[') else { return remove_field(config, prefix) };
    let index = path
        .strip_prefix(prefix)
        .and_then(|rest| rest.split_once(']'))
        .and_then(|(index, _)| index.parse::<usize>().ok());
    let Some(index) = index else { return false };
    let mut map = config;
    let mut names: Vec<&str> = list.split('.').collect();
    let Some(last) = names.pop() else { return false };
    for name in names {
        match map.get_mut(name) {
            Some(Yaml::Map(inner)) => map = inner,
            _ => return false,
        }
    }
    match map.get_mut(last) {
        Some(Yaml::List(items)) if index < items.len() => {
            items.remove(index);
            if items.is_empty() {
                map.remove(last);
            }
            true
        }
        _ => false,
    }
}

fn remove_field(config: &mut Map, path: &str) -> bool {
    match path.split_once('.') {
        None => config.remove(path).is_some(),
        Some((outer, rest)) => match config.get_mut(outer) {
            Some(Yaml::Map(inner)) => remove_field(inner, rest),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_items_are_removed() {
        let mut config =
            Map::new().with("origins", vec!["https://a.io", "b.io"]).with("max_age", 5);
        let pruned = prune(FilterKind::Cors, &mut config, ProxyKind::Envoy, &["origins["]).unwrap();
        assert_eq!(pruned[0].path, "origins[1]");
        assert_eq!(config.texts("origins"), ["https://a.io"]);
        let error =
            prune(FilterKind::Cors, &mut config.with("max_age", "x"), ProxyKind::Envoy, &[]);
        assert!(error.unwrap_err().starts_with("max_age: "));
    }
}
