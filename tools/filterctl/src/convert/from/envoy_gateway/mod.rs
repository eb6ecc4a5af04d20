//! Envoy Gateway: SecurityPolicy and BackendTrafficPolicy on HTTPRoutes.
//!
//! - `parents`: the Gateways of a route;
//! - `targets`: the policies of a route;
//! - `security`: SecurityPolicy;
//! - `traffic`: BackendTrafficPolicy.

mod parents;
mod security;
mod targets;
mod traffic;

use self::parents::Parent;
use crate::{
    convert::{
        from::{Namespaces, input::http_route, input::kubernetes::Object, unchecked},
        model::{Action, Chain, Gateway, Route, Scheme, Service},
        report::Report,
    },
    found::Project,
    source::Node,
};

/// Reads all HTTPRoutes with their policies.
pub fn read(project: &Project, namespaces: &Namespaces, report: &mut Report) -> Gateway {
    let own = |document| Object::in_namespace(document, &namespaces.own);
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(own).collect();
    let mut gateway = Gateway { is_ordered: true, is_host_final: true, ..Gateway::default() };
    let mut used: Vec<&Object<'_>> = Vec::new();
    for object in objects.iter().filter(|object| object.kind == "HTTPRoute") {
        let parents = parents::of(&objects, object);
        let chain = parents.as_deref().map_err(Clone::clone).and_then(|parents| {
            let policies = policies(&objects, object, parents)?;
            used.extend(policies.iter().flatten());
            let chain = chain(policies, report)?;
            let checks = chain.addresses.is_some();
            let restriction = parents.iter().find_map(|p| p.restriction(&objects, checks));
            restriction.map_or(Ok(chain), Err)
        });
        let parents = parents.unwrap_or_default();
        for rule in object.items(&["spec", "rules"]) {
            add_rule((object, &parents), rule, &chain, &mut gateway, report);
        }
    }
    for object in &objects {
        let is_policy = ["SecurityPolicy", "BackendTrafficPolicy"].contains(&object.kind);
        if is_policy && !used.iter().any(|other| std::ptr::eq(*other, object)) {
            report
                .not_needed(&object.place(), format!("{}: no HTTPRoute has it", object.describe()));
        }
        if object.kind == "ClientTrafficPolicy" {
            report.left_out(&object.place(), format!("{}: keep it", object.describe()));
        }
        if ["EnvoyExtensionPolicy", "EnvoyPatchPolicy", "GRPCRoute"].contains(&object.kind) {
            report.left_out(&object.place(), format!("{}: keep it", object.describe()));
        }
    }
    gateway
}

/// The SecurityPolicy and the BackendTrafficPolicy of a route.
///
/// # Errors
/// Why they are not known.
fn policies<'o>(
    objects: &'o [Object<'o>],
    route: &Object<'_>,
    parents: &[Parent<'_>],
) -> Result<[Option<&'o Object<'o>>; 2], String> {
    let security = targets::policy_of(objects, "SecurityPolicy", route, parents)?;
    Ok([security, targets::policy_of(objects, "BackendTrafficPolicy", route, parents)?])
}

/// The chain of a route.
///
/// # Errors
/// The policy that cannot be converted.
fn chain(
    [security, traffic]: [Option<&Object<'_>>; 2],
    report: &mut Report,
) -> Result<Chain, String> {
    let mut chain = Chain::default();
    if let Some(policy) = security {
        security::add(&mut chain, policy, report).map_err(|check| unchecked(&check))?;
    }
    if let Some(policy) = traffic {
        traffic::add(&mut chain, policy, report).map_err(|check| unchecked(&check))?;
    }
    Ok(chain)
}

fn add_rule(
    (object, parents): (&Object<'_>, &[Parent<'_>]),
    rule: &Node,
    chain: &Result<Chain, String>,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let place = object.document.place(rule);
    let name = object.describe();
    let read = http_route::rule(object, rule, report);
    let (routes, service, chain) = match read.and_then(|read| forwarded(read, chain)) {
        Ok(found) => found,
        Err(reason) => {
            for route in http_route::widened(object, rule) {
                for route in parents::restricted(route, parents) {
                    gateway.add_blocked(route, &reason, report);
                }
            }
            return;
        }
    };
    let index = service.map_or(0, |service| gateway.add_service(service));
    for mut route in routes {
        route.service = index;
        route.chain = chain.clone();
        let routes = parents::restricted(route, parents);
        if routes.is_empty() {
            report.not_needed(&place, format!("a rule of {name}: no listener has its hostnames"));
            continue;
        }
        report.converted(&place, format!("a rule of {name}"));
        routes.into_iter().for_each(|route| gateway.add_route(route));
    }
}

/// The routes, the service and the chain of a rule.
///
/// # Errors
/// Why the rule cannot be converted.
fn forwarded(
    read: http_route::Rule<'_>,
    chain: &Result<Chain, String>,
) -> Result<(Vec<Route>, Option<Service>, Chain), String> {
    let mut chain = chain.clone()?;
    let filters = read.filters;
    if let Some(extension) = filters.extensions.first() {
        return Err(format!("its filter {extension} is not converted, and may reject requests"));
    }
    if read.routes.iter().all(|route| route.action != Action::Forward) {
        return Ok((read.routes, None, chain));
    }
    let (service, namespace, port) = read.backend.ok_or("it has no Service")?;
    let port = port.and_then(Node::text).and_then(|port| port.parse().ok()).unwrap_or(80);
    let host = format!("{service}.{namespace}.svc.cluster.local");
    let mut service = Service::new(&service, Scheme::Http, &host, port);
    let mut routes = read.routes;
    if let Some(host) = filters.host {
        if host != service.authority() {
            return Err(format!("its rewrite of Host to {host} is not supported"));
        }
        routes.iter_mut().for_each(|route| route.preserve_host = false);
    }
    let prefix = filters.prefix.unwrap_or_default();
    prefix.trim_end_matches('/').clone_into(&mut service.base_path);
    chain.header_transform = filters.headers;
    Ok((routes, Some(service), chain))
}
