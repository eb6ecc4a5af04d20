//! Istio: RequestAuthentication, AuthorizationPolicy, and the routes of VirtualServices.
//!
//! - `workloads`: resources by the workload that they select;
//! - `authentication`: RequestAuthentication;
//! - `authorization`, `rules`: AuthorizationPolicy;
//! - `routes`: VirtualService.

mod authentication;
mod authorization;
mod routes;
mod rules;
mod workloads;

use self::workloads::Workload;
use crate::{
    convert::{
        from::input::kubernetes::Object,
        model::{Chain, Gateway},
        report::Report,
    },
    found::Project,
};

/// Reads the policies of all workloads, and their routes.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let objects: Vec<Object<'_>> = project
        .documents
        .iter()
        .filter_map(Object::new)
        .filter(|object| object.api().contains(".istio.io/"))
        .collect();
    let workloads = workloads::read(&objects);
    let chains: Vec<(&Workload<'_>, Result<Chain, String>)> =
        workloads.iter().map(|workload| (workload, chain(workload, report))).collect();
    let mut gateway = Gateway { is_ordered: true, is_host_final: true, ..Gateway::default() };
    let services: Vec<&Object<'_>> =
        objects.iter().filter(|o| o.kind == "VirtualService").collect();
    for service in &services {
        routes::add(service, &chains, &mut gateway, report);
    }
    if services.is_empty() {
        for (workload, chain) in &chains {
            routes::add_default(workload, chain, &mut gateway, report);
        }
    }
    for object in &objects {
        let is_read = ["RequestAuthentication", "AuthorizationPolicy", "VirtualService"]
            .contains(&object.kind);
        if !is_read {
            report.left_out(&object.place(), format!("{}: keep it", object.describe()));
        }
    }
    gateway
}

/// The chain of a workload.
///
/// # Errors
/// The policy that cannot be converted.
fn chain(workload: &Workload<'_>, report: &mut Report) -> Result<Chain, String> {
    let mut chain = Chain::default();
    let jwt = authentication::section(&workload.authentications, report)?;
    authorization::add(&mut chain, jwt, &workload.policies, report)?;
    for object in workload.authentications.iter().chain(&workload.policies) {
        report.converted(&object.place(), object.describe());
    }
    Ok(chain)
}
