//! Istio: RequestAuthentication, AuthorizationPolicy, and the routes of VirtualServices.
//!
//! - `policies`, `workloads`: policies by namespace, and the workloads that they select;
//! - `authentication`: RequestAuthentication;
//! - `authorization`, `rules`, `entries`: AuthorizationPolicy;
//! - `chains`: the filters of a workload;
//! - `peers`: PeerAuthentication;
//! - `routes`, `conditions`, `answers`, `changes`: VirtualService;
//! - `gateways`: Gateway.

mod answers;
mod authentication;
mod authorization;
mod chains;
mod changes;
mod conditions;
mod entries;
mod gateways;
mod peers;
mod policies;
mod routes;
mod rules;
mod workloads;

use super::Namespaces;
use crate::{
    convert::{from::input::kubernetes::Object, model::Gateway, report::Report},
    found::Project,
};

/// Reads the policies of all workloads, and their routes.
pub fn read(project: &Project, namespaces: &Namespaces, report: &mut Report) -> Gateway {
    let own = |document| Object::in_namespace(document, &namespaces.own);
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(own).collect();
    let policies = policies::read(&objects, report);
    let destinations = routes::destinations(&objects);
    let chains = chains::Chains::new(&objects, policies, destinations, &namespaces.root);
    let mut gateway = Gateway { is_ordered: true, is_host_final: true, ..Gateway::default() };
    let is_route = |object: &&Object<'_>| {
        object.kind == "VirtualService" && object.api().starts_with("networking.istio.io/")
    };
    let services: Vec<&Object<'_>> = objects.iter().filter(is_route).collect();
    for service in &services {
        routes::add(service, &chains, &mut gateway, report);
    }
    if services.is_empty() {
        routes::add_default(&chains, &mut gateway, report);
    }
    for object in objects.iter().filter(|object| object.api().contains(".istio.io/")) {
        let is_read = ["RequestAuthentication", "AuthorizationPolicy", "VirtualService", "Gateway"]
            .contains(&object.kind);
        if !is_read {
            report.left_out(&object.place(), format!("{}: keep it", object.describe()));
        }
    }
    gateway
}
