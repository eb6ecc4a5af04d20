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
        PathCondition::All(_) => {
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
        for rule in ["HostRegexp(`.+`)", "!Path(`/a`)", "Path(`/a`) && PathPrefix(`/b`)"] {
            assert!(read(rule).is_err(), "{rule}");
        }
    }
}
