//! The listeners of the Gateways that routes name.

use super::super::{Objects, objects::items};

/// Protocols without HTTP routes.
const WITHOUT_HTTP: [&str; 3] = ["TCP", "TLS", "UDP"];

/// The listeners of the Gateways of all `HTTPRoute`s. `None` if the files do not show all of them.
pub(super) fn of_gateways(objects: &Objects<'_>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for route in objects.of_kind("HTTPRoute") {
        for parent in items(route.spec(), "parentRefs") {
            let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
            let gateway = objects.find("Gateway", namespace, parent.get_text("name")?)?;
            for listener in items(gateway.spec(), "listeners") {
                let protocol = listener.get_text("protocol").unwrap_or_default();
                let name = format!("{} {}", gateway.name(), listener.get_text("name")?);
                if !WITHOUT_HTTP.contains(&protocol) && !all.contains(&name) {
                    all.push(name);
                }
            }
        }
    }
    Some(all)
}
