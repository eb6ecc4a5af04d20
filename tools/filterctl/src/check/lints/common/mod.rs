//! Filters that do not fit together, or do not fit their routes, on all hosts.
//!
//! - `order`: the order of the filters of a chain;
//! - `claims`: claims that are used, but not passed on;
//! - `identity`: limits by identities that nothing checks or sends;
//! - `openness`: switches that let requests pass, and filters that are skipped when they fail;
//! - `rules`: rules that never apply, and limits that count twice;
//! - `routes`: routes that are never selected, and routes without jwt-auth.

mod claims;
mod identity;
mod openness;
mod order;
mod routes;
mod rules;

use novasphere_explain::ProxyKind;

use super::{other_auth, report::Report};
use crate::{chains::Chains, found::Project};

/// Checks all chains and routes.
pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let proxies = [ProxyKind::Envoy, ProxyKind::Kong, ProxyKind::Traefik];
    let with_other_auth: Vec<ProxyKind> =
        proxies.into_iter().filter(|proxy| other_auth::is_configured(project, *proxy)).collect();
    for chain in &chains.all {
        order::check(chain, report);
        claims::check(chain, report);
        identity::check(chain, with_other_auth.contains(&chain.platform.proxy()), report);
        rules::counted_twice(chain, report);
        for step in &chain.steps {
            openness::switches(step, report);
        }
    }
    project.filters.iter().for_each(|filter| openness::failures(filter, report));
    routes::check(project, chains, report);
    rules::check(project, chains, report);
}
