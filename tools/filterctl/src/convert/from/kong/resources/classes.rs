//! The class of Ingresses and the Gateway of HTTPRoutes: an output is one gateway, and routes of
//! another one must not become reachable through it.

use crate::{convert::from::input::kubernetes::Object, source::Node};

/// The resources of one gateway.
pub(super) struct Classes {
    /// The class of Ingresses. `None` if none has one.
    class: Option<String>,
    /// Classes of other controllers.
    foreign: Vec<String>,
    /// The Gateway of HTTPRoutes: its namespace and its name.
    gateway: Option<(String, String)>,
}

/// The controller of Kong's classes.
const CONTROLLER: &str = "ingress-controllers.konghq.com/kong";

impl Classes {
    pub(super) fn new(objects: &[Object<'_>]) -> Self {
        let of_kind = |kind: &'static str| objects.iter().filter(move |o| o.kind == kind);
        let controller = |o: &Object<'_>| {
            o.root.at(&["spec", "controller"]).and_then(Node::text).map(str::to_owned)
        };
        let foreign: Vec<String> = of_kind("IngressClass")
            .filter(|object| controller(object).is_some_and(|name| name != CONTROLLER))
            .map(|object| object.name.to_owned())
            .collect();
        let own: Vec<&str> = of_kind("Ingress")
            .filter_map(class)
            .filter(|class| !foreign.iter().any(|other| other == class))
            .collect();
        let kong = own.iter().find(|class| **class == "kong").or(own.first());
        let gateways = of_kind("HTTPRoute").chain(of_kind("GRPCRoute"));
        let gateway = gateways.flat_map(parents).next();
        Self { class: kong.map(|class| (*class).to_owned()), foreign, gateway }
    }

    /// Why an Ingress, a consumer or a plugin is not one of this gateway. `None` if it is.
    pub(super) fn class_obstacle(&self, object: &Object<'_>) -> Option<String> {
        let class = class(object)?;
        if self.foreign.iter().any(|other| other == class) {
            return Some(format!("its class {class} is not one of Kong"));
        }
        let own = self.class.as_deref().filter(|own| *own != class)?;
        Some(format!("its class is {class} and not {own}; convert it on its own"))
    }

    /// Why an HTTPRoute is not one of this gateway. `None` if it is.
    pub(super) fn route_obstacle(&self, object: &Object<'_>) -> Option<String> {
        let parents = parents(object);
        let (_, own) = self.gateway.as_ref()?;
        let is_own = parents.iter().any(|parent| Some(parent) == self.gateway.as_ref());
        (!parents.is_empty() && !is_own)
            .then(|| format!("its Gateway is not {own}; convert it on its own"))
    }
}

fn class<'o>(object: &Object<'o>) -> Option<&'o str> {
    let own = object.root.at(&["spec", "ingressClassName"]).and_then(Node::text);
    own.or_else(|| object.annotation("kubernetes.io/ingress.class"))
}

fn parents(object: &Object<'_>) -> Vec<(String, String)> {
    let parents = object.items(&["spec", "parentRefs"]).iter();
    parents
        .filter_map(|parent| {
            let namespace = parent.get_text("namespace").unwrap_or(object.namespace);
            Some((namespace.to_owned(), parent.get_text("name")?.to_owned()))
        })
        .collect()
}
