//! The rules of routers.

use crate::convert::model::{Entry, PathMatch};

/// The rule of a route.
pub(super) fn rule(entry: &Entry<'_>) -> String {
    let mut parts = Vec::new();
    let hosts = entry.hosts.iter().map(|host| host_matcher(host)).collect::<Vec<_>>();
    parts.extend(either(hosts));
    parts.extend(entry.path.map(path_matcher));
    let methods = entry.route.methods.iter().map(|method| matcher("Method", method));
    parts.extend(either(methods.collect()));
    if parts.is_empty() { matcher("PathPrefix", "/") } else { parts.join(" && ") }
}

fn either(matchers: Vec<String>) -> Option<String> {
    match matchers.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" || "))),
    }
}

fn matcher(name: &str, argument: &str) -> String {
    match argument.contains('`') {
        true => format!("{name}({argument:?})"),
        false => format!("{name}(`{argument}`)"),
    }
}

fn host_matcher(host: &str) -> String {
    if host == "*" {
        return matcher("PathPrefix", "/");
    }
    if !host.contains('*') {
        return matcher("Host", host);
    }
    let regex = host.replace('.', r"\.").replace('*', ".+");
    matcher("HostRegexp", &format!("^{regex}$"))
}

fn path_matcher(path: &PathMatch) -> String {
    match path {
        PathMatch::Exact(path) => matcher("Path", path),
        path if path.is_any() => matcher("PathPrefix", "/"),
        PathMatch::Prefix(prefix) => matcher("PathPrefix", prefix),
        PathMatch::Segments(prefix) => {
            let prefix = prefix.trim_end_matches('/');
            let below = matcher("PathPrefix", &format!("{prefix}/"));
            format!("({} || {below})", matcher("Path", prefix))
        }
        path => matcher("PathRegexp", &format!("^(?:{})$", path.whole_regex())),
    }
}
