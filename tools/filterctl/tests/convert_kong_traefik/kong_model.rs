//! A plain model of Kong 3.9: its choice of a route, the plugins that run, and their verdicts.

use std::cmp::Reverse;

use serde_json::Value;

use super::requests::{CONSUMERS, Sent, covers};

#[derive(Clone, Debug)]
pub struct Plugin {
    pub name: &'static str,
    pub config: Value,
    pub is_enabled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    All,
    Consumer(&'static str),
    Group(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub service: Option<usize>,
    pub route: Option<usize>,
    pub audience: Audience,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub hosts: Vec<&'static str>,
    pub paths: Vec<&'static str>,
    pub methods: Vec<&'static str>,
    pub has_headers: bool,
    pub regex_priority: i64,
    pub plugins: Vec<Plugin>,
}

/// Four routes: two of the first service, and two of the second.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub routes: Vec<Route>,
    /// The plugins of the first service.
    pub of_service: Vec<Plugin>,
    pub scoped: Vec<(Scope, Plugin)>,
    /// For each consumer: whether it is a buyer, and its consumer groups.
    pub members: Vec<(bool, Vec<&'static str>)>,
}

type Rank =
    (Reverse<usize>, Reverse<bool>, Reverse<usize>, Reverse<bool>, Reverse<i64>, Reverse<usize>);

impl Route {
    /// The rank of the first path that matches. Lower ranks are tried first.
    fn rank(&self, sent: &Sent) -> Option<Rank> {
        let host = self.hosts.is_empty() || self.hosts.iter().any(|host| covers(host, sent.host));
        let method = self.methods.is_empty() || self.methods.contains(&sent.method);
        // The requests have no such header.
        if !host || !method || self.has_headers {
            return None;
        }
        let kinds = [!self.hosts.is_empty(), true, !self.methods.is_empty()];
        let kinds = kinds.into_iter().filter(|kind| *kind).count();
        let is_plain = !self.hosts.is_empty() && !self.hosts.iter().any(|h| h.contains('*'));
        let rank = |path: &&str| {
            let is_regex = path.starts_with('~');
            let (priority, length) =
                if is_regex { (self.regex_priority, 0) } else { (0, path.len()) };
            (
                Reverse(kinds),
                Reverse(is_plain),
                Reverse(0),
                Reverse(is_regex),
                Reverse(priority),
                Reverse(length),
            )
        };
        self.paths.iter().filter(|path| matches_path(path, sent.path)).map(rank).min()
    }
}

fn matches_path(path: &str, sent: &str) -> bool {
    match path {
        "~/a/[0-9]+$" => sent
            .strip_prefix("/a/")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())),
        "~/a(?=b)" => sent.starts_with("/ab"),
        prefix => sent.starts_with(prefix),
    }
}

impl Gateway {
    /// How many of `count` equal requests pass. `None` if two routes have the same rank, or if the
    /// result depends on the group of a consumer that counts.
    pub fn passes(&self, sent: &Sent, count: usize) -> Option<usize> {
        let ranks = self.routes.iter().enumerate();
        let mut ranks: Vec<(Rank, usize)> =
            ranks.filter_map(|(n, route)| Some((route.rank(sent)?, n))).collect();
        ranks.sort();
        let Some((rank, route)) = ranks.first().copied() else { return Some(0) };
        if ranks.get(1).is_some_and(|(second, _)| *second == rank) {
            return None;
        }
        self.verdict(route, sent, count)
    }

    fn verdict(&self, route: usize, sent: &Sent, count: usize) -> Option<usize> {
        let run = |name: &str, consumer| self.running(route, name, consumer);
        // jwt runs before the consumer is known.
        let jwt = run("jwt", None)?;
        let consumer = match (jwt, sent.token) {
            (None, _) => None,
            (Some(_), Some(token)) => Some(token),
            (Some(jwt), None) => match jwt.config["anonymous"].as_str() {
                Some(_) => Some("eva"),
                None => return Some(0),
            },
        };
        if run("key-auth", None)?.is_some() || run("request-termination", consumer)?.is_some() {
            return Some(0);
        }
        let index = CONSUMERS.iter().position(|name| Some(*name) == consumer);
        if let Some(acl) = run("acl", None)? {
            let is_buyer = index.is_some_and(|index| self.members[index].0);
            let is_allowed = if acl.config["allow"].is_null() { !is_buyer } else { is_buyer };
            if index.is_none() || !is_allowed {
                return Some(0);
            }
        }
        if let Some(restriction) = run("ip-restriction", consumer)? {
            let is_denied = restriction.config["allow"].is_null();
            if sent.is_internal() == is_denied {
                return Some(0);
            }
        }
        let limit = run("rate-limiting", consumer)?;
        let limit = limit.map_or(count, |limit| limit.config["minute"].as_u64().unwrap() as usize);
        Some(count.min(limit))
    }

    /// The plugin of a name that runs. `None` if it is not defined.
    fn running(&self, route: usize, name: &str, consumer: Option<&str>) -> Option<Option<&Plugin>> {
        let service = route / 2;
        let scope = |service, route| Scope { service, route, audience: Audience::All };
        let of_route = self.routes[route].plugins.iter().map(|p| (scope(None, Some(route)), p));
        let of_service = self.of_service.iter().map(|p| (scope(Some(0), None), p));
        let scoped = self.scoped.iter().map(|(scope, plugin)| (*scope, plugin));
        let index = CONSUMERS.iter().position(|name| Some(*name) == consumer);
        let runs = |scope: &Scope, plugin: &Plugin| {
            let is_for = match scope.audience {
                Audience::All => true,
                Audience::Consumer(name) => consumer == Some(name),
                Audience::Group(name) => {
                    index.is_some_and(|index| self.members[index].1.contains(&name))
                }
            };
            let covers = scope.service.is_none_or(|own| own == service)
                && scope.route.is_none_or(|own| own == route);
            plugin.name == name && plugin.is_enabled && is_for && covers
        };
        let all = of_route.chain(of_service).chain(scoped);
        let all: Vec<(u8, &Plugin)> = all
            .filter(|(scope, plugin)| runs(scope, plugin))
            .map(|(scope, plugin)| (precedence(&scope), plugin))
            .collect();
        let Some(best) = all.iter().map(|(precedence, _)| *precedence).max() else {
            return Some(None);
        };
        let best: Vec<&Plugin> =
            all.iter().filter(|(own, _)| *own == best).map(|(_, plugin)| *plugin).collect();
        // Kong accepts one plugin of a name and a scope.
        (best.len() == 1).then(|| best.first().copied())
    }
}

/// The order of Kong's documentation, "Plugin precedence".
fn precedence(scope: &Scope) -> u8 {
    match (scope.audience, scope.route.is_some(), scope.service.is_some()) {
        (Audience::Consumer(_), true, true) => 12,
        (Audience::Group(_), true, true) => 11,
        (Audience::Consumer(_), true, false) => 10,
        (Audience::Consumer(_), false, true) => 9,
        (Audience::Group(_), true, false) => 8,
        (Audience::Group(_), false, true) => 7,
        (Audience::All, true, true) => 6,
        (Audience::Consumer(_), false, false) => 5,
        (Audience::Group(_), false, false) => 4,
        (Audience::All, true, false) => 3,
        (Audience::All, false, true) => 2,
        (Audience::All, false, false) => 1,
    }
}
