//! Traefik's dynamic configuration: jwt-auth and header-transform for requests as plugins, and
//! native middlewares for everything else.
//!
//! - `rule`: the rules of routers;
//! - `answers`: blocked routes and redirects;
//! - `chain`: the middlewares of a route;
//! - `responses`: CORS and response headers;
//! - `limits`: limits.

mod answers;
mod chain;
mod limits;
mod responses;
mod rule;

use super::{header, identity_headers};
use crate::convert::{
    model::{Action, Gateway, PathMatch, Route, Service, in_order},
    report::Report,
    yaml::{Map, document},
};

/// The text of the dynamic configuration.
pub(super) fn write(mut gateway: Gateway, report: &mut Report) -> String {
    answers::block_unsupported(&mut gateway, report);
    let mut http = Http::default();
    let identity = identity_headers(&gateway);
    let mut chains: Vec<(String, Vec<String>)> = Vec::new();
    for route in &mut gateway.routes {
        let middlewares = match route.action {
            Action::Forward => chain::middlewares(route, &identity, &mut http, report),
            _ => Ok(answers::middlewares(route, &mut http)),
        };
        match middlewares {
            Ok(middlewares) => chains.push((route.name.clone(), middlewares)),
            Err(reason) => route.block(&reason, report),
        }
    }
    let entries = in_order(&gateway);
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    for (n, entry) in (0_i64..).zip(&entries) {
        let route = entry.route;
        let own = chains.iter().find(|(name, _)| *name == route.name);
        let mut middlewares = own.map(|(_, names)| names.clone()).unwrap_or_default();
        let service = gateway.services.get(route.service);
        let service = match service.filter(|_| route.action == Action::Forward) {
            Some(service) => {
                middlewares.extend(http.rewrites(route, entry.path, service));
                http.service(service, route.preserve_host, report, route)
            }
            None => http.blocked(),
        };
        let mut router = Map::new()
            .with("rule", rule::rule(entry))
            .with("priority", count.saturating_sub(n).saturating_mul(10));
        router.set_list("middlewares", middlewares);
        router.set("service", service);
        if route.requires_tls {
            http.add_plain(&router, &route.name, gateway.routes.iter().all(|r| r.requires_tls));
            router.set("tls", Map::new());
        }
        if route.is_blocked() {
            router.comment("service", "Blocked: the report has the reason.");
        }
        let name = http.unused_router(&route.name);
        http.routers.set(&name, router);
    }
    let mut members = Map::new().with("routers", http.routers);
    if !http.middlewares.is_empty() {
        members.set("middlewares", http.middlewares);
    }
    members.set("services", http.services);
    let mut comments = header("Traefik 3.7 or later: the dynamic configuration.", &gateway);
    comments.extend(static_part(&gateway));
    document(&comments, &Map::new().with("http", members))
}

/// The lines that the static configuration needs.
fn static_part(gateway: &Gateway) -> Vec<String> {
    let envs = super::variables(gateway).join(", ");
    let lines = [
        "The static configuration needs:",
        "  entryPoints:",
        "    gateway:",
        "      address: \":8000\"",
        "      http:",
        "        aliasHeadersStrategy: delete",
        "        encodedCharacters:",
        "          allowEncodedSlash: false",
        "          allowEncodedBackSlash: false",
        "          allowEncodedNullCharacter: false",
        "          allowEncodedSemicolon: false",
        "          allowEncodedPercent: false",
        "          allowEncodedQuestionMark: false",
        "          allowEncodedHash: false",
        "  experimental:",
        "    abortOnPluginFailure: true",
        "    localPlugins:",
        "      novasphere-jwt-auth: {moduleName: novasphere/jwt-auth, settings: {envs: [ENVS]}}",
        "      novasphere-header-transform: {moduleName: novasphere/header-transform}",
    ];
    lines.into_iter().map(|line| line.replace("ENVS", &envs)).collect()
}

/// The parts of the configuration so far.
#[derive(Debug, Default)]
struct Http {
    routers: Map,
    middlewares: Map,
    services: Map,
}

