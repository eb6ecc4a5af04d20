//! Remarks about the choice of a route.

use novasphere_explain::ProxyKind;

use crate::found::Elsewhere;

/// Says which route another listener selects.
pub(super) fn elsewhere(other: &Elsewhere<'_>) -> String {
    let is_traefik = other.route.platform.proxy() == ProxyKind::Traefik;
    let noun = if is_traefik { "entry point" } else { "listener" };
    let listener = match other.listener {
        Some(name) => format!("on the {noun} {name}"),
        None => format!("on another {noun}"),
    };
    format!("{listener}, the request is for the route {}", other.route.name)
}
