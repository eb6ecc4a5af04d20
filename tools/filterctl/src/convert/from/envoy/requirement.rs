//! The requirements of `jwt_authn`.

use super::{chain::Filter, items, text};
use crate::{
    convert::{
        from::policy::providers::Provider,
        model::{PathMatch, Route},
        report::Report,
        yaml::{Map, Yaml},
    },
    source::Node,
};

/// A requirement for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Requirement {
    /// No token.
    None,
    /// A token of one of these providers.
    Providers {
        names: Vec<String>,
        /// Audiences that replace the provider's.
        audiences: Vec<String>,
        /// Whether a request without a token passes.
        is_optional: bool,
    },
}

/// A condition about the path, and the requirement for requests that meet it.
type Rule = (Map, Requirement);

impl Requirement {
    /// The names of its providers.
    pub(super) fn providers(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::None => &[][..],
            Self::Providers { names, .. } => names,
        };
        names.iter().map(String::as_str)
    }
}

/// The requirements of a route: the general one, and one for each rule. `None` if a part
/// cannot be converted.
pub(super) fn of_route(
    route: &Route,
    filter: &Filter<'_>,
    report: &mut Report,
) -> Option<(Requirement, Vec<Rule>)> {
    if let Some(own) = filter.own {
        let name = text(own, "requirement_name")?;
        let map = filter.base.field("requirement_map")?;
        return Some((requirement(map.get(name)?, filter, report)?, Vec::new()));
    }
    let mut read = read_rules(filter, report)?;
    read.retain(|(path, _)| may_match(route, path) && !filter.excluded.contains(path));
    in_segments(route, &read, filter, report)
}

/// All rules in order. `None` if one cannot be converted.
pub(super) fn read_rules(
    filter: &Filter<'_>,
    report: &mut Report,
) -> Option<Vec<(PathMatch, Requirement)>> {
    let mut read: Vec<(PathMatch, Requirement)> = Vec::new();
    for node in items(filter.base, "rules") {
        let required = required(node, filter, report)?;
        match path(node.get("match")?) {
            Some(path) => read.push((path, required)),
            None if required == Requirement::None => {
                let message = format!(
                    "{}: a rule without requirements whose condition is not supported; its requests \
                     need a token",
                    filter.name
                );
                report.changed(&filter.place, message);
            }
            None => {
                let message = format!("{}: the condition of a rule is not supported", filter.name);
                report.left_out(&filter.place, message);
                return None;
            }
        }
    }
    Some(read)
}

/// The rules with conditions of whole segments, as jwt-auth has them.
fn in_segments(
    route: &Route,
    read: &[(PathMatch, Requirement)],
    filter: &Filter<'_>,
    report: &mut Report,
) -> Option<(Requirement, Vec<Rule>)> {
    let mut rules: Vec<Rule> = Vec::new();
    // Prefixes within a segment whose paths need a token.
    let mut narrowed: Vec<(&str, &Requirement)> = Vec::new();
    let mut base = Requirement::None;
    for (n, (path, required)) in read.iter().enumerate() {
        let is_last = path.is_any() || covers_route(route, path);
        let differs = |(start, other): &&(&str, &Requirement)| {
            *other != required && (is_last || near(start, path.text()))
        };
        if let Some((start, _)) = narrowed.iter().find(differs) {
            return lost(start, filter, report);
        }
        if is_last {
            base = required.clone();
            narrowed.clear();
            break;
        }
        let text = path.text();
        match path {
            PathMatch::Exact(_) => {
                rules.push((Map::new().with("path", text), required.clone()));
                continue;
            }
            PathMatch::Prefix(_) if text.ends_with('/') => {
                rules.extend(without_slash(text, required, read.get(n..).unwrap_or_default()));
            }
            PathMatch::Prefix(_) => {
                if *required != Requirement::None {
                    narrowed.push((text, required));
                }
                let message = format!(
                    "{}: the prefix {text} becomes a prefix of whole segments: {text}x no longer \
                     matches",
                    filter.name
                );
                report.changed(&filter.place, message);
            }
            _ => {}
        }
        let prefix = text.trim_end_matches('/');
        rules.push((Map::new().with("path_prefix", prefix), required.clone()));
    }
    match narrowed.first() {
        Some((start, _)) => lost(start, filter, report),
        None => Some((base, rules)),
    }
}

/// The rule for the path `/a`, which a rule of jwt-auth for the prefix `/a/` also matches. `None` if
/// its requirement is the same. `read` starts with the rule for the prefix.
fn without_slash(
    prefix: &str,
    required: &Requirement,
    read: &[(PathMatch, Requirement)],
) -> Option<Rule> {
    let exact = prefix.trim_end_matches('/');
    let next = read.iter().find(|(path, _)| path.matches(exact));
    let next = next.map_or(Requirement::None, |(_, required)| required.clone());
    (next != *required).then(|| (Map::new().with("path", exact), next))
}

/// Reports a prefix within a segment that protects paths which the output would leave open.
fn lost(path: &str, filter: &Filter<'_>, report: &mut Report) -> Option<(Requirement, Vec<Rule>)> {
    let message = format!(
        "{}: the prefix {path} also covers {path}x, which rules of jwt-auth cannot express",
        filter.name
    );
    report.left_out(&filter.place, message);
    None
}

