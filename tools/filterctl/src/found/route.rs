//! [`Route`]: a route of the host with its filters.

use super::{Place, Platform, request_handling::split_port};

/// A route with its filters.
#[derive(Clone, Debug)]
pub struct Route {
    /// The name for `--route` and messages.
    pub name: String,
    /// The kind of file that the route was found in.
    pub platform: Platform,
    /// Routes with the same number are alternatives for the same requests: the routes of one
    /// listener of Envoy, or all routes of another host.
    pub group: usize,
    /// The name that the host gives to filters. `None` if it has none.
    pub route_name: Option<String>,
    /// The name of the upstream service that the host gives to filters.
    pub service_name: Option<String>,
    /// The host names, which may start with `*.` or end with `.*`. Empty for all.
    pub domains: Vec<String>,
    /// Whether the host ignores the port of a request's host name.
    pub ignores_port: bool,
    /// The listeners of a Gateway. Empty for all.
    pub listeners: Vec<String>,
    /// The condition about the path.
    pub path: PathCondition,
    /// The methods. Empty for all.
    pub methods: Vec<String>,
    /// Conditions that are not evaluated, as written: headers, queries and the like.
    pub other_conditions: Vec<String>,
    /// The filters in the order in which they see requests: indices in
    /// [`Project::filters`](super::Project).
    pub filters: Vec<usize>,
    /// Whether the host responds itself, without an upstream and its filters' response phase.
    pub is_direct: bool,
    /// The place of the route.
    pub place: Place,
    /// The index of the document.
    pub document: usize,
}

/// The condition of a route about the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathCondition {
    /// Every path.
    Any,
    /// Exactly this path.
    Exact(String),
    /// Paths with this start, also within a segment.
    Prefix(String),
    /// This path and the paths below it.
    SeparatedPrefix(String),
    /// Paths that match as a whole.
    Regex(String),
    /// Paths whose start matches.
    RegexPrefix(String),
    /// This condition for the path in lower case. It is itself in lower case.
    AnyCase(Box<PathCondition>),
    /// All of these conditions.
    All(Vec<PathCondition>),
    /// At least one of these conditions.
    OneOf(Vec<PathCondition>),
}

impl PathCondition {
    /// Whether the condition holds for a path without its query. `None` if the expression is not
    /// supported.
    pub fn matches(&self, path: &str) -> Option<bool> {
        Some(match self {
            Self::Any => true,
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::SeparatedPrefix(prefix) => {
                let prefix = prefix.trim_end_matches('/');
                path.strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Regex(regex) => {
                regex_lite::Regex::new(&format!("^(?:{regex})$")).ok()?.is_match(path)
            }
            Self::RegexPrefix(regex) => {
                regex_lite::Regex::new(&format!("^(?:{regex})")).ok()?.is_match(path)
            }
            Self::AnyCase(condition) => condition.matches(&path.to_ascii_lowercase())?,
            Self::All(conditions) => {
                let all: Option<Vec<bool>> = conditions.iter().map(|c| c.matches(path)).collect();
                all?.into_iter().all(|matches| matches)
            }
            Self::OneOf(conditions) => {
                let all: Option<Vec<bool>> = conditions.iter().map(|c| c.matches(path)).collect();
                all?.into_iter().any(|matches| matches)
            }
        })
    }
}

/// A condition whose regular expression is compiled, to compare it with many others.
#[derive(Debug)]
pub struct CompiledPath<'c> {
    condition: &'c PathCondition,
    regex: Option<regex_lite::Regex>,
}

impl CompiledPath<'_> {
    /// See [`PathCondition::covers`].
    pub fn covers(&self, other: &PathCondition) -> bool {
        match (&self.regex, other) {
            (Some(regex), PathCondition::Exact(path)) => regex.is_match(path),
            _ => self.condition.covers(other),
        }
    }
}

