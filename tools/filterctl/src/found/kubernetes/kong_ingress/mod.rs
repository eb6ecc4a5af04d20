//! Routes of Kong Ingress Controller.
//!
//! - `plugins`: the filters that annotations and filters of rules name;
//! - `ingress`: `Ingress`;
//! - `http_route`: `HTTPRoute`.

mod http_route;
mod ingress;
mod plugins;

use std::cmp::Reverse;

use super::{Objects, objects};
use crate::found::{Project, Route};

/// Adds the routes of all objects, in the order in which Kong tries them.
pub(super) fn add(project: &mut Project, objects: &Objects<'_>) {
    let mut routes: Vec<_> =
        ingress::find(objects).into_iter().chain(http_route::find(objects)).collect();
    routes.sort_by_key(|(rank, _)| Reverse(*rank));
    let group = project.new_group();
    project.routes.extend(routes.into_iter().map(|(_, route)| Route { group, ..route }));
}
