//! Which requests a rule is for.

use std::cell::OnceCell;

use novasphere_core::{Env, PathPattern, PlainPath, RequestHead, target};

use crate::forgiving_path::forgiving;

/// One entry of `rules`.
#[derive(Debug)]
pub(crate) struct Rule {
    /// For metrics and the names of policies.
    pub(crate) name: String,
    pub(crate) condition: Condition,
    pub(crate) effect: Effect,
}

/// What a rule does with a request it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is not limited.
    Unlimited,
    /// It counts so much under the limiter at that place.
    Counts {
        /// The place.
        limiter: usize,
        /// The cost, at least 1.
        cost: u32,
    },
}

/// All of these hold for a request the rule is for.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// Any when there are none.
    pub(crate) methods: Vec<String>,
    pub(crate) path: Option<PathPattern>,
    /// The name of the host's route.
    pub(crate) route: Option<String>,
    /// A claim that jwt-auth passes on.
    pub(crate) claim: Option<Expected>,
    pub(crate) header: Option<Expected>,
}

/// A name and the values it may have.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) one_of: Vec<String>,
}

impl Expected {
    fn is_met(&self, value: &[u8]) -> bool {
        self.one_of.iter().any(|expected| expected.as_bytes() == value)
    }
}

/// The path of one request in its two readings, each made when first asked for.
pub(crate) struct Paths<'h> {
    raw: &'h [u8],
    plain: OnceCell<Option<PlainPath>>,
    forgiving: OnceCell<String>,
}

impl<'h> Paths<'h> {
    pub(crate) fn new(head: &'h RequestHead<'_>) -> Self {
        Self {
            raw: target::path(head.target()),
            plain: OnceCell::new(),
            forgiving: OnceCell::new(),
        }
    }

    fn plain(&self) -> Option<&str> {
        self.plain.get_or_init(|| PlainPath::new(self.raw)).as_ref().map(PlainPath::as_str)
    }

    fn forgiving(&self) -> &str {
        self.forgiving.get_or_init(|| forgiving(self.raw))
    }
}

impl Rule {
    /// Whether it is for this request.
    pub(crate) fn applies(&self, head: &RequestHead<'_>, paths: &Paths<'_>, env: &Env<'_>) -> bool {
        let Condition { methods, path, route, claim, header } = &self.condition;
        (methods.is_empty() || methods.iter().any(|m| m.as_bytes() == head.method()))
            && path.as_ref().is_none_or(|pattern| self.is_for(pattern, paths))
            && header.as_ref().is_none_or(|expected| {
                head.headers.get(&expected.name).is_some_and(|value| expected.is_met(value))
            })
            && route.as_ref().is_none_or(|route| {
                env.connection.route().is_some_and(|name| name == route.as_bytes())
            })
            && claim.as_ref().is_none_or(|expected| {
                env.attributes.get(&expected.name).is_some_and(|value| expected.is_met(&value))
            })
    }

    /// A rule that lifts limits is for paths that all read alike; another one for all paths that
    /// anybody takes for its own.
    fn is_for(&self, pattern: &PathPattern, paths: &Paths<'_>) -> bool {
        paths.plain().is_some_and(|path| pattern.matches(path))
            || self.effect != Effect::Unlimited && pattern.matches(paths.forgiving())
    }

    /// The lines of the head it looks at.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        let Condition { methods, path, header, .. } = &self.condition;
        let method = (!methods.is_empty()).then_some(":method");
        let path = path.as_ref().map(|_| ":path");
        method.into_iter().chain(path).chain(header.as_ref().map(|h| h.name.as_str()))
    }
}
