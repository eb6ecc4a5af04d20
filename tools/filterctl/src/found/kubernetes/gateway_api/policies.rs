//! The `EnvoyExtensionPolicy` of Envoy Gateway for a rule of a route.

use super::super::{
    Objects,
    objects::{Object, items},
};
use crate::source::Node;

/// The filters of the most specific policy: of the rule, the route, the listener, the Gateway.
pub(super) fn filters(objects: &Objects<'_>, route: Object<'_>, rule: &Node) -> Vec<usize> {
    let mut best: Option<(u8, Object<'_>)> = None;
    for policy in objects.of_kind("EnvoyExtensionPolicy") {
        let named = targets(*policy).into_iter();
        let named = named.filter_map(|target| precedence(target, *policy, route, rule));
        let selectors = items(policy.spec(), "targetSelectors").iter();
        let selected = selectors.filter_map(|s| selection(objects, s, *policy, route));
        let precedence = named.chain(selected).max();
        if precedence > best.map(|(precedence, _)| precedence) {
            best = precedence.map(|precedence| (precedence, *policy));
        }
    }
    best.map(|(_, policy)| objects.filters(policy).to_vec()).unwrap_or_default()
}

/// How specific a selector of a policy is for a route. `None` if it selects something else.
fn selection(
    objects: &Objects<'_>,
    selector: &Node,
    policy: Object<'_>,
    route: Object<'_>,
) -> Option<u8> {
    match selector.get_text("kind")? {
        "HTTPRoute" => {
            let is_near = policy.namespace() == route.namespace();
            (is_near && selects(selector, route)).then_some(ROUTE)
        }
        "Gateway" => {
            let mut gateways = items(route.spec(), "parentRefs").iter().filter_map(|parent| {
                let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
                objects.find("Gateway", namespace, parent.get_text("name")?)
            });
            let is_selected = gateways.any(|gateway| {
                gateway.namespace() == policy.namespace() && selects(selector, gateway)
            });
            is_selected.then_some(GATEWAY)
        }
        _ => None,
    }
}

/// Whether the labels of an object match a label selector.
fn selects(selector: &Node, object: Object<'_>) -> bool {
    let labels = selector.get("matchLabels").map(Node::members).unwrap_or_default();
    let has_labels = labels
        .iter()
        .all(|(name, value)| name.text().is_some_and(|n| object.label(n) == value.text()));
    let expressions = items(Some(selector), "matchExpressions");
    has_labels && expressions.iter().all(|expression| holds(expression, object))
}

fn holds(expression: &Node, object: Object<'_>) -> bool {
    let label = expression.get_text("key").and_then(|key| object.label(key));
    let values = || items(Some(expression), "values").iter().filter_map(Node::text);
    match expression.get_text("operator") {
        Some("In") => label.is_some_and(|label| values().any(|value| value == label)),
        Some("NotIn") => !label.is_some_and(|label| values().any(|value| value == label)),
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => false,
    }
}

/// The precedences of targets.
const RULE: u8 = 4;
const ROUTE: u8 = 3;
const LISTENER: u8 = 2;
const GATEWAY: u8 = 1;

pub(super) fn targets<'d>(policy: Object<'d>) -> Vec<&'d Node> {
    let single = policy.spec().and_then(|spec| spec.get("targetRef"));
    items(policy.spec(), "targetRefs").iter().chain(single).collect()
}

/// How specific a policy's target is for a rule of a route. `None` if it targets something else.
fn precedence(target: &Node, policy: Object<'_>, route: Object<'_>, rule: &Node) -> Option<u8> {
    let name = target.get_text("name")?;
    let section = target.get_text("sectionName");
    match target.get_text("kind")? {
        "HTTPRoute" if name == route.name() && policy.namespace() == route.namespace() => {
            match section {
                Some(section) => (rule.get_text("name") == Some(section)).then_some(RULE),
                None => Some(ROUTE),
            }
        }
        "Gateway" => {
            let mut parents = items(route.spec(), "parentRefs").iter();
            let parent = parents.find(|parent| {
                let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
                parent.get_text("name") == Some(name) && namespace == policy.namespace()
            })?;
            match section {
                Some(section) => {
                    (parent.get_text("sectionName") == Some(section)).then_some(LISTENER)
                }
                None => Some(GATEWAY),
            }
        }
        _ => None,
    }
}
