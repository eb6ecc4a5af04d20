//! The condition of a rule.

use novasphere_core::{Env, PathPattern, RequestHead};

/// The condition of a rule: all given fields must match.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// Any method if empty.
    pub(crate) methods: Vec<String>,
    pub(crate) path: Option<PathPattern>,
    /// The name of the host's route.
    pub(crate) route: Option<String>,
    /// A claim that jwt-auth sets as an attribute.
    pub(crate) claim: Option<Expected>,
    pub(crate) header: Option<Expected>,
}

/// A name and its accepted values.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) one_of: Vec<String>,
}

impl Expected {
    fn accepts(&self, value: &[u8]) -> bool {
        self.one_of.iter().any(|expected| expected.as_bytes() == value)
    }
}

impl Condition {
    /// Whether method and header match.
    pub(super) fn matches_head(&self, head: &RequestHead<'_>) -> bool {
        let method = || self.methods.iter().any(|method| method.as_bytes() == head.method());
        (self.methods.is_empty() || method())
            && self.header.as_ref().is_none_or(|expected| {
                head.headers.get(&expected.name).is_some_and(|value| expected.accepts(value))
            })
    }

    /// Whether route and claim match.
    pub(super) fn matches_env(&self, env: &Env<'_>) -> bool {
        self.route
            .as_ref()
            .is_none_or(|route| env.connection.route().is_some_and(|name| name == route.as_bytes()))
            && self.claim.as_ref().is_none_or(|expected| {
                env.attributes.get(&expected.name).is_some_and(|value| expected.accepts(&value))
            })
    }

    /// The names of the request headers it reads.
    pub(crate) fn request_headers(&self) -> impl Iterator<Item = &str> {
        let method = (!self.methods.is_empty()).then_some(":method");
        let path = self.path.as_ref().map(|_| ":path");
        let header = self.header.as_ref().map(|header| header.name.as_str());
        method.into_iter().chain(path).chain(header)
    }
}
