//! The middlewares `stripPrefix` and `addPrefix`.

use super::part::{Part, Target};
use crate::convert::{model::Route, report::Report};

/// Removing the router's own prefix is a setting of the route.
pub(super) fn strip_prefix(route: &mut Route, part: &Part<'_>, report: &mut Report) {
    let prefixes = part.fields.texts("prefixes");
    let is_own = |prefix: &String| {
        !route.paths.is_empty()
            && route
                .paths
                .iter()
                .all(|path| !path.is_regex() && path.text().trim_end_matches('/') == prefix)
    };
    if let [prefix] = prefixes.as_slice()
        && is_own(prefix)
    {
        route.strip_path = true;
        part.converted("the route removes its prefix", report);
    } else {
        part.left_out(
            "stripPrefix: is not the path of the router; rewrite the path in the proxy",
            report,
        );
    }
}

/// Adds a prefix, which is a setting of the service. Without it, clients reach other paths of the
/// upstream. Returns whether that was possible.
pub(super) fn add_prefix(target: &mut Target<'_>, part: &Part<'_>, report: &mut Report) -> bool {
    let prefix = part.fields.text("prefix").unwrap_or_default().trim_end_matches('/');
    // The route removes its prefix before the service adds its own.
    if !prefix.starts_with('/') || !target.service.base_path.is_empty() {
        part.left_out("addPrefix: rewrite the path in the proxy", report);
        return false;
    }
    target.service.base_path = prefix.to_owned();
    part.converted("the service has the prefix", report);
    true
}