impl PathCondition {
    /// The condition with its regular expression compiled.
    pub fn compiled(&self) -> CompiledPath<'_> {
        let pattern = match self {
            Self::Regex(regex) => Some(format!("^(?:{regex})$")),
            Self::RegexPrefix(regex) => Some(format!("^(?:{regex})")),
            _ => None,
        };
        let regex = pattern.and_then(|pattern| regex_lite::Regex::new(&pattern).ok());
        CompiledPath { condition: self, regex }
    }

    /// Whether this condition certainly holds for every path for which `other` holds.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::OneOf(all)) => !all.is_empty() && all.iter().all(|one| self.covers(one)),
            (_, Self::All(all)) => all.iter().any(|one| self.covers(one)),
            (Self::OneOf(all), _) => all.iter().any(|one| one.covers(other)),
            (Self::All(all), _) => all.iter().all(|one| one.covers(other)),
            (Self::AnyCase(one), Self::AnyCase(other)) => one.covers(other),
            (Self::AnyCase(one), Self::Exact(path)) => {
                one.matches(&path.to_ascii_lowercase()) == Some(true)
            }
            (Self::AnyCase(one), Self::Prefix(path)) => {
                one.covers(&Self::Prefix(path.to_ascii_lowercase()))
            }
            (Self::AnyCase(one), Self::SeparatedPrefix(path)) => {
                one.covers(&Self::SeparatedPrefix(path.to_ascii_lowercase()))
            }
            // Without letters, the case does not matter.
            (Self::Prefix(path) | Self::SeparatedPrefix(path), Self::AnyCase(other)) => {
                !path.bytes().any(|b| b.is_ascii_alphabetic()) && self.covers(other)
            }
            (_, Self::Exact(path)) => self.matches(path) == Some(true),
            (Self::Prefix(prefix), Self::Prefix(path) | Self::SeparatedPrefix(path)) => {
                path.starts_with(prefix.as_str())
            }
            (Self::SeparatedPrefix(_), Self::SeparatedPrefix(path)) => {
                self.matches(path) == Some(true)
            }
            (Self::SeparatedPrefix(prefix), Self::Prefix(path)) => {
                let prefix = prefix.trim_end_matches('/');
                path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
            }
            _ => self == other,
        }
    }

    /// The starts of all paths for which the condition can hold. `None` if they are not known.
    pub fn starts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Exact(path) | Self::Prefix(path) | Self::SeparatedPrefix(path) => {
                Some(vec![path])
            }
            Self::AnyCase(condition) => condition.starts(),
            Self::OneOf(all) => {
                let all: Option<Vec<Vec<&str>>> = all.iter().map(Self::starts).collect();
                Some(all?.concat())
            }
            Self::Any | Self::Regex(_) | Self::RegexPrefix(_) | Self::All(_) => None,
        }
    }
}

impl Route {
    /// Whether both are for clusters among which a route of the file divides its requests.
    pub fn is_sibling_of(&self, other: &Self) -> bool {
        self.place == other.place && self.group == other.group && self.name != other.name
    }

    /// Whether the route is for all listeners of another one.
    pub fn has_listeners_of(&self, other: &Self) -> bool {
        let has = |listener| self.listeners.contains(listener);
        self.listeners.is_empty() || !other.listeners.is_empty() && other.listeners.iter().all(has)
    }

    /// Whether the route is for a host name, which may have a port. Case-insensitive.
    pub fn is_for_host(&self, host: &str) -> bool {
        self.host_specificity(host).is_some()
    }

    /// The specificity of the best domain for a host name. Exact names come before `*.example.com`,
    /// then `example.*`, then `*`, and longer names before shorter ones. `None` if no domain covers
    /// the host name.
    pub(super) fn host_specificity(&self, host: &str) -> Option<(u8, usize)> {
        let host = host.to_ascii_lowercase();
        let (without_port, _) = split_port(&host);
        if self.domains.is_empty() {
            return Some((0, 0));
        }
        let domains = self.domains.iter().map(|domain| domain.to_ascii_lowercase());
        let covering = domains.filter(|domain| {
            // Envoy then compares no port at all.
            let compares_port = !self.ignores_port || self.platform != Platform::Envoy;
            compares_port && covers(domain, &host)
                || self.ignores_port && covers(domain, without_port)
        });
        covering.map(|domain| specificity(&domain)).max()
    }
}