fn near(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Whether requests of a route may match a rule for a path.
fn may_match(route: &Route, rule: &PathMatch) -> bool {
    let is_near = |path: &PathMatch| path.is_regex() || near(rule.text(), path.text());
    route.paths.is_empty() || route.paths.iter().any(is_near)
}

/// Whether all requests of a route match a rule, so that later rules do not apply to it.
fn covers_route(route: &Route, rule: &PathMatch) -> bool {
    let covers = |path: &PathMatch| match (rule, path) {
        (rule, PathMatch::Exact(path)) => rule.matches(path),
        (PathMatch::Prefix(start), PathMatch::Prefix(path) | PathMatch::Segments(path)) => {
            path.starts_with(start.as_str())
        }
        (PathMatch::Segments(_), PathMatch::Segments(path)) => rule.matches(path),
        (PathMatch::Segments(start), PathMatch::Prefix(path)) => {
            path.starts_with(&format!("{start}/"))
        }
        _ => false,
    };
    !route.paths.is_empty() && route.paths.iter().all(covers)
}

/// The path of a condition. `None` if there are other conditions.
fn path(condition: &Node) -> Option<PathMatch> {
    let [(key, value)] = condition.members() else { return None };
    let path = value.text()?.to_owned();
    match key.text()? {
        "path" => Some(PathMatch::Exact(path)),
        "prefix" => Some(PathMatch::Prefix(path)),
        "path_separated_prefix" | "pathSeparatedPrefix" => Some(PathMatch::Segments(path)),
        _ => None,
    }
}

fn required(node: &Node, filter: &Filter<'_>, report: &mut Report) -> Option<Requirement> {
    if let Some(name) = text(node, "requirement_name") {
        return requirement(filter.base.field("requirement_map")?.get(name)?, filter, report);
    }
    node.get("requires").map_or(Some(Requirement::None), |node| requirement(node, filter, report))
}

fn requirement(node: &Node, filter: &Filter<'_>, report: &mut Report) -> Option<Requirement> {
    let of = |names: Vec<String>, audiences: Vec<String>, is_optional: bool| {
        Some(Requirement::Providers { names, audiences, is_optional })
    };
    if let Some(name) = text(node, "provider_name") {
        return of(vec![name.to_owned()], Vec::new(), false);
    }
    if let Some(pair) = node.field("provider_and_audiences") {
        let audiences = items(pair, "audiences").iter().filter_map(|a| a.text().map(str::to_owned));
        return of(vec![text(pair, "provider_name")?.to_owned()], audiences.collect(), false);
    }
    if node.field("requires_all").is_some() {
        let message = format!("{}: requires_all: a request has one token", filter.name);
        report.left_out(&filter.place, message);
        return None;
    }
    let names = filter.providers().iter().filter_map(|(key, _)| key.text().map(str::to_owned));
    let all = || names.collect();
    if node.field("allow_missing").is_some() {
        return of(all(), Vec::new(), true);
    }
    let Some(any) = node.field("requires_any") else {
        // Without providers, no token is verified.
        return Some(Requirement::None);
    };
    let (mut names, mut optional) = (Vec::new(), false);
    for one in items(any, "requirements") {
        match text(one, "provider_name") {
            Some(name) => names.push(name.to_owned()),
            None if one.field("allow_missing").is_some() => optional = true,
            None if one.field("allow_missing_or_failed").is_some() => {
                optional = true;
                let message = format!(
                    "{}: an invalid token is rejected (allow_missing_or_failed)",
                    filter.name
                );
                report.changed(&filter.place, message);
            }
            None => {
                let message = format!("{}: a nested requirement is not supported", filter.name);
                report.left_out(&filter.place, message);
                return None;
            }
        }
    }
    of(if names.is_empty() { all() } else { names }, Vec::new(), optional)
}

/// Sets the general requirement, and `rules`.
pub(super) fn set(config: &mut Map, base: &Requirement, rules: &[Rule], all: &[Provider]) {
    let mut entries: Vec<Yaml> = Vec::new();
    let base_is_optional = matches!(base, Requirement::Providers { is_optional: true, .. });
    for (condition, requirement) in rules {
        let mut entry = condition.clone();
        match requirement {
            Requirement::None => entry.set("skip", true),
            Requirement::Providers { names, audiences, is_optional } => {
                entry.set("issuers", issuers(names, all));
                entry.set_list("audiences", audiences.clone());
                if *is_optional {
                    entry.set("optional", true);
                }
            }
        }
        entries.push(entry.into());
    }
    match base {
        Requirement::None => {
            entries.push(Map::new().with("path_prefix", "/").with("skip", true).into());
        }
        Requirement::Providers { names, audiences, .. } => {
            config.set_list("issuers", issuers(names, all));
            config.set_list("audiences", audiences.clone());
            if base_is_optional && entries.is_empty() {
                config.set("optional", true);
            } else if base_is_optional {
                // The filter's own `optional` would weaken the other rules.
                let rest = Map::new().with("path_prefix", "/").with("optional", true);
                entries.push(rest.into());
            }
        }
    }
    config.set_list("rules", entries);
}

fn issuers(names: &[String], all: &[Provider]) -> Vec<String> {
    let named = all.iter().filter(|provider| names.contains(&provider.name));
    named.filter_map(|provider| provider.issuer.clone()).collect()
}
