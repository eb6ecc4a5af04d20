//! Routes of Traefik's Kubernetes providers.
//!
//! - `ingress_route`: `IngressRoute`, of both API groups;
//! - `ingress`: `Ingress` with annotations.

mod ingress;
mod ingress_route;

use super::{Objects, objects};
use crate::found::{Project, traefik};

pub(super) use ingress::is_traefiks;

/// Adds the routes of all objects.
pub(super) fn add(
    project: &mut Project,
    objects: &Objects<'_>,
    entry_points: &traefik::EntryPoints,
) {
    let mut routes = ingress_route::find(objects, entry_points);
    routes.extend(ingress::find(objects, entry_points));
    traefik::add_by_priority(project, routes);
}