fn specificity(domain: &str) -> (u8, usize) {
    let kind = match domain {
        "*" => 0,
        // `api.example.com:*` is one host.
        _ if domain.ends_with(":*") => 3,
        _ if domain.ends_with('*') => 1,
        _ if domain.starts_with('*') => 2,
        _ => 3,
    };
    (kind, domain.len())
}

fn covers(domain: &str, host: &str) -> bool {
    if domain == "*" {
        return true;
    }
    // `api.example.com:*` of Envoy means any port.
    if let Some(name) = domain.strip_suffix(":*") {
        return host.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    }
    if let Some(suffix) = domain.strip_prefix('*') {
        return host.len() > suffix.len() && host.ends_with(suffix);
    }
    if let Some(prefix) = domain.strip_suffix('*') {
        return host.len() > prefix.len() && host.starts_with(prefix);
    }
    domain == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_cover_hosts() {
        for (domain, host, expected) in [
            ("*", "a", true),
            ("api.x.io", "api.x.io", true),
            ("*.x.io", "api.x.io", true),
            ("*.x.io", "x.io", false),
            ("api.x.io:*", "api.x.io:8000", true),
            ("api.*", "api.x.io", true),
        ] {
            assert_eq!(covers(domain, host), expected, "{domain} {host}");
        }
    }

    #[test]
    fn conditions_cover_others() {
        let prefix = |path: &str| PathCondition::Prefix(path.to_owned());
        let separated = |path: &str| PathCondition::SeparatedPrefix(path.to_owned());
        let exact = |path: &str| PathCondition::Exact(path.to_owned());
        let regex = |path: &str| PathCondition::Regex(path.to_owned());
        let any_case = |condition| PathCondition::AnyCase(Box::new(condition));
        for (first, second, expected) in [
            (PathCondition::Any, regex("/x"), true),
            (prefix("/a"), exact("/ab"), true),
            (separated("/a"), exact("/ab"), false),
            (separated("/a"), separated("/a/b"), true),
            (separated("/a"), prefix("/a"), false),
            (separated("/a"), prefix("/a/"), true),
            (regex("/a/[^/]+"), exact("/a/b"), true),
            (regex("/a/.*"), prefix("/a/b"), false),
            (prefix("/a"), PathCondition::OneOf(vec![exact("/a"), exact("/b")]), false),
            (PathCondition::OneOf(vec![exact("/a"), prefix("/b")]), exact("/b"), true),
            (any_case(prefix("/a")), prefix("/AB"), true),
            (any_case(prefix("/a")), any_case(exact("/ab")), true),
            (prefix("/"), any_case(exact("/ab")), true),
            (prefix("/a"), any_case(exact("/ab")), false),
        ] {
            assert_eq!(first.covers(&second), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn paths_match() {
        let separated = PathCondition::SeparatedPrefix("/api/v1".to_owned());
        assert_eq!(separated.matches("/api/v1/x"), Some(true));
        assert_eq!(separated.matches("/api/v12"), Some(false));
        let prefix = PathCondition::Prefix("/api/v1".to_owned());
        assert_eq!(prefix.matches("/api/v12"), Some(true));
        assert_eq!(PathCondition::Regex("/a/[^/]+".to_owned()).matches("/a/b/c"), Some(false));
        assert_eq!(PathCondition::Regex("(".to_owned()).matches("/"), None);
        let any_case = PathCondition::AnyCase(Box::new(PathCondition::Exact("/a".to_owned())));
        assert_eq!((any_case.matches("/A"), any_case.matches("/b")), (Some(true), Some(false)));
    }
}
