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
    let mut rules: Vec<Rule> = Vec::new();
    // A prefix within a segment whose paths need a token.
    let mut narrowed: Option<String> = None;
    for node in items(filter.base, "rules") {
        let required = required(node, filter, report)?;
        let condition = node.get("match")?;
        match path(condition) {
            Some((field, path)) => {
                if !may_match(route, &path) {
                    continue;
                }
                if (field == "path_prefix" && path == "/") || covers_route(route, field, &path) {
                    let is_weaker = required == Requirement::None;
                    let lost = narrowed.filter(|_| is_weaker);
                    return is_expressible(lost, filter, report).then_some((required, rules));
                }
                if is_raw(condition) {
                    if required != Requirement::None {
                        narrowed = Some(path.clone());
                    }
                    let message = format!(
                        "{}: the prefix {path} becomes a prefix of whole segments: {path}x no longer \
                         matches",
                        filter.name
                    );
                    report.changed(&filter.place, message);
                }
                rules.push((Map::new().with(field, path), required));
            }
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
    is_expressible(narrowed, filter, report).then_some((Requirement::None, rules))
}

/// Reports a prefix within a segment that protects paths which the output would leave open. Returns
/// whether there is none.
fn is_expressible(lost: Option<String>, filter: &Filter<'_>, report: &mut Report) -> bool {
    if let Some(path) = &lost {
        let message = format!(
            "{}: the prefix {path} also covers {path}x, which rules of jwt-auth cannot express",
            filter.name
        );
        report.left_out(&filter.place, message);
    }
    lost.is_none()
}

/// Whether requests of a route may match a rule for a path.
fn may_match(route: &Route, rule: &str) -> bool {
    let is_near = |path: &PathMatch| {
        path.is_regex() || rule.starts_with(path.text()) || path.text().starts_with(rule)
    };
    route.paths.is_empty() || route.paths.iter().any(is_near)
}

/// Whether all requests of a route match a prefix, so that later rules do not apply to it.
fn covers_route(route: &Route, field: &str, prefix: &str) -> bool {
    let is_within = |path: &str| {
        let rest = path.strip_prefix(prefix.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    field == "path_prefix"
        && !route.paths.is_empty()
        && route.paths.iter().all(|path| !path.is_regex() && is_within(path.text()))
}

/// The field and the path of a condition.
fn path(condition: &Node) -> Option<(&'static str, String)> {
    let [(key, value)] = condition.members() else { return None };
    let field = match key.text()? {
        "path" => "path",
        "prefix" | "path_separated_prefix" | "pathSeparatedPrefix" => "path_prefix",
        _ => return None,
    };
    let path = value.text()?;
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    Some((field, path.to_owned()))
}

/// Whether a prefix also matches within a segment.
fn is_raw(condition: &Node) -> bool {
    text(condition, "prefix").is_some_and(|prefix| !prefix.ends_with('/'))
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
    if names.is_empty() { Some(Requirement::None) } else { of(names, Vec::new(), optional) }
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
