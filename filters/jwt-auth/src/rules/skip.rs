//! Requests that need no token, by method and path.

use novasphere_core::{PathPattern, RequestHead, UnambiguousPath, target};

/// All entries of `skip`.
#[derive(Debug)]
pub(crate) struct SkipRules(Vec<SkipRule>);

/// An entry of `skip`.
#[derive(Debug)]
pub(crate) struct SkipRule {
    /// Empty for any method.
    pub(crate) methods: Vec<String>,
    pub(crate) path: PathPattern,
}

impl SkipRules {
    pub(crate) fn new(rules: Vec<SkipRule>) -> Self {
        Self(rules)
    }

    /// Whether a rule exempts this request. No rule exempts an ambiguous path ([`UnambiguousPath`]),
    /// because the upstream could read another path.
    pub(crate) fn exempt(&self, head: &RequestHead<'_>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(path) = UnambiguousPath::new(target::path(head.target())) else { return false };
        self.0.iter().any(|rule| rule.matches(head.method(), path.as_str()))
    }
}

impl SkipRule {
    fn matches(&self, method: &[u8], path: &str) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
            && self.path.matches(path)
    }
}
