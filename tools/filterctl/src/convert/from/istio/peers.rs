//! PeerAuthentication.

use super::{
    policies::{Scope, scope},
    workloads::{Applies, Workload, selects},
};
use crate::{convert::from::input::kubernetes::Object, source::Node};

/// Why routes to a workload cannot be converted: it keeps out clients without a certificate of the
/// mesh. A Gateway has one, so that its clients need none.
pub(super) fn obstacle(
    workload: &Workload,
    objects: &[Object<'_>],
    known: &[String],
    root: &str,
) -> Option<String> {
    let is_peer = |object: &&Object<'_>| {
        object.kind == "PeerAuthentication" && object.api().starts_with("security.istio.io/")
    };
    let peers: Vec<&Object<'_>> = objects.iter().filter(is_peer).collect();
    // The narrowest scope decides.
    let own = |object: &Object<'_>| match scope(object) {
        Scope::Labels(labels) if object.namespace == workload.namespace => {
            (0, selects(&labels, workload, known))
        }
        Scope::All if object.namespace == workload.namespace => (1, Applies::Yes),
        Scope::All if object.namespace == root => (2, Applies::Yes),
        _ => (3, Applies::No),
    };
    for level in 0..3 {
        let applies =
            |object: &&&Object<'_>| matches!(own(object), (l, a) if l == level && a != Applies::No);
        if let Some(strict) = peers.iter().filter(applies).find(|object| is_strict(object)) {
            return Some(format!("{} asks for certificates of the mesh", strict.describe()));
        }
        let is_certain = |object: &&&Object<'_>| own(object) == (level, Applies::Yes);
        if peers.iter().filter(is_certain).any(|object| is_lenient(object)) {
            return None;
        }
    }
    None
}

fn is_strict(object: &Object<'_>) -> bool {
    let ports = object.root.at(&["spec", "portLevelMtls"]).map(Node::members).unwrap_or_default();
    mode(object) == Some("STRICT")
        || ports.iter().any(|(_, port)| port.get_text("mode") == Some("STRICT"))
}

fn is_lenient(object: &Object<'_>) -> bool {
    matches!(mode(object), Some("PERMISSIVE" | "DISABLE"))
}

fn mode<'o>(object: &Object<'o>) -> Option<&'o str> {
    object.root.at(&["spec", "mtls", "mode"]).and_then(Node::text)
}
