//! The policies of a route.

use super::parents::Parent;
use crate::{convert::from::input::kubernetes::Object, source::Node};

/// The policy of a kind for a route: its own, or that of its Gateways.
///
/// # Errors
/// Why the policy is not known.
pub(super) fn policy_of<'o>(
    objects: &'o [Object<'o>],
    kind: &str,
    route: &Object<'_>,
    parents: &[Parent<'_>],
) -> Result<Option<&'o Object<'o>>, String> {
    let target = Target { kind: "HTTPRoute", name: route.name, labels: labels(route.root) };
    if let Some(own) = one(objects, kind, route.namespace, &target)? {
        return Ok(Some(own));
    }
    let mut found: Option<Option<&Object<'_>>> = None;
    for parent in parents {
        let labels = parent.object.and_then(|gateway| labels(gateway.root));
        let target = Target { kind: "Gateway", name: parent.name, labels };
        let policy = one(objects, kind, parent.namespace, &target)?;
        let is_same = |other: &Option<&Object<'_>>| match (other, policy) {
            (Some(other), Some(policy)) => std::ptr::eq(*other, policy),
            (None, None) => true,
            _ => false,
        };
        if found.as_ref().is_some_and(|other| !is_same(other)) {
            return Err(format!("its Gateways have different policies of the kind {kind}"));
        }
        found = Some(policy);
    }
    Ok(found.flatten())
}

/// An object that policies may be for. Without labels, its labels are not known.
struct Target<'t> {
    kind: &'t str,
    name: &'t str,
    labels: Option<Vec<(String, String)>>,
}

fn labels(root: &Node) -> Option<Vec<(String, String)>> {
    Some(pairs(root.at(&["metadata", "labels"])))
}

fn pairs(node: Option<&Node>) -> Vec<(String, String)> {
    let members = node.map(Node::members).unwrap_or_default().iter();
    let texts =
        |(key, value): &(Node, Node)| Some((key.text()?.to_owned(), value.text()?.to_owned()));
    members.filter_map(texts).collect()
}

/// The only policy of a kind in a namespace for a target.
fn one<'o>(
    objects: &'o [Object<'o>],
    kind: &str,
    namespace: &str,
    target: &Target<'_>,
) -> Result<Option<&'o Object<'o>>, String> {
    let mut found = None;
    let is_here = |o: &&Object<'_>| o.kind == kind && o.namespace == namespace;
    for policy in objects.iter().filter(is_here) {
        if !is_for(policy, target)? {
            continue;
        }
        if found.is_some() {
            return Err(format!("several policies of the kind {kind} are for {}", target.name));
        }
        found = Some(policy);
    }
    Ok(found)
}

fn is_for(policy: &Object<'_>, target: &Target<'_>) -> Result<bool, String> {
    let Some(spec) = policy.root.get("spec") else { return Ok(false) };
    let list = |name: &str| spec.get(name).map(Node::items).unwrap_or_default();
    for reference in spec.get("targetRef").into_iter().chain(list("targetRefs")) {
        if reference.get_text("kind") != Some(target.kind)
            || reference.get_text("name") != Some(target.name)
        {
            continue;
        }
        return match reference.get("sectionName") {
            None => Ok(true),
            Some(_) => Err(format!("{} applies to one section only", policy.describe())),
        };
    }
    for selector in list("targetSelectors") {
        if selector.get_text("kind").is_some_and(|kind| kind != target.kind) {
            continue;
        }
        let Some(labels) = &target.labels else {
            return Err(format!(
                "{} may select {} {}: add it to the input",
                policy.describe(),
                target.kind,
                target.name
            ));
        };
        if !pairs(selector.get("matchLabels")).iter().all(|label| labels.contains(label)) {
            continue;
        }
        return match selector.get("matchExpressions") {
            None => Ok(true),
            Some(_) => Err(format!("{} has matchExpressions", policy.describe())),
        };
    }
    Ok(false)
}
