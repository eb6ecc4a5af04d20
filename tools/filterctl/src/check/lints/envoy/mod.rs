//! Settings of Envoy.
//!
//! - `clusters`: clusters that filters and routes name;
//! - `variables`: variables that reach the filters;
//! - `statistics`: labels of metrics;
//! - `identity_headers`: headers that only jwt-auth may set;
//! - `overrides`: overrides of filters on routes;
//! - `paths`: normalisation of paths and header names;
//! - `domains`: host names;
//! - `vms`: the VMs of the filters;
//! - `client_address`: the address that rate-limit counts by.

mod client_address;
mod clusters;
mod domains;
pub(super) mod identity_headers;
mod overrides;
mod paths;
pub(super) mod statistics;
mod variables;
mod vms;

pub(super) use self::client_address::hops;
use super::report::Report;
use crate::chains::{Chains, manager::managers};
use crate::found::Project;

/// Checks the settings of all connection managers and bootstraps.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    for manager in managers(project).iter().filter(|manager| !manager.filters.is_empty()) {
        let steps: Vec<_> = manager.filters.iter().flat_map(|f| chains.steps(*f)).collect();
        overrides::check(manager, report);
        paths::check(manager, &steps, report);
        domains::check(manager, &steps, report);
        identity_headers::check(manager, &steps, project, chains, report);
        client_address::check(manager, &steps, report);
    }
    clusters::check(project, chains, report);
    statistics::check(project, report);
    variables::check(project, report);
    vms::check(project, report);
}
