//! Routes of Traefik's Kubernetes providers.
//!
//! - `ingress_route`: `IngressRoute`, of both API groups;
//! - `ingress`: `Ingress` with annotations.

mod ingress;
mod ingress_route;

use super::{Objects, objects};
use crate::found::{
    Project,
    traefik::{
        self,
        middlewares::{Find, Middleware, chain_of_object, is_of_kubernetes},
    },
};

pub(super) use ingress::is_traefiks;

/// Adds the routes of all objects.
pub(super) fn add(
    project: &mut Project,
    objects: &Objects<'_>,
    middleware: impl Find,
    entry_points: &traefik::EntryPoints,
) {
    let mut routes = ingress_route::find(objects, middleware, entry_points);
    routes.extend(ingress::find(objects, middleware, entry_points));
    traefik::add_by_priority(project, routes, entry_points);
}

/// The filters of a middleware, and the names in its chain: of the object
/// `NAMESPACE-NAME@kubernetescrd`, or of a file.
pub(super) fn middleware(
    objects: &Objects<'_>,
    of_files: &traefik::Middlewares,
    name: &str,
) -> Option<Middleware<Vec<usize>>> {
    if !is_of_kubernetes(name) {
        // `jwt-auth@file` names the provider.
        return of_files.get(name.split('@').next()?).cloned();
    }
    let found = objects.middleware(name)?;
    let chain = found.spec().map(|spec| chain_of_object(spec, found.namespace()));
    Some((objects.filters(found).to_vec(), chain.unwrap_or_default()))
}
