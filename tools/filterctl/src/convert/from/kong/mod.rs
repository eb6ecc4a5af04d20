//! Kong's configuration, and the resources of its ingress controller.
//!
//! - `entities`: services, routes, plugins and consumers;
//! - `declarative`: from kong.yml to entities;
//! - `ingress`: from Kubernetes resources to entities;
//! - `scopes`: the plugins of each route, and its chain;
//! - `credentials`: keys of consumers, for jwt-auth;
//! - `jwt`, `access`, `rate_limiting`, `cors`, `transformers`: one plugin each;
//! - `others`: plugins without a counterpart.

mod access;
mod cors;
mod credentials;
mod declarative;
mod entities;
mod ingress;
mod jwt;
mod others;
mod rate_limiting;
mod scopes;
mod transformers;

use self::entities::Entities;
use crate::{
    convert::{model::Gateway, report::Report},
    found::Project,
};

/// Reads the services, routes, plugins and consumers of all documents.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let mut entities = Entities::default();
    declarative::add(project, &mut entities, report);
    ingress::add(project, &mut entities, report);
    scopes::gateway(&entities, report)
}
