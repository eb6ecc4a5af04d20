//! Changes of the path on the way to the upstream.

use super::text;
use crate::{
    convert::model::{PathMatch, Route, Service},
    source::Node,
};

/// Fields that change the path by an expression or a template.
const OTHERS: [&str; 3] = ["regex_rewrite", "path_rewrite_policy", "path_rewrite"];

/// Whether the upstream gets another path than the client sends.
pub(super) fn changes_path(action: &Node) -> bool {
    action.field("prefix_rewrite").is_some() || OTHERS.iter().any(|f| action.field(f).is_some())
}

/// Sets the path that the upstream gets. Returns the difference from Envoy's.
///
/// # Errors
/// Why the path has no counterpart.
pub(super) fn set(
    route: &mut Route,
    service: &mut Service,
    action: &Node,
) -> Result<Option<String>, String> {
    if let Some(field) = OTHERS.iter().find(|field| action.field(field).is_some()) {
        return Err(format!("its {field} is not supported"));
    }
    let Some(new) = text(action, "prefix_rewrite").filter(|new| !new.is_empty()) else {
        return Ok(None);
    };
    let other = || format!("its prefix_rewrite to {new} is not supported for its path");
    if !new.starts_with('/') || new.contains(['?', '#']) {
        return Err(other());
    }
    // Outputs join the new prefix and the rest of the path with one slash.
    let base = new.strip_suffix('/');
    let difference = match (route.paths.as_slice(), base) {
        ([], Some(_)) => None,
        ([PathMatch::Prefix(prefix)], Some(_)) if prefix.ends_with('/') => None,
        ([PathMatch::Exact(_)], Some(_)) => None,
        ([PathMatch::Prefix(_) | PathMatch::Segments(_)], Some(_)) => {
            Some(format!("the upstream gets {new}x, where Envoy sends {new}/x"))
        }
        ([PathMatch::Segments(prefix)], None) => Some(format!("{prefix} becomes {new}/")),
        _ => return Err(other()),
    };
    let base = base.unwrap_or(new);
    if base.ends_with('/') {
        return Err(other());
    }
    route.strip_path = true;
    base.clone_into(&mut service.base_path);
    Ok(difference)
}
