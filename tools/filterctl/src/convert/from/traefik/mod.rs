//! Traefik's dynamic configuration, from files and from Kubernetes resources.
//!
//! - `routers`: routers, services and middlewares of all documents;
//! - `conditions`: rules;
//! - `chain`: the filters of a router, from its middlewares;
//! - `headers`, `limits`, `jwt`, `forward_auth`, `own`: one middleware each.

mod chain;
mod conditions;
mod forward_auth;
mod headers;
mod jwt;
mod limits;
mod own;
mod routers;

use self::routers::Configuration;
use crate::{
    convert::{model::Gateway, report::Report},
    found::Project,
};

/// Reads the routers of all documents.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let configuration = Configuration::read(project, report);
    let mut gateway = Gateway { is_ordered: true, ..Gateway::default() };
    let mut used = Vec::new();
    for router in &configuration.routers {
        let name = &router.name;
        let Some(service) = &router.service else {
            report.left_out(
                &router.place,
                format!("router {name}: its service is not in the input, or has no servers"),
            );
            continue;
        };
        let mut route = match conditions::route(router) {
            Ok(route) => route,
            Err(reason) => {
                report.left_out(&router.place, format!("router {name}: {reason}"));
                continue;
            }
        };
        let names = configuration.expand(&router.middlewares, 0);
        used.extend(names.clone());
        match chain::add(&mut route, &names, &configuration, report) {
            Ok(()) => {
                route.preserve_host = router.preserve_host;
                route.service = gateway.add_service(service.clone());
                report.converted(&router.place, format!("router {name}"));
                gateway.add_route(route);
            }
            Err(reason) => report.left_out(
                &router.place,
                format!(
                    "router {name}, because without {reason} its requests would pass unchecked"
                ),
            ),
        }
    }
    for (name, middleware) in &configuration.middlewares {
        if !used.contains(name) {
            report.not_needed(&middleware.place, format!("middleware {name}: no router uses it"));
        }
    }
    gateway
}
