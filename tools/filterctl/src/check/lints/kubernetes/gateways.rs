//! Which routes a Gateway accepts, and the order of WasmPlugins.

use crate::{
    check::lints::report::Report,
    finding::codes,
    found::{Object, Objects},
    source::{Node, Reader},
};

pub(super) fn check(objects: &Objects<'_>, report: &mut Report) {
    for gateway in objects.of_kind("Gateway") {
        let listeners = gateway.spec().and_then(|spec| spec.get("listeners")).map(Node::items);
        for listener in listeners.unwrap_or_default() {
            let from = listener.at(&["allowedRoutes", "namespaces", "from"]);
            if let Some(from) = from.filter(|from| from.text() == Some("All")) {
                let message =
                    format!("{}: a route of any namespace can bypass the filters", gateway.name());
                report.add(&codes::ROUTES_FROM_ALL, gateway.document.place(from), message);
            }
        }
    }
    same_priority(objects, report);
}

fn same_priority(objects: &Objects<'_>, report: &mut Report) {
    let plugins: Vec<&Object<'_>> = objects
        .of_kind("WasmPlugin")
        .iter()
        .filter(|plugin| !objects.filters(**plugin).is_empty())
        .collect();
    let key = |plugin: &Object<'_>| {
        let value = |name: &str| Some(Reader::Kubernetes.value(plugin.spec()?.get(name)?));
        ["phase", "priority", "targetRefs", "selector"].map(value)
    };
    for (n, plugin) in plugins.iter().enumerate() {
        let others = plugins.iter().take(n);
        if let Some(other) = others.into_iter().find(|other| key(other) == key(plugin)) {
            let spec = plugin.spec().unwrap_or(&plugin.document.root);
            let place = plugin.document.place(spec.get("priority").unwrap_or(spec));
            let message =
                format!("{}: has the same phase and priority as {}", plugin.name(), other.name());
            report.add(&codes::SAME_PRIORITY, place, message);
        }
    }
}
