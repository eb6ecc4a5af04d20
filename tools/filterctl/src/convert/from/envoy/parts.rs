//! Routes in front of a route, for rules of `jwt_authn` that rules of jwt-auth cannot express.

use super::{
    body,
    chain::Filter,
    items, kind,
    requirement::{of_route, read_rules},
    rewrites,
    routes::{Input, Scopes},
    text,
};
use crate::convert::{
    model::{PathMatch, Route},
    report::Report,
};

/// The most parts of a route.
pub(super) const MAX: usize = 99;

/// The prefixes of rules for which a route needs a route of its own in front of it, because jwt-auth
/// has no prefixes within a segment. Empty if its rules can be expressed.
pub(super) fn parts(route: &Route, input: &Input<'_>, scopes: Scopes<'_>) -> Vec<PathMatch> {
    // These may replace the prefix of the route.
    let action = scopes.route.get("route");
    if scopes.route.field("redirect").is_some() || action.is_some_and(rewrites::changes_path) {
        return Vec::new();
    }
    let entries = items(input.manager, "http_filters").iter();
    let mut parts = Vec::new();
    for entry in entries {
        let name = text(entry, "name").unwrap_or_default();
        let Some(base) = entry.field("typed_config") else { continue };
        if kind(base) != "JwtAuthentication" || scopes.override_of(name).is_some() {
            continue;
        }
        let filter = Filter {
            name: name.to_owned(),
            base: body(base),
            own: None,
            place: input.document.place(entry),
            excluded: &[],
        };
        // The route itself is read later, with its report.
        let mut unused = Report::default();
        let Some(rules) = read_rules(&filter, &mut unused) else { continue };
        if of_route(route, &filter, &mut unused).is_some() {
            continue;
        }
        for (path, _) in rules {
            let is_raw = matches!(&path, PathMatch::Prefix(text) if !text.ends_with('/'));
            if is_raw && is_part(route, path.text()) && !parts.contains(&path) {
                parts.push(path);
            }
        }
    }
    parts.truncate(MAX);
    parts
}

/// Whether all paths with a prefix are some of the paths of a route.
fn is_part(route: &Route, prefix: &str) -> bool {
    match route.paths.as_slice() {
        [] => true,
        [PathMatch::Prefix(path)] => prefix != path && prefix.starts_with(path.as_str()),
        [PathMatch::Segments(path)] => {
            prefix.starts_with(&format!("{}/", path.trim_end_matches('/')))
        }
        _ => false,
    }
}
