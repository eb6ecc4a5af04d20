//! A plain model of Traefik 3: its choice of a router on one entry point, and the verdicts of
//! middlewares.

use super::requests::Sent;

/// A rule.
#[derive(Clone, Debug)]
pub enum Rule {
    Host(&'static str),
    Path(&'static str),
    PathPrefix(&'static str),
    Method(&'static str),
    /// No request of the test has the header.
    Header,
    Not(Box<Rule>),
    And(Box<Rule>, Box<Rule>),
    Or(Box<Rule>, Box<Rule>),
}

impl Rule {
    pub fn text(&self) -> String {
        match self {
            Self::Host(host) => format!("Host(`{host}`)"),
            Self::Path(path) => format!("Path(`{path}`)"),
            Self::PathPrefix(path) => format!("PathPrefix(`{path}`)"),
            Self::Method(method) => format!("Method(`{method}`)"),
            Self::Header => "Header(`x-kind`, `a`)".to_owned(),
            Self::Not(rule) => format!("!({})", rule.text()),
            Self::And(one, two) => format!("({} && {})", one.text(), two.text()),
            Self::Or(one, two) => format!("({} || {})", one.text(), two.text()),
        }
    }

    fn matches(&self, sent: &Sent) -> bool {
        match self {
            Self::Host(host) => sent.host == *host,
            Self::Path(path) => sent.path == *path,
            Self::PathPrefix(path) => sent.path.starts_with(path),
            Self::Method(method) => sent.method == *method,
            Self::Header => false,
            Self::Not(rule) => !rule.matches(sent),
            Self::And(one, two) => one.matches(sent) && two.matches(sent),
            Self::Or(one, two) => one.matches(sent) || two.matches(sent),
        }
    }
}

/// The middlewares of all sources.
pub const MIDDLEWARES: [&str; 14] = [
    "auth",
    "inside",
    "users",
    "limit",
    "flight",
    "headers",
    "compress",
    "chain",
    "outer",
    "cycle",
    "missing",
    "other@docker",
    "small",
    "tls",
];

/// How many of `count` equal requests pass a middleware.
fn passes(middleware: &str, sent: &Sent, count: usize) -> usize {
    let all_if = |condition: bool| if condition { count } else { 0 };
    match middleware {
        "auth" => all_if(sent.token.is_some()),
        "inside" => all_if(sent.is_internal()),
        // No request has a password.
        "users" => 0,
        "limit" => count.min(2),
        "chain" => ["auth", "inside"].iter().map(|m| passes(m, sent, count)).min().unwrap_or(0),
        "outer" => ["chain", "limit"].iter().map(|m| passes(m, sent, count)).min().unwrap_or(0),
        // Traefik does not create a router with them.
        "cycle" | "missing" | "other@docker" => 0,
        _ => count,
    }
}

#[derive(Clone, Debug)]
pub struct Router {
    pub rule: Rule,
    /// 0 for the length of the rule.
    pub priority: usize,
    pub entry_points: Vec<&'static str>,
    pub has_tls: bool,
    /// Whether its TLS options ask for client certificates.
    pub needs_certificate: bool,
    pub middlewares: Vec<&'static str>,
    pub has_service: bool,
}

#[derive(Clone, Debug)]
pub struct Gateway {
    pub routers: Vec<Router>,
    /// The middlewares of the entry points `web` and `websecure`.
    pub of_entry_points: Vec<&'static str>,
    pub is_web_default: bool,
}

impl Gateway {
    /// Whether a public router is for TLS.
    pub fn is_tls(&self) -> bool {
        self.routers.iter().any(|router| is_public(router) && router.has_tls)
    }

    /// How many of `count` equal requests pass on the public entry points, with TLS if a router has
    /// some. `None` if two routers have the same priority.
    pub fn passes(&self, sent: &Sent, count: usize) -> Option<usize> {
        let is_tls = self.is_tls();
        let matching = self.routers.iter().filter(|router| {
            is_public(router) && router.has_tls == is_tls && router.rule.matches(sent)
        });
        let priority = |router: &Router| match router.priority {
            0 => router.rule.text().len(),
            own => own,
        };
        let mut matching: Vec<&Router> = matching.collect();
        matching.sort_by_key(|router| std::cmp::Reverse(priority(router)));
        let Some(first) = matching.first() else { return Some(0) };
        if matching.get(1).is_some_and(|second| priority(second) == priority(first)) {
            return None;
        }
        if !first.has_service || (first.has_tls && first.needs_certificate) {
            return Some(0);
        }
        let middlewares = self.of_entry_points.iter().chain(&first.middlewares);
        Some(middlewares.map(|m| passes(m, sent, count)).min().unwrap_or(count))
    }
}

fn is_public(router: &Router) -> bool {
    router.entry_points.is_empty() || router.entry_points.iter().any(|name| *name != "internal")
}
