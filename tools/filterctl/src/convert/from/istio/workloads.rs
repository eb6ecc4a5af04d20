//! The policies of a workload, by namespaces, selectors and targets.

use super::policies::{Policy, Scope};
use crate::convert::from::input::kubernetes::Object;

/// A workload behind a Service, or a gateway.
#[derive(Debug)]
pub(super) struct Workload {
    /// The name of its Service, or of its label.
    pub(super) name: String,
    pub(super) namespace: String,
    /// Labels that its pods have. `None` if no label is known.
    pub(super) labels: Option<Vec<(String, String)>>,
    /// Its Gateway. `None` for a workload behind a Service.
    pub(super) gateway: Option<GatewayName>,
}

/// The name and the namespace of a Gateway.
#[derive(Clone, Debug)]
pub(super) struct GatewayName {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl GatewayName {
    /// A Gateway that a VirtualService of this namespace names as `name` or `namespace/name`.
    pub(super) fn new(reference: &str, namespace: &str) -> Self {
        let (namespace, name) = reference.split_once('/').unwrap_or((namespace, reference));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Whether an object is this Gateway.
    pub(super) fn is(&self, object: &Object<'_>) -> bool {
        object.kind == "Gateway" && object.name == self.name && object.namespace == self.namespace
    }
}

/// Whether a policy applies to a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Yes,
    No,
    /// The input does not say.
    Perhaps,
}

/// Labels whose value is the name of the workload, by convention.
const NAMES: [&str; 4] =
    ["app", "app.kubernetes.io/name", "k8s-app", "service.istio.io/canonical-name"];

/// The policies that apply to a workload.
///
/// # Errors
/// The policy that may apply to it.
pub(super) fn policies_of<'p, 'o>(
    workload: &Workload,
    policies: &'p [Policy<'o>],
    known: &[String],
    root: &str,
) -> Result<Vec<&'p Policy<'o>>, String> {
    let mut found = Vec::new();
    for policy in policies {
        match applies(policy, workload, known, root) {
            Applies::Yes => found.push(policy),
            Applies::No => {}
            Applies::Perhaps => {
                let remedy = match &workload.gateway {
                    Some(gateway) => {
                        format!("the Gateway {} with its selector", gateway.name)
                    }
                    None => format!("the Service {} with its selector", workload.name),
                };
                return Err(format!(
                    "{} may select its workload: add {remedy} to the input",
                    policy.object.describe()
                ));
            }
        }
    }
    Ok(found)
}

fn applies(policy: &Policy<'_>, workload: &Workload, known: &[String], root: &str) -> Applies {
    let (own, place) = (policy.object.namespace, workload.namespace.as_str());
    let is_here = own == root || own == place;
    match &policy.scope {
        Scope::All if is_here => Applies::Yes,
        Scope::All => Applies::No,
        Scope::Labels(_) if !is_here && workload.gateway.is_none() => Applies::No,
        Scope::Labels(selector) => match selects(selector, workload, known) {
            // The namespace of a gateway's pods is not known. Its name is, by convention.
            Applies::Yes if !is_here => Applies::Perhaps,
            Applies::Perhaps if !is_here && !names_gateway(selector) => Applies::No,
            applies => applies,
        },
        Scope::Targets(targets) => of_targets(targets, workload, own),
    }
}

fn names_gateway(selector: &[(String, String)]) -> bool {
    selector.iter().any(|(_, value)| value.contains("gateway"))
}

/// Targets are in the namespace of their policy.
fn of_targets(targets: &[(String, String)], workload: &Workload, own: &str) -> Applies {
    let mut applies = Applies::No;
    for (kind, name) in targets {
        match (kind.as_str(), &workload.gateway) {
            ("Gateway", Some(gateway)) if *name == gateway.name && own == gateway.namespace => {
                return Applies::Yes;
            }
            ("Service", None) if *name == workload.name && own == workload.namespace => {
                return Applies::Yes;
            }
            ("Gateway" | "Service", _) => {}
            _ => applies = Applies::Perhaps,
        }
    }
    applies
}

pub(super) fn selects(
    selector: &[(String, String)],
    workload: &Workload,
    known: &[String],
) -> Applies {
    let labels = workload.labels.as_deref().unwrap_or_default();
    let value = |key: &str| labels.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    if selector.iter().all(|(key, own)| value(key) == Some(own)) {
        return Applies::Yes;
    }
    let differs =
        |(key, own): &(String, String)| value(key).is_some_and(|value| value != own.as_str());
    // The name of another workload, or of a gateway.
    let is_other = |(key, own): &(String, String)| match key.as_str() {
        "istio" => workload.gateway.is_none(),
        key => NAMES.contains(&key) && *own != workload.name && known.contains(own),
    };
    if selector.iter().any(|label| differs(label) || is_other(label)) {
        return Applies::No;
    }
    match selector {
        [(key, own)] if NAMES.contains(&key.as_str()) && *own == workload.name => Applies::Yes,
        _ => Applies::Perhaps,
    }
}

impl Workload {
    /// The workload behind a Service.
    pub(super) fn of_service(name: &str, namespace: &str, objects: &[Object<'_>]) -> Self {
        let is_it =
            |o: &&Object<'_>| o.kind == "Service" && o.name == name && o.namespace == namespace;
        let selector = objects.iter().find(is_it).and_then(|o| o.root.at(&["spec", "selector"]));
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            labels: selector.map(super::policies::labels),
            gateway: None,
        }
    }

    /// The workload of a Gateway.
    pub(super) fn of_gateway(gateway: &GatewayName, objects: &[Object<'_>], root: &str) -> Self {
        let object = objects.iter().find(|object| gateway.is(object));
        let selector = object.and_then(|o| o.root.at(&["spec", "selector"]));
        let default = || vec![("istio".to_owned(), "ingressgateway".to_owned())];
        Self {
            name: "ingressgateway".to_owned(),
            namespace: root.to_owned(),
            labels: Some(selector.map_or_else(default, super::policies::labels)),
            gateway: Some(gateway.clone()),
        }
    }
}
