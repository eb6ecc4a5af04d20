//! Settings of Traefik.
//!
//! - `plugins`: plugins and their variables;
//! - `entry_points`: entry points of routers;
//! - `routers`: the middlewares of routers.

mod entry_points;
mod plugins;
mod routers;

use novasphere_explain::ProxyKind;

use super::report::Report;
use crate::{
    chains::Chains,
    found::{Project, StaticConfig},
};

/// Checks Traefik's files, if one of them has a filter.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let mut filters = project.filters.iter();
    if !filters.any(|filter| filter.platform.proxy() == ProxyKind::Traefik) {
        return;
    }
    let routers = routers::find(project);
    for config in StaticConfig::all_of(project, "experimental.localplugins.") {
        plugins::check(project, &config, report);
        entry_points::check(project, &routers, &config, report);
    }
    routers::check(project, chains, &routers, report);
}
