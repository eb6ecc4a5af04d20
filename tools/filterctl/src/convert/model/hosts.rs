//! Routes by host name, in the order in which they are tried.

use super::{Gateway, Route, order::rank};

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
            let condition = path.and_then(|path| route.paths.get(path));
            found.push((closeness, rank(route, condition), (index, path)));
        }
    }
    let closeness = |closeness: u8| if gateway.is_by_priority() { 0 } else { closeness };
    found.sort_by_key(|(close, rank, _)| (std::cmp::Reverse(closeness(*close)), *rank));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}

/// How closely a route's hosts name a domain. `None` if they do not.
fn closeness(route: &Route, domain: &str) -> Option<u8> {
    if route.hosts.iter().any(|host| host.eq_ignore_ascii_case(domain)) {
        return Some(2);
    }
    if route.hosts.iter().any(|host| covers(host, domain)) {
        return Some(1);
    }
    route.hosts.is_empty().then_some(0)
}

/// Whether a wildcard covers a host name.
pub(super) fn covers(wildcard: &str, host: &str) -> bool {
    match (wildcard.strip_prefix('*'), wildcard.strip_suffix('*')) {
        (Some(end), _) => host.ends_with(end),
        (_, Some(start)) => host.starts_with(start),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{convert::model::PathMatch, found::Place};

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
