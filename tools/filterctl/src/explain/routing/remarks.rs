//! Remarks about the choice of a route.

use novasphere_explain::ProxyKind;

use crate::found::{Elsewhere, Project, Route};

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

/// Gives the generated name that the filters of a route compare with `route` in their rules. `None`
/// if the host generates no name, or no rule has `route`.
pub(super) fn generated_name(
    project: &Project,
    route: &Route,
    name: Option<&str>,
) -> Option<String> {
    let generated = route.generated_name.as_ref()?;
    let mut filters = route.filters.iter().filter_map(|index| project.filters.get(*index));
    let compares = filters.any(|filter| {
        let mut found = false;
        filter.config.node.walk(&mut |node| found |= node.get_text("route").is_some());
        found
    });
    compares.then(|| match name {
        Some(name) => format!("Envoy Gateway gives the route the name {name}"),
        None => format!(
            "Envoy Gateway gives the route a name that starts with {}; rules with route are \
             treated as not matching",
            generated.start
        ),
    })
}
