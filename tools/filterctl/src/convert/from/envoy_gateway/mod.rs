//! Envoy Gateway: SecurityPolicy and BackendTrafficPolicy on HTTPRoutes.
//!
//! - `targets`: the policies of a route;
//! - `security`: SecurityPolicy;
//! - `traffic`: BackendTrafficPolicy.

mod security;
mod targets;
mod traffic;

use crate::{
    convert::{
        from::{input::http_route, input::kubernetes::Object, unchecked},
        model::{Action, Chain, Gateway, Route, Scheme, Service},
        report::Report,
    },
    found::Project,
    source::Node,
};

/// Reads all HTTPRoutes with their policies.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(Object::new).collect();
    let mut gateway = Gateway { is_host_final: true, ..Gateway::default() };
    let mut used: Vec<&Object<'_>> = Vec::new();
    for object in objects.iter().filter(|object| object.kind == "HTTPRoute") {
        let policies = ["SecurityPolicy", "BackendTrafficPolicy"]
            .map(|kind| targets::policy_of(&objects, kind, object));
        used.extend(policies.iter().flatten());
        let chain = chain(policies, report);
        for rule in object.items(&["spec", "rules"]) {
            add_rule(object, rule, &chain, &mut gateway, report);
        }
    }
    for object in &objects {
        let is_policy = ["SecurityPolicy", "BackendTrafficPolicy"].contains(&object.kind);
        if is_policy && !used.iter().any(|other| std::ptr::eq(*other, object)) {
            report
                .not_needed(&object.place(), format!("{}: no HTTPRoute has it", object.describe()));
        }
        if ["EnvoyExtensionPolicy", "EnvoyPatchPolicy", "GRPCRoute"].contains(&object.kind) {
            report.left_out(&object.place(), format!("{}: keep it", object.describe()));
        }
    }
    gateway
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
        security::add(&mut chain, policy, report)?;
    }
    if let Some(policy) = traffic {
        traffic::add(&mut chain, policy, report);
    }
    Ok(chain)
}

fn add_rule(
    object: &Object<'_>,
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
                gateway.add_blocked(route, &reason, report);
            }
            return;
        }
    };
    let index = service.map_or(0, |service| gateway.add_service(service));
    for mut route in routes {
        route.service = index;
        route.chain = chain.clone();
        report.converted(&place, format!("a rule of {name}"));
        gateway.add_route(route);
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
    let chain = chain.clone().map_err(|reason| unchecked(&reason))?;
    if let Some(extension) = read.extensions.first() {
        return Err(format!("its filter {extension} is not converted, and may reject requests"));
    }
    if read.routes.iter().all(|route| route.action != Action::Forward) {
        return Ok((read.routes, None, chain));
    }
    let (service, namespace, port) = read.backend.ok_or("it has no Service")?;
    let port = port.and_then(Node::text).and_then(|port| port.parse().ok()).unwrap_or(80);
    let host = format!("{service}.{namespace}.svc.cluster.local");
    Ok((read.routes, Some(Service::new(&service, Scheme::Http, &host, port)), chain))
}
