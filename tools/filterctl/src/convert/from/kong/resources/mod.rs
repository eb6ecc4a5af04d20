//! From Kubernetes resources to entities, as Kong's ingress controller does it.
//!
//! - `classes`: the resources of one class, or of one Gateway;
//! - `consumers`: `KongConsumer` with its Secrets, and `KongConsumerGroup`;
//! - `ingress`, `http_route`: `Ingress`, `HTTPRoute` and `GRPCRoute`;
//! - `annotations`: their annotations;
//! - `services`: the Services that they name;
//! - `plugins`: `KongPlugin` with the resources that name it.

mod annotations;
mod classes;
mod consumers;
mod http_route;
mod ingress;
mod plugins;
mod services;

use self::{annotations::Settings, classes::Classes, plugins::PluginObjects};
use super::entities::{Entities, RouteEntity, Scope};
use crate::{
    convert::{from::input::kubernetes::Object, model::Route, report::Report},
    found::Project,
};

/// Kinds that are not read.
const UNSUPPORTED: [&str; 7] = [
    "KongIngress",
    "TCPIngress",
    "UDPIngress",
    "TLSRoute",
    "KongCustomEntity",
    "KongUpstreamPolicy",
    "KongVault",
];

/// Adds the entities of all resources.
pub(super) fn add(project: &Project, entities: &mut Entities, report: &mut Report) {
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(Object::new).collect();
    let classes = Classes::new(&objects);
    let plugins = PluginObjects::new(&objects, &classes, report);
    let mut cluster = Cluster { objects: &objects, classes, plugins, services: Vec::new() };
    consumers::add(&mut cluster, entities, report);
    for object in &objects {
        match object.kind {
            "Ingress" => ingress::add(&mut cluster, object, entities, report),
            "HTTPRoute" => http_route::add(&mut cluster, object, entities, report),
            "GRPCRoute" => http_route::add_grpc(&cluster, object, entities, report),
            kind if UNSUPPORTED.contains(&kind) => {
                let message = format!("{}: is not supported", object.describe());
                report.left_out(&object.place(), message);
            }
            _ => {}
        }
    }
    cluster.plugins.finish(entities, report);
}

/// The resources.
struct Cluster<'o> {
    objects: &'o [Object<'o>],
    classes: Classes,
    plugins: PluginObjects<'o>,
    /// The keys of services that are entities already.
    services: Vec<(String, usize)>,
}

impl Cluster<'_> {
    /// Adds a route with the plugins of its resource.
    fn add_route(
        &mut self,
        mut route: Route,
        service: Option<usize>,
        (owner, names, settings): (&Object<'_>, &[String], &Settings),
        entities: &mut Entities,
    ) {
        let stem = route.name.clone();
        let mut number: u32 = 1;
        while entities.routes.iter().any(|other| other.route.name == route.name) {
            number = number.saturating_add(1);
            route.name = format!("{stem}-{number}");
        }
        settings.apply(&mut route);
        let obstacle = settings.conditions.obstacle.clone();
        entities.routes.push(RouteEntity { route, service, obstacle, is_stream: false });
        let index = entities.routes.len().saturating_sub(1);
        let scope = Scope { route: Some(index), ..Scope::default() };
        self.plugins.refer(names, owner, scope, entities);
    }
}

/// Blocks the last route.
fn obstruct_last(entities: &mut Entities, reason: &str) {
    if let Some(route) = entities.routes.last_mut() {
        route.obstacle.get_or_insert_with(|| reason.to_owned());
    }
}
