//! Changes of requests on the way to the upstream.

use crate::{
    convert::{
        from::{
            input::fields::texts,
            policy::header_changes::{self, HeaderChanges},
        },
        model::{PathMatch, Route, Service},
        report::Report,
        yaml::Map,
    },
    source::Node,
};

/// Sets the path and the `Host` that the upstream gets.
///
/// # Errors
/// The part that cannot be converted.
pub(super) fn rewrite(route: &mut Route, service: &mut Service, node: &Node) -> Result<(), String> {
    for (key, value) in node.members() {
        let value = value.text().unwrap_or_default();
        match key.text().unwrap_or_default() {
            "authority" if value == service.authority() => route.preserve_host = false,
            "uri" if value.starts_with('/') && !value.contains(['?', '#']) => {
                // Exact paths and expressions are replaced as a whole.
                if !route.paths.iter().all(|path| matches!(path, PathMatch::Prefix(_))) {
                    return Err("its rewrite of a whole path is not supported".to_owned());
                }
                route.strip_path = !route.paths.iter().all(PathMatch::is_any);
                value.trim_end_matches('/').clone_into(&mut service.base_path);
            }
            other => return Err(format!("{other} of its rewrite is not supported")),
        }
    }
    Ok(())
}

/// header-transform for `headers`.
///
/// # Errors
/// The part that cannot be converted.
pub(super) fn headers(
    route: &Route,
    node: &Node,
    report: &mut Report,
) -> Result<Option<Map>, String> {
    let sides = ["request", "response"].map(|side| (side, changes(node.get(side))));
    header_changes::section(
        &sides,
        &route.place,
        &format!("headers of route {}", route.name),
        report,
    )
}

fn changes(node: Option<&Node>) -> HeaderChanges {
    let pairs = |name: &str| {
        let members = node.and_then(|node| node.get(name)).map(Node::members).unwrap_or_default();
        let text = |node: &Node| node.text().unwrap_or_default().to_owned();
        members.iter().map(|(name, value)| (text(name), text(value))).collect()
    };
    let remove = node.and_then(|node| node.get("remove")).map(texts).unwrap_or_default();
    HeaderChanges { set: pairs("set"), add: pairs("add"), remove }
}
