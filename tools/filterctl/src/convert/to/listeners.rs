//! The listener of an output for another proxy than Envoy.

use crate::convert::{
    model::{Gateway, Listener},
    report::Report,
};

/// The gateway with the routes of one listener, which all clients may reach: the first one with TLS,
/// or else the first one.
pub(super) fn one(mut gateway: Gateway, report: &mut Report) -> Gateway {
    let listeners = std::mem::take(&mut gateway.listeners);
    if listeners.is_empty() {
        return gateway;
    }
    let reason = |listener: &Listener| listener.obstacle.clone().or(listener.restriction.clone());
    let open: Vec<usize> = listeners
        .iter()
        .enumerate()
        .filter(|(index, listener)| reason(listener).is_none() && has_routes(&gateway, *index))
        .map(|(index, _)| index)
        .collect();
    let is_tls = |index: &usize| listeners.get(*index).is_some_and(|listener| listener.is_tls);
    let chosen = open.iter().copied().find(is_tls).or_else(|| open.first().copied());
    for (index, listener) in listeners.iter().enumerate() {
        if Some(index) == chosen || !has_routes(&gateway, index) {
            continue;
        }
        let reason = reason(listener).unwrap_or_else(|| "the output has one listener".to_owned());
        report.left_out(
            &listener.place,
            format!("listener {} with its routes: {reason}", listener.name),
        );
    }
    gateway.routes.retain(|route| Some(route.listener) == chosen);
    if chosen.is_some_and(|index| is_tls(&index)) {
        gateway.routes.iter_mut().for_each(|route| route.requires_tls = true);
    }
    gateway
}

fn has_routes(gateway: &Gateway, listener: usize) -> bool {
    gateway.routes.iter().any(|route| route.listener == listener)
}
