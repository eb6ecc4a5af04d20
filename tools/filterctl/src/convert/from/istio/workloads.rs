//! Resources by the workload that they select.

use crate::{
    convert::from::input::kubernetes::Object,
    source::{Node, Reader},
};

/// The policies of one workload.
pub(super) struct Workload<'o> {
    /// The name by the labels `app` and `app.kubernetes.io/name`, or of the target. `None` for all
    /// workloads.
    pub(super) name: Option<String>,
    /// The selector as text. Empty for all workloads.
    selector: String,
    pub(super) authentications: Vec<&'o Object<'o>>,
    pub(super) policies: Vec<&'o Object<'o>>,
}

/// The workloads that have policies of their own, each with those for all workloads.
pub(super) fn read<'o>(objects: &'o [Object<'o>]) -> Vec<Workload<'o>> {
    let mut workloads: Vec<Workload<'o>> = Vec::new();
    for object in objects {
        if !["RequestAuthentication", "AuthorizationPolicy"].contains(&object.kind) {
            continue;
        }
        let selector = selector(object);
        let index = workloads.iter().position(|workload| workload.selector == selector);
        let index = index.unwrap_or_else(|| {
            workloads.push(Workload {
                name: name(object),
                selector,
                authentications: Vec::new(),
                policies: Vec::new(),
            });
            workloads.len().saturating_sub(1)
        });
        let Some(workload) = workloads.get_mut(index) else { continue };
        match object.kind {
            "RequestAuthentication" => workload.authentications.push(object),
            _ => workload.policies.push(object),
        }
    }
    let general = workloads.iter().position(|workload| workload.selector.is_empty());
    let general = general.and_then(|index| workloads.get(index));
    let shared =
        general.map(|w| (w.authentications.clone(), w.policies.clone())).unwrap_or_default();
    for workload in workloads.iter_mut().filter(|workload| !workload.selector.is_empty()) {
        workload.authentications.extend(&shared.0);
        workload.policies.extend(&shared.1);
    }
    workloads
}

fn selector(object: &Object<'_>) -> String {
    let spec = object.root.get("spec");
    let node = spec.and_then(|s| {
        s.at(&["selector", "matchLabels"])
            .or_else(|| s.get("targetRefs"))
            .or_else(|| s.get("targetRef"))
    });
    node.map(|node| Reader::Kubernetes.value(node).to_string()).unwrap_or_default()
}

fn name(object: &Object<'_>) -> Option<String> {
    let spec = object.root.get("spec")?;
    if let Some(labels) = spec.at(&["selector", "matchLabels"]) {
        let names = ["app.kubernetes.io/name", "app", "istio"];
        return names.iter().find_map(|name| labels.get_text(name)).map(str::to_owned);
    }
    let target = spec.get("targetRef").or_else(|| spec.get("targetRefs")?.items().first())?;
    target.get("name").and_then(Node::text).map(str::to_owned)
}
