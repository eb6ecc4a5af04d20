//! Listeners: those of the input, or one for all routes.

use super::{manager, socket_address};
use crate::{
    convert::{
        model::{Gateway, Listener},
        report::Report,
        yaml::Map,
    },
    found::Place,
};

/// All listeners.
pub(super) fn all(gateway: &Gateway, variables: &[String], report: &mut Report) -> Vec<Map> {
    if gateway.listeners.is_empty() {
        let chain = Map::new().with("filters", vec![filter(gateway, gateway, variables, report)]);
        let listener = Map::new()
            .with("name", "gateway")
            .with("address", socket_address("0.0.0.0", 8000))
            .with("filter_chains", vec![chain]);
        return vec![listener];
    }
    let mut listeners: Vec<(&Place, Map)> = Vec::new();
    for (index, listener) in gateway.listeners.iter().enumerate() {
        let chain = filter_chain(gateway, listener, index, variables, report);
        if !listeners.iter().any(|(known, _)| **known == listener.place) {
            let is_used = |name: &str| listeners.iter().any(|(_, l)| l.text("name") == Some(name));
            let mut name = listener.name.clone();
            while is_used(&name) {
                name.push_str("-2");
            }
            let mut new = Map::new().with("name", name);
            new.extend(&listener.settings);
            listeners.push((&listener.place, new));
        }
        let found = listeners.iter_mut().find(|(known, _)| **known == listener.place);
        match found {
            Some((_, map)) if listener.is_default => map.set("default_filter_chain", chain),
            Some((_, map)) => map.push("filter_chains", chain),
            None => {}
        }
    }
    listeners.into_iter().map(|(_, map)| map).collect()
}

fn filter_chain(
    gateway: &Gateway,
    listener: &Listener,
    index: usize,
    variables: &[String],
    report: &mut Report,
) -> Map {
    let mut chain = listener.chain.clone();
    if let Some(reason) = &listener.obstacle {
        report.blocked(&listener.place, format!("listener {}: {reason}", listener.name));
        chain.remove("transport_socket");
        chain.set("filters", Vec::<Map>::new());
        chain.comment("filters", "Closes connections: the report has the reason.");
        return chain;
    }
    let mut own = gateway.clone();
    own.routes.retain(|route| route.listener == index);
    chain.set("filters", vec![filter(&own, gateway, variables, report)]);
    chain
}

fn filter(own: &Gateway, all: &Gateway, variables: &[String], report: &mut Report) -> Map {
    Map::new()
        .with("name", "envoy.filters.network.http_connection_manager")
        .with("typed_config", manager::manager(own, all, variables, report))
}
