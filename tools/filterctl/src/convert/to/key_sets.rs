//! The upstreams of fetched keys, which each proxy names in its own way.

use super::Target;
use crate::convert::{
    from::Url,
    model::{Gateway, Route},
    report::Report,
    yaml::{Map, Yaml},
};

/// The gateway with `cluster` in each entry of `jwks` where the target needs it.
pub(super) fn adapted(target: Target, gateway: &Gateway, report: &mut Report) -> Gateway {
    let mut adapted = gateway.clone();
    let mut routes = std::mem::take(&mut adapted.routes);
    for route in &mut routes {
        let Some(mut config) = route.chain.jwt_auth.clone() else { continue };
        let Some(Yaml::List(entries)) = config.get_mut("jwks") else { continue };
        for entry in entries {
            if let Yaml::Map(entry) = entry {
                adapt(entry, target, route, &mut adapted, report);
            }
        }
        route.chain.jwt_auth = Some(config);
    }
    adapted.routes = routes;
    adapted
}

fn adapt(
    entry: &mut Map,
    target: Target,
    route: &Route,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    if target != Target::Envoy {
        // The others find the upstream by the URL.
        entry.remove("cluster");
    }
    let url = entry.text("uri").and_then(Url::parse);
    match (target, url) {
        (Target::Envoy, Some(url)) if !has_cluster(entry, gateway) => {
            let index = gateway.add_service(url.service(&url.host));
            let name = gateway.services.get(index).map(|service| service.name.clone());
            entry.set_some("cluster", name);
        }
        (Target::EnvoyGateway, Some(url)) => {
            let name = format!("{}:{}", url.host, url.port);
            let message = format!(
                "route {}: Envoy Gateway makes no cluster for fetched keys; add one with the name \
                 {name}, with an EnvoyPatchPolicy",
                route.name
            );
            report.left_out(&route.place, message);
        }
        (Target::Kong, _) => {
            let message = format!(
                "route {}: Kong cannot hold requests: the first ones get 503 until the keys are there",
                route.name
            );
            report.changed(&route.place, message);
        }
        _ => {}
    }
}

/// Whether the upstream of a key set is in the output.
fn has_cluster(entry: &Map, gateway: &Gateway) -> bool {
    let cluster = entry.text("cluster");
    gateway.services.iter().any(|service| Some(service.name.as_str()) == cluster)
}
