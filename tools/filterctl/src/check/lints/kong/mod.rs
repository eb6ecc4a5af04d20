//! Settings of Kong and its Ingress Controller.
//!
//! - `settings`: kong.conf, environment variables and the values of charts;
//! - `nginx`: the settings that filters need;
//! - `entities`: services, routes, chains and plugins of a declarative configuration;
//! - `ingress`: objects of the Ingress Controller.

mod entities;
mod ingress;
mod nginx;
mod settings;

use novasphere_explain::ProxyKind;

use super::report::Report;
use crate::{chains::Chains, found::Project};

/// Checks Kong's files, if one of them has a filter.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let is_kongs = |proxy| proxy == ProxyKind::Kong;
    if project.filters.iter().any(|filter| is_kongs(filter.platform.proxy())) {
        nginx::check(project, chains, report);
    }
    entities::check(project, chains, report);
    ingress::check(project, report);
    for filter in project.filters.iter().filter(|f| is_kongs(f.platform.proxy())) {
        if filter.name.contains('-')
            && filter.entry.get("name").or(filter.entry.get("plugin")).is_some()
        {
            let message =
                format!("{}: name the filter {}", filter.name, filter.name.replace('-', "_"));
            report.add(&crate::finding::codes::HYPHEN_IN_NAME, filter.place.clone(), message);
        }
    }
}
