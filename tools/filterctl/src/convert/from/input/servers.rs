//! The host names and protocols of a Gateway.

use crate::convert::model::Route;

/// A server of Istio, or a listener of the Gateway API.
#[derive(Debug)]
pub struct Server<'n> {
    /// The host names, which may start with `*.`. Empty for all.
    pub hosts: Vec<&'n str>,
    pub is_tls: bool,
}

/// The parts of a route that servers serve: one for host names that only servers with TLS have, and
/// one for the others.
pub fn restricted(route: Route, servers: &[Server<'_>]) -> Vec<Route> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for server in servers {
        for own in or_all(&server.hosts) {
            let hosts: Vec<&str> = route.hosts.iter().map(String::as_str).collect();
            for host in or_all(&hosts) {
                let Some(host) = narrower(own, host) else { continue };
                match found.iter_mut().find(|(other, _)| *other == host) {
                    Some((_, is_tls)) => *is_tls = *is_tls && server.is_tls,
                    None => found.push((host, server.is_tls)),
                }
            }
        }
    }
    let part = |is_tls: bool| {
        let own = found.iter().filter(|(_, tls)| *tls == is_tls);
        let hosts: Vec<String> = own.map(|(host, _)| host.clone()).collect();
        let all = hosts.iter().any(|host| host == "*");
        let mut part = Route { requires_tls: is_tls || route.requires_tls, ..route.clone() };
        part.hosts = if all { Vec::new() } else { hosts.clone() };
        (!hosts.is_empty()).then_some(part)
    };
    [part(false), part(true)].into_iter().flatten().collect()
}

fn or_all<'h>(hosts: &[&'h str]) -> Vec<&'h str> {
    if hosts.is_empty() { vec!["*"] } else { hosts.to_vec() }
}

/// The host names that two patterns cover.
fn narrower(one: &str, other: &str) -> Option<String> {
    let covers = |pattern: &str, host: &str| {
        pattern.eq_ignore_ascii_case(host)
            || pattern
                .strip_prefix('*')
                .is_some_and(|end| host.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase()))
    };
    match (covers(one, other), covers(other, one)) {
        (true, _) => Some(other.to_owned()),
        (_, true) => Some(one.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Place;

    #[test]
    fn hosts_and_tls_are_those_of_the_servers() {
        let shown = |hosts: &[&str]| -> Vec<(Vec<String>, bool)> {
            let servers = [
                Server { hosts: vec!["*.a.io", "b.io"], is_tls: true },
                Server { hosts: vec!["b.io", "x.a.io"], is_tls: false },
            ];
            let mut route = Route::new("r", 0, Place { file: 0, span: 0..0 });
            route.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            let parts = restricted(route, &servers).into_iter();
            parts.map(|part| (part.hosts, part.requires_tls)).collect()
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(shown(&["b.io", "c.io"]), [(names(&["b.io"]), false)]);
        assert_eq!(
            shown(&["x.a.io", "y.a.io"]),
            [(names(&["x.a.io"]), false), (names(&["y.a.io"]), true)]
        );
        assert_eq!(shown(&[]), [(names(&["b.io", "x.a.io"]), false), (names(&["*.a.io"]), true)]);
        assert!(shown(&["c.io"]).is_empty());
    }
}
