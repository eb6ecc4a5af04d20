//! Kong's configuration, and the resources of its ingress controller.
//!
//! - `entities`: services, routes, plugins and consumers;
//! - `declarative`: from kong.yml to entities;
//! - `resources`: from Kubernetes resources to entities;
//! - `scopes`: the routes, converted or blocked;
//! - `effective`, `chain`: the plugins of a route, and the filters that replace them;
//! - `credentials`: keys of consumers, for jwt-auth;
//! - `plugins`: the filters that replace plugins.

mod chain;
mod credentials;
mod declarative;
mod effective;
mod entities;
mod plugins;
mod resources;
mod scopes;

use self::entities::Entities;
use crate::{
    convert::{model::Gateway, report::Report},
    found::Project,
};

/// Reads the services, routes, plugins and consumers of all documents.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let mut entities = Entities::default();
    declarative::add(project, &mut entities, report);
    resources::add(project, &mut entities, report);
    scopes::gateway(&entities, report)
}
