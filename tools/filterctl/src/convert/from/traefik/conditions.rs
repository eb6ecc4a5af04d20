//! From the rule of a router to a route.

use super::routers::Router;
use crate::{
    convert::model::{PathMatch, Route},
    found::{PathCondition, RuleConditions},
};

/// The route of a router, without its service and filters.
///
/// # Errors
/// Why the rule cannot be converted.
pub(super) fn route(router: &Router) -> Result<Route, String> {
    if router.rule.trim().is_empty() {
        return Err("it has no rule".to_owned());
    }
    if is_mixed(&router.rule) {
        return Err("its rule joins different kinds of conditions with ||".to_owned());
    }
    let conditions = RuleConditions::parse(&router.rule);
    if !conditions.others.is_empty() {
        return Err(format!("its rule has unsupported parts: {}", conditions.others.join(", ")));
    }
    let mut route = Route::new(&router.name, 0, router.place.clone());
    route.hosts = conditions.domains;
    route.methods = conditions.methods;
    route.paths = paths(&conditions.path)?;
    route.priority = router.priority;
    if let Some(fault) = route.paths.iter().find_map(PathMatch::fault) {
        return Err(fault);
    }
    Ok(route)
}

/// A group of conditions in parentheses.
#[derive(Debug, Default)]
struct Group {
    /// The kinds of conditions in it: hosts, paths, or the name of another one.
    kinds: Vec<String>,
    has_or: bool,
}

impl Group {
    fn add(&mut self, kinds: Vec<String>) {
        for kind in kinds {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
    }

    fn is_mixed(&self) -> bool {
        self.has_or && self.kinds.len() > 1
    }
}

/// Whether `||` joins different kinds of conditions, such as ``Host(`a`) || Path(`/b`)``. A route
/// has all of its kinds of conditions.
fn is_mixed(rule: &str) -> bool {
    let mut groups = vec![Group::default()];
    let mut rest = rule;
    while let Some(c) = rest.chars().next() {
        let word: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let after = rest.get(word.len().max(c.len_utf8())..).unwrap_or_default();
        rest = after;
        if !word.is_empty() {
            let kind = if word.starts_with("Path") { "Path".to_owned() } else { word };
            // The arguments contain no conditions.
            rest = after.split_once(')').map_or("", |(_, after)| after);
            if let Some(group) = groups.last_mut() {
                group.add(vec![kind]);
            }
            continue;
        }
        match c {
            '(' => groups.push(Group::default()),
            ')' => {
                let Some(inner) = groups.pop() else { return true };
                if inner.is_mixed() {
                    return true;
                }
                if let Some(outer) = groups.last_mut() {
                    outer.add(inner.kinds);
                }
            }
            '|' => {
                if let Some(group) = groups.last_mut() {
                    group.has_or = true;
                }
            }
            _ => {}
        }
    }
    groups.iter().any(Group::is_mixed)
}

fn paths(condition: &PathCondition) -> Result<Vec<PathMatch>, String> {
    Ok(match condition {
        PathCondition::Any => Vec::new(),
        PathCondition::Exact(path) => vec![PathMatch::Exact(path.clone())],
        PathCondition::Prefix(prefix) => vec![PathMatch::Prefix(prefix.clone())],
        PathCondition::SeparatedPrefix(prefix) => vec![PathMatch::Segments(prefix.clone())],
        PathCondition::Regex(regex) => vec![PathMatch::Regex(regex.clone())],
        // Traefik searches the expression anywhere in the path.
        PathCondition::RegexPrefix(regex) => {
            vec![PathMatch::RegexStart(match regex.strip_prefix('^') {
                Some(rest) => rest.to_owned(),
                None => format!(".*(?:{regex})"),
            })]
        }
        PathCondition::OneOf(conditions) => {
            let mut all = Vec::new();
            for condition in conditions {
                all.extend(paths(condition)?);
            }
            segments(all)
        }
        PathCondition::AnyCase(_) | PathCondition::All(_) => {
            return Err("its rule combines conditions on the path with &&".to_owned());
        }
    })
}

/// ``Path(`/a`) || PathPrefix(`/a/`)`` is a prefix of whole segments.
fn segments(paths: Vec<PathMatch>) -> Vec<PathMatch> {
    match paths.as_slice() {
        [PathMatch::Exact(path), PathMatch::Prefix(prefix)]
        | [PathMatch::Prefix(prefix), PathMatch::Exact(path)]
            if *prefix == format!("{path}/") =>
        {
            vec![PathMatch::Segments(path.clone())]
        }
        _ => paths,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Place;

    fn read(rule: &str) -> Result<Route, String> {
        route(&Router {
            name: "r".to_owned(),
            rule: rule.to_owned(),
            priority: 1,
            middlewares: Vec::new(),
            service: None,
            preserve_host: true,
            place: Place { file: 0, span: 0..0 },
        })
    }

    #[test]
    fn reads_rules() {
        let route =
            read("Host(`a.io`) && (Path(`/x`) || PathPrefix(`/x/`)) && Method(`GET`)").unwrap();
        assert_eq!(route.hosts, ["a.io"]);
        assert_eq!(route.paths, [PathMatch::Segments("/x".to_owned())]);
        assert_eq!(route.methods, ["GET"]);
        let route = read("PathRegexp(`/v[0-9]+$`)").unwrap();
        assert_eq!(route.paths[0].whole_regex(), ".*(?:/v[0-9]+$).*");
        for rule in [
            "",
            "HostRegexp(`.+`)",
            "!Path(`/a`)",
            "Path(`/a`) && PathPrefix(`/b`)",
            "Host(`a`) || Path(`/b`)",
            "(Host(`a`) && Path(`/b`)) || (Host(`c`) && Path(`/d`))",
        ] {
            assert!(read(rule).is_err(), "{rule}");
        }
    }
}
