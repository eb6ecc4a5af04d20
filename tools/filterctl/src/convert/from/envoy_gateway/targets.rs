//! The policies of a route.

use crate::{convert::from::input::kubernetes::Object, source::Node};

/// The policy of a kind for a route: its own, or that of its Gateway.
pub(super) fn policy_of<'o>(
    objects: &'o [Object<'o>],
    kind: &str,
    route: &Object<'_>,
) -> Option<&'o Object<'o>> {
    let parents: Vec<&str> =
        route.items(&["spec", "parentRefs"]).iter().filter_map(|p| p.get_text("name")).collect();
    let of_kind = || objects.iter().filter(|object| object.kind == kind);
    let own = of_kind().find(|policy| {
        policy.namespace == route.namespace && has_target(policy, "HTTPRoute", &[route.name])
    });
    own.or_else(|| of_kind().find(|policy| has_target(policy, "Gateway", &parents)))
}

fn has_target(policy: &Object<'_>, kind: &str, names: &[&str]) -> bool {
    let spec = policy.root.get("spec");
    let single = spec.and_then(|spec| spec.get("targetRef"));
    let several = spec.and_then(|spec| spec.get("targetRefs")).map(Node::items).unwrap_or_default();
    // Labels are not compared: the policy may be for any object of the kind.
    let selectors = spec.and_then(|spec| spec.get("targetSelectors")).map(Node::items);
    let is_selected = selectors
        .unwrap_or_default()
        .iter()
        .any(|selector| selector.get_text("kind") == Some(kind));
    is_selected
        || single.into_iter().chain(several).any(|target| {
            target.get_text("kind") == Some(kind)
                && target.get_text("name").is_some_and(|name| names.contains(&name))
        })
}
