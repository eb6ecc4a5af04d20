//! Whether two routes may match the same request.

use super::{Entry, PathMatch};

/// Whether two routes may match the same request. Only certain if the answer is no.
pub(super) fn may_overlap(one: &Entry<'_>, other: &Entry<'_>) -> bool {
    let (methods, others) = (&one.route.methods, &other.route.methods);
    let same_method =
        methods.is_empty() || others.is_empty() || methods.iter().any(|m| others.contains(m));
    let same_host = one.hosts.is_empty()
        || other.hosts.is_empty()
        || one.hosts.iter().any(|host| other.hosts.iter().any(|o| hosts_overlap(host, o)));
    let same_path = match (one.path, other.path) {
        (Some(path), Some(other)) => paths_overlap(path, other),
        _ => true,
    };
    same_method && same_host && same_path
}

fn hosts_overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let covers = |pattern: &str, host: &str| match pattern.strip_prefix('*') {
        Some(end) => host.ends_with(end),
        None => pattern.strip_suffix('*').is_some_and(|start| host.starts_with(start)),
    };
    let is_start = |host: &str| host.ends_with('*') && !host.starts_with('*');
    let is_end = |host: &str| host.starts_with('*');
    one == other
        || covers(&one, &other)
        || covers(&other, &one)
        || (is_start(&one) && is_end(&other))
        || (is_end(&one) && is_start(&other))
}

fn paths_overlap(one: &PathMatch, other: &PathMatch) -> bool {
    match (one, other) {
        (PathMatch::Exact(path), other) | (other, PathMatch::Exact(path)) => other.matches(path),
        (one, other) => {
            let (start, other_start) = (one.literal_start(), other.literal_start());
            start.starts_with(&other_start) || other_start.starts_with(&start)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_may_overlap() {
        let prefix = |path: &str| PathMatch::Prefix(path.to_owned());
        let exact = |path: &str| PathMatch::Exact(path.to_owned());
        let regex = |path: &str| PathMatch::Regex(path.to_owned());
        for (one, other, expected) in [
            (prefix("/a"), prefix("/a/b"), true),
            (prefix("/a"), prefix("/b"), false),
            (exact("/a"), exact("/a"), true),
            (exact("/a"), prefix("/a/"), false),
            (regex("/a/[0-9]+"), exact("/a/1"), true),
            (regex("/a/[0-9]+"), exact("/a/b"), false),
            (regex("/ab?/c"), prefix("/a/c"), true),
            (regex("/a|/b"), prefix("/b"), true),
            (regex("/a/.*"), prefix("/b"), false),
        ] {
            assert_eq!(paths_overlap(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(paths_overlap(&other, &one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn hosts_that_may_overlap() {
        for (one, other, expected) in [
            ("a.io", "A.io", true),
            ("a.io", "b.io", false),
            ("*.x.io", "a.x.io", true),
            ("*.x.io", "*.io", true),
            ("*.x.io", "*.y.io", false),
            ("*.x.io", "a.*", true),
        ] {
            assert_eq!(hosts_overlap(one, other), expected, "{one} {other}");
            assert_eq!(hosts_overlap(other, one), expected, "{other} {one}");
        }
    }
}
