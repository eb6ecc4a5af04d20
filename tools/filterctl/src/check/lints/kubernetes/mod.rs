//! Settings of Istio, Envoy Gateway and the Gateway API.
//!
//! - `gateways`: which routes a Gateway accepts, and the order of WasmPlugins;
//! - `clients`: connections of clients;
//! - `variables`: variables of Envoy's containers.

mod clients;
mod gateways;
mod variables;

use novasphere_explain::ProxyKind;

use super::{envoy::statistics, report::Report};
use crate::chains::Chains;
use crate::found::{Objects, Platform, Project};

/// Checks the objects, if one of them has a filter.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let is_mesh = |platform| matches!(platform, Platform::EnvoyGateway | Platform::Istio);
    let objects = Objects::new(&project.documents, &project.filters);
    if project.filters.iter().any(|filter| is_mesh(filter.platform)) {
        gateways::check(&objects, report);
        clients::check(project, &objects, chains, report);
        for kind in ["EnvoyFilter", "EnvoyProxy"] {
            for object in objects.of_kind(kind) {
                statistics::check_patch(&object.document.root, object.document.file, report);
            }
        }
    }
    if project.filters.iter().any(|filter| filter.platform.proxy() == ProxyKind::Envoy) {
        variables::check(project, &objects, report);
    }
}