impl Http {
    /// Adds a middleware, unless an equal one is there. Returns its name.
    fn middleware(&mut self, stem: &str, middleware: Map) -> String {
        let mut number: u32 = 1;
        loop {
            let name = match number {
                1 => stem.to_owned(),
                _ => format!("{stem}-{number}"),
            };
            match self.middlewares.map(&name) {
                Some(other) if *other == middleware => return name,
                Some(_) => number = number.saturating_add(1),
                None => {
                    self.middlewares.set(&name, middleware);
                    return name;
                }
            }
        }
    }

    fn unused_router(&self, stem: &str) -> String {
        let numbered = (2_u32..).map(|n| format!("{stem}-{n}"));
        let mut names = std::iter::once(stem.to_owned()).chain(numbered);
        names.find(|name| self.routers.get(name).is_none()).unwrap_or_default()
    }

    /// Adds the service of blocked routes. Traefik answers 503 for a service without servers.
    fn blocked(&mut self) -> String {
        let balancer = Map::new().with("servers", Vec::<Map>::new());
        let stem = "blocked".to_owned();
        self.services.set(&stem, Map::new().with("loadBalancer", balancer));
        stem
    }

    /// Adds a router for the requests without TLS of a router with TLS, unless no router matches
    /// such requests. They would match other routers.
    fn add_plain(&mut self, router: &Map, route: &str, is_all_tls: bool) {
        if is_all_tls {
            return;
        }
        let redirect = Map::new().with("scheme", "https").with("permanent", true);
        let redirect = Map::new().with("redirectScheme", redirect);
        let mut plain = Map::new();
        for name in ["rule", "priority"] {
            plain.set_some(name, router.get(name).cloned());
        }
        plain.set("middlewares", vec![self.middleware("to-https", redirect)]);
        plain.set("service", self.blocked());
        let name = self.unused_router(&format!("{route}-plain"));
        self.routers.set(&name, plain);
    }

    /// Middlewares that change the path for the upstream.
    fn rewrites(
        &mut self,
        route: &Route,
        path: Option<&PathMatch>,
        service: &Service,
    ) -> Vec<String> {
        let mut names = Vec::new();
        if let Some(path) = path.filter(|_| route.strip_path) {
            let strip = match path {
                PathMatch::Prefix(prefix) | PathMatch::Segments(prefix) if prefix == "/" => None,
                PathMatch::Prefix(prefix) | PathMatch::Segments(prefix) => {
                    let prefixes = vec![prefix.trim_end_matches('/')];
                    Some(Map::new().with("stripPrefix", Map::new().with("prefixes", prefixes)))
                }
                path => {
                    let regex = vec![format!("^{}", path.start_regex())];
                    Some(Map::new().with("stripPrefixRegex", Map::new().with("regex", regex)))
                }
            };
            names.extend(strip.map(|middleware| self.middleware("strip-path", middleware)));
        }
        if !service.base_path.is_empty() {
            let prefix = Map::new().with("prefix", service.base_path.as_str());
            names.push(self.middleware("base-path", Map::new().with("addPrefix", prefix)));
        }
        names
    }

    /// Adds the service of a route. Returns its name.
    fn service(
        &mut self,
        service: &Service,
        preserve_host: bool,
        report: &mut Report,
        route: &Route,
    ) -> String {
        let scheme = match (service.scheme.is_tls(), service.scheme.is_http2()) {
            (true, _) => "https",
            (false, true) => "h2c",
            (false, false) => "http",
        };
        let servers = service.endpoints.iter().map(|endpoint| {
            let host = match endpoint.host.contains(':') {
                true => format!("[{}]", endpoint.host),
                false => endpoint.host.clone(),
            };
            Map::new().with("url", format!("{scheme}://{host}:{}", endpoint.port))
        });
        let weights = service.endpoints.iter().map(|endpoint| endpoint.weight);
        if weights.clone().min() != weights.max() {
            let message = format!("service {}: the weights of its targets", service.name);
            report.left_out(&route.place, message);
        }
        let mut balancer = Map::new().with("servers", servers.collect::<Vec<_>>());
        if !preserve_host {
            balancer.set("passHostHeader", false);
        }
        let name = match preserve_host {
            true => service.name.clone(),
            false => format!("{}-own-host", service.name),
        };
        self.services.set(&name, Map::new().with("loadBalancer", balancer));
        name
    }
}
