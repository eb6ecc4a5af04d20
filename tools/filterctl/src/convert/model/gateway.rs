//! [`Gateway`]: services and routes.

use super::{Action, Chain, Listener, PathMatch};
use crate::{
    convert::{report::Report, yaml::Map},
    found::Place,
};

/// Services and routes.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// The upstream services.
    pub services: Vec<Service>,
    /// The listeners. Empty if the input has none.
    pub listeners: Vec<Listener>,
    /// The routes, in the order of the input.
    pub routes: Vec<Route>,
    /// Whether requests for a host name never match routes for wildcards or for all hosts.
    pub is_host_final: bool,
    /// Whether the order is not that of Kong, but that of priorities and then of paths.
    pub is_ordered: bool,
    /// Whether priorities are those of Kong, which compares them before hosts.
    pub is_kong_order: bool,
}

/// An upstream service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name. Unique.
    pub name: String,
    /// The id in Kong.
    pub id: Option<String>,
    /// The protocol.
    pub scheme: Scheme,
    /// The host and the port, as written in `Host`.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses. One is `host` and `port`.
    pub endpoints: Vec<Endpoint>,
    /// A path in front of the path of requests, without a slash at its end. Often empty.
    pub base_path: String,
    /// The time limit of a new connection, in milliseconds.
    pub connect_timeout_ms: Option<i64>,
    /// The longest time between two parts of a response, in milliseconds.
    pub read_timeout_ms: Option<i64>,
    /// Settings that only Kong has.
    pub kong: Map,
}

/// An address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A host name or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The share of requests, relative to the other endpoints.
    pub weight: i64,
}

/// The protocol of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 without TLS.
    H2c,
    /// HTTP/2 over TLS.
    H2,
}

impl Scheme {
    /// Whether connections use TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::H2)
    }

    /// Whether connections use HTTP/2 from the start.
    pub const fn is_http2(self) -> bool {
        matches!(self, Self::H2c | Self::H2)
    }

    /// The default port.
    pub const fn default_port(self) -> u16 {
        if self.is_tls() { 443 } else { 80 }
    }
}

impl Service {
    /// A service with one address and no timeouts.
    pub fn new(name: &str, scheme: Scheme, host: &str, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            scheme,
            host: host.to_owned(),
            port,
            endpoints: vec![Endpoint { host: host.to_owned(), port, weight: 100 }],
            base_path: String::new(),
            connect_timeout_ms: None,
            read_timeout_ms: None,
            kong: Map::new(),
        }
    }

    /// The value of `Host` for requests to this service.
    pub fn authority(&self) -> String {
        match self.port == self.scheme.default_port() {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name. Unique.
    pub name: String,
    /// The id in Kong.
    pub id: Option<String>,
    /// The host names, which may start with `*.` or end with `.*`. Empty for all.
    pub hosts: Vec<String>,
    /// The paths. Empty for all.
    pub paths: Vec<PathMatch>,
    /// The methods. Empty for all.
    pub methods: Vec<String>,
    /// What the route does with its requests.
    pub action: Action,
    /// The index of the service, if the route forwards requests.
    pub service: usize,
    /// Whether the upstream gets the path without the matched part.
    pub strip_path: bool,
    /// Whether the upstream gets the client's `Host`.
    pub preserve_host: bool,
    /// Routes of a higher priority are tried first.
    pub priority: i64,
    /// Of routes of one priority with expressions, those with a higher value here are tried first.
    pub regex_priority: i64,
    /// The filters.
    pub chain: Chain,
    /// The index of the listener, if the input has listeners.
    pub listener: usize,
    /// Whether requests without TLS are rejected.
    pub requires_tls: bool,
    /// Settings that only Kong has.
    pub kong: Map,
    /// Its place in the input.
    pub place: Place,
}

impl Route {
    /// A route for all requests.
    pub fn new(name: &str, service: usize, place: Place) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            hosts: Vec::new(),
            paths: Vec::new(),
            methods: Vec::new(),
            action: Action::Forward,
            service,
            strip_path: false,
            preserve_host: true,
            priority: 0,
            regex_priority: 0,
            chain: Chain::default(),
            listener: 0,
            requires_tls: false,
            kong: Map::new(),
            place,
        }
    }

    /// Whether the route rejects its requests because it cannot be converted.
    pub fn is_blocked(&self) -> bool {
        self.action == Action::Block
    }

    /// Makes the route reject its requests, and reports it.
    pub fn block(&mut self, reason: &str, report: &mut Report) {
        self.action = Action::Block;
        self.chain = Chain::default();
        report.blocked(&self.place, format!("route {}: {reason}", self.name));
    }
}

impl Gateway {
    /// Whether priorities alone give the order of routes, without regard to their hosts.
    pub const fn is_by_priority(&self) -> bool {
        self.is_kong_order || (self.is_ordered && !self.is_host_final)
    }

    /// Adds a service, unless an equal one is there. Returns its index. Another service with the
    /// same name gets a number.
    pub fn add_service(&mut self, mut service: Service) -> usize {
        let stem = service.name.clone();
        let mut number: u32 = 1;
        loop {
            match self.services.iter().position(|other| other.name == service.name) {
                Some(index) if self.services.get(index) == Some(&service) => return index,
                Some(_) => {
                    number = number.saturating_add(1);
                    service.name = format!("{stem}-{number}");
                }
                None => {
                    self.services.push(service);
                    return self.services.len().saturating_sub(1);
                }
            }
        }
    }

    /// Adds a route that cannot be converted, so that no wider route matches its requests. It must
    /// match at least the requests that it matches in the input.
    pub fn add_blocked(&mut self, mut route: Route, reason: &str, report: &mut Report) {
        route.block(reason, report);
        self.add_route(route);
    }

    /// Adds a route. A second route with the same name gets a number.
    pub fn add_route(&mut self, mut route: Route) {
        let stem = route.name.clone();
        let mut number: u32 = 1;
        while self.routes.iter().any(|other| other.name == route.name) {
            number = number.saturating_add(1);
            route.name = format!("{stem}-{number}");
        }
        self.routes.push(route);
    }
}
