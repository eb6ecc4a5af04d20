//! Requests that need no token, by method and path.

use novasphere_core::{
    BuildContext, PathMatch, PathPattern, RequestHead, UnambiguousPath, parse_methods, target,
};

use crate::config::Config;

/// All entries of `skip`.
#[derive(Debug)]
pub(crate) struct SkipRules(Vec<SkipRule>);

#[derive(Debug)]
struct SkipRule {
    /// Any when there are none.
    methods: Vec<String>,
    path: PathPattern,
}

impl SkipRules {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let mut rules = Vec::new();
        for (i, wire) in config.skip.iter().enumerate() {
            let at = format!("skip[{i}]");
            let methods = parse_methods(wire.methods.as_deref(), &format!("{at}.methods"), cx);
            let fields = PathMatch {
                path: wire.path.as_deref(),
                path_prefix: wire.path_prefix.as_deref(),
                path_template: wire.path_template.as_deref(),
                ignore_case: wire.ignore_case,
            };
            let path = PathPattern::new(fields, &at, cx);
            rules.extend(path.map(|path| SkipRule { methods, path }));
        }
        Self(rules)
    }

    /// Whether one of them is for this request. None is for a path that can be read in more than
    /// one way ([`UnambiguousPath`]): it could be another one to the upstream.
    pub fn apply_to(&self, head: &RequestHead<'_>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(path) = UnambiguousPath::new(target::path(head.target())) else { return false };
        self.0.iter().any(|rule| rule.applies(head.method(), path.as_str()))
    }
}

impl SkipRule {
    fn applies(&self, method: &[u8], path: &str) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
            && self.path.matches(path)
    }
}
