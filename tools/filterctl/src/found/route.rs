//! [`Route`]: a route of the host with its filters.

use novasphere_explain::ProxyKind;

use super::{PathCondition, Place, Platform, request_handling::split_port};
use crate::source::Node;

/// The name that Envoy Gateway generates for a route: `httproute/NAMESPACE/NAME/rule/0/match/0/HOST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedName {
    /// The name of the rule in the file.
    pub own: Option<String>,
    /// The name without the host.
    pub start: String,
    /// The host of a route without domains, if it is known.
    pub host: Option<String>,
}

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
    /// The name that the host gives to filters. `None` if it has none or generates it.
    pub route_name: Option<String>,
    /// The name of the upstream service that the host gives to filters.
    pub service_name: Option<String>,
    /// Filters, or objects that may have filters, which the route names and the files do not show.
    pub left_out: Vec<String>,
    /// The parts of the name, if the host generates the one that it gives to filters.
    pub generated_name: Option<GeneratedName>,
    /// The host names, which may start with `*.` or end with `.*`. Empty for all.
    pub domains: Vec<String>,
    /// Whether the host ignores the port of a request's host name.
    pub ignores_port: bool,
    /// The listeners of a Gateway, or the entry points of Traefik in lower case. Empty for all.
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
    /// The response of the host itself, without an upstream.
    pub direct: Option<DirectResponse>,
    /// The place of the route.
    pub place: Place,
    /// The index of the document.
    pub document: usize,
}

/// The host's own response to the requests of a route: a redirect, or a fixed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectResponse {
    /// The status. `None` if it is not in the files.
    pub status: Option<u16>,
}

impl DirectResponse {
    /// A response with the status in a field, or with a default one.
    pub(super) fn new(status: Option<&Node>, default: Option<u16>) -> Self {
        let status = status.map_or(default, |status| status.text()?.parse().ok());
        Self { status: status.filter(|status| (200..600).contains(status)) }
    }
}

impl Route {
    /// Whether both are for clusters among which a route of the file divides its requests.
    pub fn is_sibling_of(&self, other: &Self) -> bool {
        self.place == other.place && self.group == other.group && self.name != other.name
    }

    /// The name in the file, if the user has given one.
    pub fn own_name(&self) -> Option<&str> {
        let generated = self.generated_name.as_ref().and_then(|name| name.own.as_deref());
        self.route_name.as_deref().or(generated)
    }

    /// The name that filters see for a request with this Host. `None` if there is none, or if it is
    /// not known.
    pub fn name_for(&self, host: &str) -> Option<String> {
        let Some(name) = &self.generated_name else { return self.route_name.clone() };
        let any_host = name.host.as_deref();
        // The name has the hostname of a listener if it is narrower than the route's.
        let domain = match self.best_domain(host) {
            Some(domain) if domain.starts_with('*') => any_host.map(|_| domain)?,
            Some(domain) => domain,
            None => any_host?,
        };
        Some(format!("{}/{}", name.start, domain.replace('.', "_")))
    }

    /// Whether both are of one router of Traefik: alternatives of its rule, or on different entry
    /// points.
    pub fn is_of_same_router(&self, other: &Self) -> bool {
        self.platform.proxy() == ProxyKind::Traefik && self.place == other.place
    }

    /// Whether both are alternatives of the rule of one router of Traefik.
    pub fn is_alternative_of(&self, other: &Self) -> bool {
        self.is_of_same_router(other) && self.listeners == other.listeners
    }

    /// Whether the route is for a listener. `None` stands for a listener that no route names.
    pub(super) fn is_on(&self, listener: Option<&str>) -> bool {
        self.listeners.is_empty()
            || listener.is_some_and(|name| self.listeners.iter().any(|own| own == name))
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
        if self.domains.is_empty() {
            return Some((0, 0));
        }
        self.best_domain(host).map(specificity)
    }

    fn best_domain(&self, host: &str) -> Option<&str> {
        let host = host.to_ascii_lowercase();
        let (without_port, _) = split_port(&host);
        let covering = self.domains.iter().map(String::as_str).filter(|domain| {
            let domain = domain.to_ascii_lowercase();
            // Envoy then compares no port at all.
            let compares_port = !self.ignores_port || self.platform != Platform::Envoy;
            compares_port && covers(&domain, &host)
                || self.ignores_port && covers(&domain, without_port)
        });
        covering.max_by_key(|domain| specificity(domain))
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
}
