//! Header names that a waiting request keeps.

use std::sync::OnceLock;

use novasphere_core::HeaderName;

/// The header names in the mutations of waiting requests, as a list that only grows. It contains
/// only names that a filter sets, so the configuration bounds its length.
#[derive(Debug, Default)]
pub(crate) struct Names(OnceLock<Box<Node>>);

#[derive(Debug)]
struct Node {
    name: HeaderName,
    next: Names,
}

impl Names {
    /// The name in the list that equals `name`. Adds it if it is missing.
    pub(crate) fn keep(&self, name: &HeaderName) -> &HeaderName {
        let mut names = self;
        loop {
            let new = || Box::new(Node { name: name.clone(), next: Self::default() });
            let node = names.0.get_or_init(new);
            if node.name == *name {
                return &node.name;
            }
            names = &node.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_name_once() {
        let names = Names::default();
        let [a, b] = ["x-a", "x-b"].map(|name| HeaderName::parse(name).unwrap());
        let (first, second) = (names.keep(&a), names.keep(&b));
        assert_eq!((first, second), (&a, &b));
        assert!(std::ptr::eq(first, names.keep(&a)));
        assert!(std::ptr::eq(second, names.keep(&b)));
    }
}
