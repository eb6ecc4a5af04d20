//! Routes of Traefik's Kubernetes providers.
//!
//! - `ingress_route`: `IngressRoute`, of both API groups;
//! - `ingress`: `Ingress` with annotations.

mod ingress;
mod ingress_route;

use super::{Objects, objects};
use crate::found::{
    Project,
    traefik::{self, middlewares::Middleware},
};

pub(super) use ingress::is_traefiks;

/// Adds the routes of all objects.
pub(super) fn add(
    project: &mut Project,
    objects: &Objects<'_>,
    entry_points: &traefik::EntryPoints,
) {
    let mut routes = ingress_route::find(objects, entry_points);
    routes.extend(ingress::find(objects, entry_points));
    traefik::add_by_priority(project, routes, entry_points);
}

/// The filters of a middleware, and the names in its chain: `NAMESPACE-NAME@kubernetescrd`.
fn middleware(objects: &Objects<'_>, name: &str) -> Option<Middleware<Vec<usize>>> {
    let found = objects.middleware(name)?;
    let chain = found.spec().map(|s| traefik::middlewares::chain_of_object(s, found.namespace()));
    Some((objects.filters(found).to_vec(), chain.unwrap_or_default()))
}
