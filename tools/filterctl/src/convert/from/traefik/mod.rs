//! Traefik's configuration, from files and from Kubernetes resources.
//!
//! - `configuration`, `kubernetes`: routers and middlewares of all documents;
//! - `services`, `tls`: their services and TLS settings;
//! - `entry_points`: the entry points of the static configuration;
//! - `rule`: rules as conditions on host, path and method;
//! - `chain`, `part`: the filters of a router, from its middlewares;
//! - `headers`, `paths`, `limits`, `jwt`, `forward_auth`, `own`: one middleware each.

mod chain;
mod configuration;
mod entry_points;
mod forward_auth;
mod headers;
mod jwt;
mod kubernetes;
mod limits;
mod own;
mod part;
mod paths;
mod rule;
mod services;
mod tls;

use self::{
    configuration::{Configuration, Router},
    entry_points::{EntryPoints, Served},
    rule::Conjunction,
};
use crate::{
    convert::{
        model::{Gateway, PathMatch, Route},
        report::Report,
    },
    found::{Document, DocumentKind, Project},
};

/// Reads the routers of all documents.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let configuration = configuration(project, report);
    let entry_points = EntryPoints::read(project, &configuration, report);
    let mut gateway = Gateway { is_ordered: true, ..Gateway::default() };
    let mut used = Vec::new();
    for router in &configuration.routers {
        if router.rule.trim().is_empty() {
            // Traefik does not serve it.
            report.left_out(&router.place, format!("router {}: it has no rule", router.name));
            continue;
        }
        match entry_points.served(router) {
            Ok(served) => add(&configuration, router, &served, &mut gateway, &mut used, report),
            Err(reason) => {
                report.left_out(&router.place, format!("router {}: {reason}", router.name));
            }
        }
    }
    for (name, middleware) in &configuration.middlewares {
        if !used.contains(name) {
            let message = format!("middleware {name}: no converted router uses it");
            report.not_needed(&middleware.place, message);
        }
    }
    gateway
}

/// The routers and middlewares of all documents.
fn configuration(project: &Project, report: &mut Report) -> Configuration {
    let mut configuration = Configuration::default();
    let documents = project.documents_of(&DocumentKind::TraefikDynamic);
    let files: Vec<&Document> = documents.map(|(_, document)| document).collect();
    files.iter().for_each(|document| configuration.add_parts(document, report));
    for document in &project.documents {
        kubernetes::add_parts(&mut configuration, document, report);
    }
    files.iter().for_each(|document| configuration.add_routers(document, &files, report));
    kubernetes::add_routers(&mut configuration, project, report);
    configuration
}

/// Adds the routes of a router, one for each alternative of its rule.
fn add(
    configuration: &Configuration,
    router: &Router,
    served: &Served,
    gateway: &mut Gateway,
    used: &mut Vec<String>,
    report: &mut Report,
) {
    if served.tls.is_some() {
        let message = format!(
            "router {}: is for TLS; give the output's listener a certificate, or let it trust \
             X-Forwarded-Proto of a proxy in front",
            router.name
        );
        report.changed(&router.place, message);
    }
    let names = [served.middlewares.clone(), router.middlewares.clone()].concat();
    let names = configuration.expand(&names, &[]);
    used.extend(names.iter().flatten().cloned());
    let of_tls = served.tls.as_ref().and_then(|tls| configuration.tls_options.obstacle(tls));
    let of_router = router.obstacle.clone().or(of_tls).or_else(|| names.clone().err());
    let no_service = router.service.is_none();
    let reason = "its service is not in the input, or has no servers";
    let of_router = of_router.or_else(|| no_service.then(|| reason.to_owned()));
    let alternatives = rule::alternatives(&router.rule);
    let mut of_rule = None;
    let alternatives = alternatives.unwrap_or_else(|| {
        of_rule = Some("its rule is not supported".to_owned());
        vec![Conjunction::default()]
    });
    for alternative in alternatives {
        let others = &alternative.others;
        let of_rule = of_rule.clone().or_else(|| {
            let reason = format!("its rule has unsupported parts: {}", others.join(", "));
            (!others.is_empty()).then_some(reason)
        });
        let obstacle = of_router.clone().or(of_rule);
        let mut route = route(router, alternative);
        route.requires_tls = served.tls.is_some();
        let obstacle = obstacle.or_else(|| route.paths.iter().find_map(PathMatch::fault));
        let names = names.clone().unwrap_or_default();
        add_route(configuration, router, (route, obstacle, served), &names, gateway, report);
    }
}

fn add_route(
    configuration: &Configuration,
    router: &Router,
    (mut route, obstacle, served): (Route, Option<String>, &Served),
    names: &[String],
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let converted = match (obstacle, &router.service) {
        (None, Some(service)) => {
            let is_tls = served.tls.is_some();
            let mut service = service.clone();
            let chain = chain::add(&mut route, &mut service, names, is_tls, configuration, report);
            chain.map(|()| service)
        }
        (obstacle, _) => Err(obstacle.unwrap_or_default()),
    };
    match converted {
        Ok(service) => {
            route.preserve_host = router.preserve_host;
            route.service = gateway.add_service(service);
            report.converted(&router.place, format!("router {}", router.name));
            gateway.add_route(route);
        }
        Err(reason) => gateway.add_blocked(wider(route), &reason, report),
    }
}

/// The route of one alternative, without its service and filters.
fn route(router: &Router, alternative: Conjunction) -> Route {
    let mut route = Route::new(&router.name, 0, router.place.clone());
    route.hosts = alternative.hosts.unwrap_or_default();
    route.paths = alternative.paths.unwrap_or_default();
    route.methods = alternative.methods.unwrap_or_default();
    route.priority = router.priority;
    route
}

/// The route with paths that can be written, and that match all its requests.
fn wider(mut route: Route) -> Route {
    for path in &mut route.paths {
        if path.fault().is_some() {
            *path = PathMatch::Prefix(path.literal_start());
        }
    }
    if route.paths.iter().any(|path| path.text().is_empty()) {
        route.paths.clear();
    }
    route
}
