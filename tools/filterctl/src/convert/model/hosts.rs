//! Routes by host name, in the order in which they are tried.

use super::{Gateway, PathMatch, Route};

/// Host names with the same routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualHost {
    /// The host names. `*` for all others.
    pub domains: Vec<String>,
    /// Indices of routes, each with the index of one of its paths, if it has any. The first match
    /// applies.
    pub entries: Vec<(usize, Option<usize>)>,
}

/// The virtual hosts of a gateway. A host name also has the routes of wildcards that cover it, and
/// those for all hosts, after its own.
pub fn virtual_hosts(gateway: &Gateway) -> Vec<VirtualHost> {
    let mut domains: Vec<&str> = Vec::new();
    for route in &gateway.routes {
        let hosts = route.hosts.iter().map(String::as_str);
        let hosts: Vec<&str> = if route.hosts.is_empty() { vec!["*"] } else { hosts.collect() };
        domains
            .extend(hosts.into_iter().filter(|host| !domains.contains(host)).collect::<Vec<_>>());
    }
    let mut all: Vec<VirtualHost> = Vec::new();
    for domain in domains {
        let entries = entries(gateway, domain);
        match all
            .iter_mut()
            .find(|host| host.entries == entries && host.domains != ["*"] && domain != "*")
        {
            Some(host) => host.domains.push(domain.to_owned()),
            None => all.push(VirtualHost { domains: vec![domain.to_owned()], entries }),
        }
    }
    all
}

/// Routes, each with one of its paths, in the order in which they are tried without virtual hosts.
pub fn in_order(gateway: &Gateway) -> Vec<(&Route, Option<&PathMatch>)> {
    let mut entries = Vec::new();
    for route in &gateway.routes {
        match route.paths.len() {
            0 => entries.push((route, None)),
            count => entries.extend((0..count).map(|path| (route, Some(path)))),
        }
    }
    entries.sort_by_key(|(route, path)| (host_rank(route), rank(route, *path)));
    entries.into_iter().map(|(route, index)| (route, path_of(route, index))).collect()
}

fn path_of(route: &Route, index: Option<usize>) -> Option<&PathMatch> {
    index.and_then(|index| route.paths.get(index))
}

/// Exact host names first, then wildcards, then routes for all hosts.
fn host_rank(route: &Route) -> u8 {
    match route.hosts.as_slice() {
        [] => 2,
        hosts if hosts.iter().any(|host| host.contains('*')) => 1,
        _ => 0,
    }
}

fn entries(gateway: &Gateway, domain: &str) -> Vec<(usize, Option<usize>)> {
    let mut found = Vec::new();
    for (index, route) in gateway.routes.iter().enumerate() {
        let Some(closeness) = closeness(route, domain) else { continue };
        if gateway.is_host_final && closeness < 2 && domain != "*" {
            continue;
        }
        let paths: Vec<Option<usize>> = match route.paths.len() {
            0 => vec![None],
            count => (0..count).map(Some).collect(),
        };
        for path in paths {
            found.push((closeness, rank(route, path), (index, path)));
        }
    }
    found.sort_by_key(|(closeness, rank, _)| (std::cmp::Reverse(*closeness), *rank));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}

/// How closely a route's hosts name a domain. `None` if they do not.
fn closeness(route: &Route, domain: &str) -> Option<u8> {
    if route.hosts.iter().any(|host| host.eq_ignore_ascii_case(domain)) {
        return Some(2);
    }
    let covers = |host: &String| match (host.strip_prefix('*'), host.strip_suffix('*')) {
        (Some(end), _) => domain.ends_with(end),
        (_, Some(start)) => domain.starts_with(start),
        _ => false,
    };
    if route.hosts.iter().any(covers) {
        return Some(1);
    }
    route.hosts.is_empty().then_some(0)
}

/// Lower ranks are tried first: by priority, then exact paths, expressions, and longer prefixes.
fn rank(route: &Route, path: Option<usize>) -> (i64, u8, i64, std::cmp::Reverse<usize>) {
    let path = path.and_then(|index| route.paths.get(index));
    let (kind, regex_priority) = match path {
        Some(PathMatch::Exact(_)) => (0, 0),
        Some(PathMatch::Regex(_) | PathMatch::RegexStart(_)) => (1, route.regex_priority),
        Some(_) => (2, 0),
        None => (3, 0),
    };
    let length = path.map_or(0, |path| path.text().len());
    (
        route.priority.saturating_neg(),
        kind,
        regex_priority.saturating_neg(),
        std::cmp::Reverse(length),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Place;

    fn gateway() -> Gateway {
        let mut gateway = Gateway::default();
        let place = Place { file: 0, span: 0..0 };
        for (name, hosts, paths) in [
            ("all", vec![], vec![PathMatch::Prefix("/".to_owned())]),
            ("wild", vec!["*.x.io"], vec![]),
            (
                "api",
                vec!["a.x.io", "b.y.io"],
                vec![PathMatch::Prefix("/a".to_owned()), PathMatch::Exact("/h".to_owned())],
            ),
            ("long", vec!["a.x.io"], vec![PathMatch::Prefix("/a/b".to_owned())]),
        ] {
            let mut route = Route::new(name, 0, place.clone());
            route.hosts = hosts.into_iter().map(str::to_owned).collect();
            route.paths = paths;
            gateway.add_route(route);
        }
        gateway
    }

    #[test]
    fn closer_hosts_and_longer_paths_come_first() {
        let gateway = gateway();
        let shown: Vec<String> = virtual_hosts(&gateway)
            .iter()
            .map(|host| {
                let entries = host.entries.iter().map(|(route, path)| {
                    format!(
                        "{}{}",
                        gateway.routes[*route].name,
                        path.map_or(String::new(), |p| p.to_string())
                    )
                });
                format!("{}: {}", host.domains.join(" "), entries.collect::<Vec<_>>().join(" "))
            })
            .collect();
        let expected = [
            "*: all0",
            "*.x.io: wild all0",
            "a.x.io: api1 long0 api0 wild all0",
            "b.y.io: api1 api0 all0",
        ];
        assert_eq!(shown, expected);
    }
}
