//! Only the configurations of the gateway filter, one document for each chain.

use crate::convert::{
    model::{Chain, Gateway},
    yaml::document,
};

/// The text of the documents.
pub(super) fn write(gateway: &Gateway) -> String {
    let mut chains: Vec<(&Chain, Vec<&str>)> = Vec::new();
    for route in gateway.routes.iter().filter(|route| !route.chain.is_empty()) {
        match chains.iter_mut().find(|(chain, _)| **chain == route.chain) {
            Some((_, names)) => names.push(&route.name),
            None => chains.push((&route.chain, vec![&route.name])),
        }
    }
    let documents = chains.iter().map(|(chain, names)| {
        let comment = format!("The gateway filter for {}.", names.join(", "));
        document(&[comment], &chain.gateway())
    });
    let mut text = documents.collect::<Vec<_>>().join("---\n");
    for route in gateway.routes.iter().filter(|route| route.is_blocked()) {
        text.push_str(&format!("# Reject all requests of route {}.\n", route.name));
    }
    text
}
