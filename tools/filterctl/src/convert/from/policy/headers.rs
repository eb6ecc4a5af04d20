//! Rules of header-transform, as far as the filter accepts them.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    convert::{
        model::prune,
        report::Report,
        yaml::{Map, Yaml},
    },
    found::Place,
};

/// The lists of entries that may lose some.
const LISTS: [&str; 16] = [
    "request.remove.headers[",
    "request.rename.headers[",
    "request.replace.headers[",
    "request.add.headers[",
    "request.append.headers[",
    "request.remove.querystring[",
    "request.rename.querystring[",
    "request.replace.querystring[",
    "request.add.querystring[",
    "request.append.querystring[",
    "response.remove.headers[",
    "response.rename.headers[",
    "response.replace.headers[",
    "response.add.headers[",
    "response.append.headers[",
    "response.security_headers",
];

/// Removes the entries that the filter rejects, and reports them. `None` if nothing is left.
pub fn finish(
    mut config: Map,
    proxy: ProxyKind,
    place: &Place,
    name: &str,
    report: &mut Report,
) -> Option<Map> {
    if is_blank(&config) {
        return None;
    }
    match prune(FilterKind::HeaderTransform, &mut config, proxy, &LISTS) {
        Ok(pruned) => {
            for part in pruned {
                report.left_out(place, format!("{name}: {}: {}", part.path, part.message));
            }
            Some(config)
        }
        Err(fault) => {
            report.left_out(place, format!("{name}: header-transform rejects it: {fault}"));
            None
        }
    }
}

/// Adds a rule that removes a header or query parameter, also one that another rule renames to it.
pub fn remove(rules: &mut Map, list: &str, name: &str) {
    let is = |one: &str, other: &str| {
        one == other || (list == "headers" && one.eq_ignore_ascii_case(other))
    };
    let renamed = rules.map("rename").map(|rename| rename.texts(list)).unwrap_or_default();
    let sources = renamed.iter().filter_map(|entry| entry.split_once(':'));
    let sources = sources.filter(|(_, new)| is(new, name)).map(|(old, _)| old);
    for name in std::iter::once(name).chain(sources) {
        rules.edit("remove", |remove| {
            if !remove.texts(list).iter().any(|other| is(other, name)) {
                remove.push(list, name);
            }
        });
    }
}

/// The rules of two configurations. A single value of the second replaces that of the first.
pub fn merge(mut config: Map, other: &Map) -> Map {
    for name in other.names() {
        match (config.get(name).cloned(), other.get(name).cloned()) {
            (Some(Yaml::Map(one)), Some(Yaml::Map(two))) => config.set(name, merge(one, &two)),
            (Some(Yaml::List(mut items)), Some(Yaml::List(more))) => {
                items.extend(
                    more.into_iter().filter(|item| !items.contains(item)).collect::<Vec<_>>(),
                );
                config.set(name, items);
            }
            (_, value) => config.set_some(name, value),
        }
    }
    config
}

/// Whether the configuration has no rule.
fn is_blank(config: &Map) -> bool {
    ["request", "response"].iter().all(|side| config.map(side).is_none_or(Map::is_empty))
}
