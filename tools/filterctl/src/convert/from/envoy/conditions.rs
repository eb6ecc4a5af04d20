//! The conditions of virtual hosts and routes.

use super::{items, text};
use crate::{
    convert::model::{PathMatch, Route},
    source::Node,
};

/// Conditions that narrow a route down and have no counterpart.
const NARROWING: [&str; 12] = [
    "query_parameters",
    "queryParameters",
    "cookies",
    "grpc",
    "tls_context",
    "tlsContext",
    "dynamic_metadata",
    "dynamicMetadata",
    "filter_state",
    "filterState",
    "runtime_fraction",
    "runtimeFraction",
];

/// The host names of a virtual host in lower case, without variants with a port: those of one route,
/// each list. A virtual host for all hosts also has its own names, which come before wildcards.
pub(super) fn hosts(host: &Node) -> Vec<Vec<String>> {
    let all: Vec<&str> = items(host, "domains").iter().filter_map(Node::text).collect();
    let mut domains: Vec<String> = Vec::new();
    for domain in all.iter().filter(|domain| **domain != "*") {
        let name = without_port(domain);
        if !domains.contains(&name) {
            domains.push(name);
        }
    }
    match (domains.is_empty(), all.contains(&"*")) {
        (false, true) => vec![domains, Vec::new()],
        (false, false) => vec![domains],
        (true, _) => vec![Vec::new()],
    }
}

/// A domain in lower case, without its port.
fn without_port(domain: &str) -> String {
    let is_port = |port: &str| port == "*" || port.bytes().all(|byte| byte.is_ascii_digit());
    let name = domain.rsplit_once(':').filter(|(_, port)| is_port(port));
    name.map_or(domain, |(name, _)| name).to_ascii_lowercase()
}

/// Whether a virtual host is for one port of a name, and another one has the same name. Outputs
/// ignore ports.
pub(super) fn shares_name(host: &Node, table: &Node) -> bool {
    let domains = |host: &Node| -> Vec<String> {
        items(host, "domains").iter().filter_map(Node::text).map(str::to_owned).collect()
    };
    let own = domains(host);
    let others = items(table, "virtual_hosts").iter().filter(|other| !std::ptr::eq(*other, host));
    let others: Vec<String> =
        others.flat_map(domains).map(|domain| without_port(&domain)).collect();
    let mut with_port = own.iter().filter(|domain| !domain.ends_with(":*"));
    with_port.any(|domain| {
        let name = without_port(domain);
        name != domain.to_ascii_lowercase() && others.contains(&name)
    })
}

/// Sets the conditions of a route. Returns why they cannot be converted: then the route matches at
/// least the same requests.
pub(super) fn set(route: &mut Route, condition: &Node) -> Option<String> {
    let mut obstacle = None;
    let mut is_wide = false;
    for (key, value) in condition.members() {
        let name = key.text().unwrap_or_default();
        let own = || value.text().unwrap_or_default().to_owned();
        match name {
            "path" => route.paths.push(PathMatch::Exact(own())),
            "prefix" => route.paths.push(PathMatch::Prefix(own())),
            "path_separated_prefix" | "pathSeparatedPrefix" => {
                route.paths.push(PathMatch::Segments(own()));
            }
            "safe_regex" | "safeRegex" => {
                let regex = value.get_text("regex").unwrap_or_default();
                route.paths.push(PathMatch::Regex(regex.replace("(?P<", "(?<")));
            }
            "headers" => {
                for header in value.items() {
                    match methods(header).filter(|_| route.methods.is_empty()) {
                        Some(methods) => route.methods = methods,
                        None => {
                            obstacle = Some("conditions on headers are not supported".to_owned());
                        }
                    }
                }
            }
            name => {
                is_wide = is_wide || !NARROWING.contains(&name);
                obstacle = Some(format!("its condition {name} is not supported"));
            }
        }
    }
    let fault = route.paths.iter().find_map(PathMatch::fault);
    if is_wide || fault.is_some() {
        route.paths.clear();
    }
    obstacle.or(fault)
}

/// The methods that a condition on a header allows: one, or a list such as `GET|POST`.
fn methods(header: &Node) -> Option<Vec<String>> {
    let is_inverted = header.field("invert_match").is_some();
    let ignores_case = header.fields(&["string_match", "ignore_case"]).is_some();
    if text(header, "name") != Some(":method") || is_inverted || ignores_case {
        return None;
    }
    let exact = header.fields(&["string_match", "exact"]).or_else(|| header.field("exact_match"));
    if let Some(exact) = exact.and_then(Node::text) {
        return Some(vec![exact.to_owned()]);
    }
    let regex = header.fields(&["string_match", "safe_regex", "regex"])?.text()?;
    let is_list = regex.bytes().all(|b| b.is_ascii_uppercase() || b == b'|');
    is_list.then(|| regex.split('|').map(str::to_owned).collect())
}
