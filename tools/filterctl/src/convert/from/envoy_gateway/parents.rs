//! The Gateways of a route, and the listeners that it attaches to.

use super::super::input::{
    kubernetes::Object,
    servers::{self, Server},
};
use crate::{convert::model::Route, source::Node};

/// A Gateway of a route.
pub(super) struct Parent<'o> {
    pub(super) name: &'o str,
    pub(super) namespace: &'o str,
    /// The Gateway, if it is in the input.
    pub(super) object: Option<&'o Object<'o>>,
    section: Option<&'o str>,
}

/// The Gateways of a route.
///
/// # Errors
/// If it has parents of another kind.
pub(super) fn of<'o>(
    objects: &'o [Object<'o>],
    route: &'o Object<'_>,
) -> Result<Vec<Parent<'o>>, String> {
    let mut parents = Vec::new();
    for reference in route.items(&["spec", "parentRefs"]) {
        if reference.get_text("kind").is_some_and(|kind| kind != "Gateway") {
            return Err("its parent is not a Gateway".to_owned());
        }
        let name = reference.get_text("name").unwrap_or_default();
        let namespace = reference.get_text("namespace").unwrap_or(route.namespace);
        let is_it =
            |o: &&Object<'_>| o.kind == "Gateway" && o.name == name && o.namespace == namespace;
        let object = objects.iter().find(is_it);
        parents.push(Parent {
            name,
            namespace,
            object,
            section: reference.get_text("sectionName"),
        });
    }
    Ok(parents)
}

impl Parent<'_> {
    /// The listeners that the route attaches to. Empty if they are not known.
    fn listeners(&self) -> Vec<&Node> {
        let all = self.object.map(|o| o.items(&["spec", "listeners"])).unwrap_or_default().iter();
        let is_own = |listener: &&Node| {
            self.section.is_none_or(|section| listener.get_text("name") == Some(section))
        };
        all.filter(is_own).collect()
    }

    /// The settings of the Gateway's ClientTrafficPolicies that reject requests, or that give clients
    /// other addresses.
    pub(super) fn restriction(
        &self,
        objects: &[Object<'_>],
        checks_addresses: bool,
    ) -> Option<String> {
        let validates = |listener: &&Node| listener.at(&["tls", "frontendValidation"]).is_some();
        let of_gateway = self.object.and_then(|o| o.root.at(&["spec", "tls", "frontend"]));
        if self.listeners().iter().any(validates) || of_gateway.is_some() {
            return Some(format!("Gateway {} validates client certificates", self.name));
        }
        let policies = objects
            .iter()
            .filter(|o| o.kind == "ClientTrafficPolicy" && o.namespace == self.namespace);
        policies.filter_map(|policy| restriction(policy, self.name, checks_addresses)).next()
    }
}

fn restriction(policy: &Object<'_>, gateway: &str, checks_addresses: bool) -> Option<String> {
    let spec = policy.root.get("spec")?;
    let single = spec.get("targetRef").into_iter();
    let mut targets = single.chain(spec.get("targetRefs").map(Node::items).unwrap_or_default());
    // Labels are not compared: the policy may be for any Gateway.
    let is_for_it = spec.get("targetSelectors").is_some()
        || targets.any(|target| target.get_text("name") == Some(gateway));
    if !is_for_it {
        return None;
    }
    if spec.at(&["tls", "clientValidation"]).is_some() {
        return Some(format!("{} validates client certificates", policy.describe()));
    }
    (checks_addresses && spec.get("clientIPDetection").is_some())
        .then(|| format!("{} takes client addresses from headers", policy.describe()))
}

/// The parts of a route for the host names and protocols of its listeners.
pub(super) fn restricted(route: Route, parents: &[Parent<'_>]) -> Vec<Route> {
    let listeners: Vec<&Node> = parents.iter().flat_map(Parent::listeners).collect();
    if listeners.is_empty() || parents.iter().any(|parent| parent.listeners().is_empty()) {
        return vec![route];
    }
    let servers: Vec<Server<'_>> = listeners.into_iter().map(server).collect();
    servers::restricted(route, &servers)
}

fn server(listener: &Node) -> Server<'_> {
    Server {
        hosts: listener.get_text("hostname").into_iter().collect(),
        is_tls: listener.get_text("protocol") == Some("HTTPS"),
    }
}
