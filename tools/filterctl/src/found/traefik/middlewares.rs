//! The middlewares that a router names, directly or through chains.

use crate::{found::NamedFilters, source::Node};

/// A middleware: the caller's data about it, and the names in its chain.
pub(crate) type Middleware<T> = (T, Vec<String>);

/// The filters of the middleware with a name, and the names in its chain.
pub(in crate::found) trait Find:
    Fn(&str) -> Option<Middleware<Vec<usize>>> + Copy
{
}

impl<F: Fn(&str) -> Option<Middleware<Vec<usize>>> + Copy> Find for F {}

/// Maximum depth of chains in chains. Traefik rejects a chain that contains itself.
const MAX_DEPTH: usize = 16;

/// Maximum number of middlewares of a router.
const MAX_MIDDLEWARES: usize = 1_000;

/// The middlewares with these names in order, and the names that were not found. The members of a
/// chain come directly after the chain.
pub(crate) fn expand<T>(
    names: Vec<String>,
    find: impl Fn(&str) -> Option<Middleware<T>>,
) -> (Vec<T>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let mut rest: Vec<(usize, String)> = names.into_iter().rev().map(|name| (0, name)).collect();
    while let Some((depth, name)) = rest.pop() {
        let is_near = depth < MAX_DEPTH && found.len() < MAX_MIDDLEWARES;
        match find(&name).filter(|_| is_near) {
            Some((middleware, chain)) => {
                found.push(middleware);
                let deeper = depth.saturating_add(1);
                rest.extend(chain.into_iter().rev().map(|name| (deeper, name)));
            }
            // Traefik's own middlewares, for example for the dashboard.
            None if name.ends_with("@internal") || missing.contains(&name) => {}
            None => missing.push(name),
        }
    }
    (found, missing)
}

/// The filters of these middlewares.
pub(in crate::found) fn filters(names: Vec<String>, find: impl Find) -> NamedFilters {
    let (found, missing) = expand(names, find);
    let missing = missing.iter();
    NamedFilters {
        filters: found.concat(),
        left_out: missing
            .map(|name| format!("the middleware {name} was not found and is left out"))
            .collect(),
    }
}

/// The names in a chain of the dynamic configuration.
pub(crate) fn chain_of_file(middleware: &Node) -> Vec<String> {
    let names = middleware.at(&["chain", "middlewares"]).map(Node::items).unwrap_or_default();
    names.iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// The names in the chain of a `Middleware`.
pub(crate) fn chain_of_object(spec: &Node, namespace: &str) -> Vec<String> {
    let references = spec.at(&["chain", "middlewares"]).map(Node::items).unwrap_or_default();
    references.iter().filter_map(|reference| name_of(reference, namespace)).collect()
}

/// The name that Traefik gives to a middleware of a reference in an object of a namespace.
pub(crate) fn name_of(reference: &Node, namespace: &str) -> Option<String> {
    let name = reference.get_text("name")?;
    if name.contains('@') {
        return Some(name.to_owned());
    }
    let namespace = reference.get_text("namespace").unwrap_or(namespace);
    Some(format!("{namespace}-{name}@kubernetescrd"))
}

/// The name of a middleware with its provider: that of the router, if the name has none.
pub(crate) fn with_provider(name: &str, of_router: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{of_router}") }
}

/// Whether a name has a provider for Kubernetes. All other middlewares are in files.
pub(crate) fn is_of_kubernetes(name: &str) -> bool {
    name.rsplit_once('@').is_some_and(|(_, provider)| provider.starts_with("kubernetes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn chains_are_followed_in_order() {
        let find = |name: &str| {
            let chain: &[&str] = match name {
                "outer" => &["b", "inner", "missing", "api@internal"],
                "inner" => &["c", "missing"],
                "loop" => &["loop"],
                "missing" | "api@internal" => return None,
                _ => &[],
            };
            Some((name.to_owned(), names(chain)))
        };
        let (found, missing) = expand(names(&["a", "outer", "d"]), find);
        assert_eq!(found, ["a", "outer", "b", "inner", "c", "d"]);
        assert_eq!(missing, ["missing"]);
        let (found, missing) = expand(names(&["loop", "a"]), find);
        assert_eq!(found.len(), MAX_DEPTH + 1);
        assert_eq!(missing, ["loop"]);
        let wide = |_: &str| Some(((), names(&["x"; 10])));
        assert_eq!(expand(names(&["x"]), wide).0.len(), MAX_MIDDLEWARES);
    }
}
