//! The conditions of a route.

use crate::{
    convert::model::{PathMatch, Route},
    source::Node,
};

/// Sets the conditions of a route. Returns why they cannot be converted: then the route matches at
/// least the same requests.
pub(super) fn set(route: &mut Route, conditions: &[Node]) -> Option<String> {
    let read: Vec<(Route, Option<String>)> =
        conditions.iter().map(|condition| read_condition(route, condition)).collect();
    let first = read.first()?.0.clone();
    let is_mixed = read.iter().any(|(other, _)| other.methods != first.methods);
    let obstacle = read.iter().find_map(|(_, obstacle)| obstacle.clone());
    let obstacle = obstacle.or(is_mixed.then(|| "its conditions have several methods".to_owned()));
    route.methods = if is_mixed { Vec::new() } else { first.methods };
    if read.iter().all(|(other, _)| !other.paths.is_empty()) {
        route.paths = read.into_iter().flat_map(|(other, _)| other.paths).collect();
    }
    obstacle
}

/// The route for one condition, and why that is not the whole condition.
fn read_condition(route: &Route, condition: &Node) -> (Route, Option<String>) {
    let mut read = Route { paths: Vec::new(), methods: Vec::new(), ..route.clone() };
    let mut obstacle = None;
    for (key, value) in condition.members() {
        let exact = value.get_text("exact").map(str::to_owned);
        match key.text().unwrap_or_default() {
            "uri" => {
                let prefix = value.get_text("prefix").map(|p| PathMatch::Prefix(p.to_owned()));
                let regex = value.get_text("regex").map(|r| PathMatch::Regex(r.to_owned()));
                let path = exact.map(PathMatch::Exact).or(prefix).or(regex);
                match path.map(|path| path.fault().map_or(Ok(path), Err)) {
                    Some(Ok(path)) => read.paths.push(path),
                    Some(Err(fault)) => obstacle = Some(fault),
                    None => obstacle = Some("its condition on uri is not supported".to_owned()),
                }
            }
            "method" if exact.is_some() => read.methods.extend(exact),
            "name" => {}
            other => obstacle = Some(format!("its condition {other} is not supported")),
        }
    }
    if condition.get("ignoreUriCase").is_some() {
        read.paths.clear();
    }
    (read, obstacle)
}
