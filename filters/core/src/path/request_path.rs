//! The path of a request, in all variants that servers may serve.

use std::cell::OnceCell;

use super::{
    PathPattern, UnambiguousPath,
    variants::{ends_in_slash, has_dot_dot, lenient, literal, resolved},
};
use crate::{RequestHead, target};

/// The path of one request. Each variant is computed at the first use.
pub(crate) struct RequestPath<'h> {
    raw: &'h [u8],
    plain: OnceCell<Option<UnambiguousPath>>,
    literal: OnceCell<String>,
    lenient: OnceCell<Vec<String>>,
}

/// Which variants of a path a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchedVariants {
    /// All variants. Also used for a rule without a pattern.
    All,
    /// Some variants, one bit each: first the literal variant, then the lenient ones.
    Some(u32),
}

impl<'h> RequestPath<'h> {
    pub(crate) fn new(head: &'h RequestHead<'_>) -> Self {
        Self {
            raw: target::path(head.target()),
            plain: OnceCell::new(),
            literal: OnceCell::new(),
            lenient: OnceCell::new(),
        }
    }

    /// The path, if all servers agree on it.
    pub(crate) fn plain(&self) -> Option<&str> {
        self.plain
            .get_or_init(|| UnambiguousPath::new(self.raw))
            .as_ref()
            .map(UnambiguousPath::as_str)
    }

    /// Whether the path has a `..`, in any encoding.
    pub(crate) fn has_dot_dot(&self) -> bool {
        self.plain().is_none() && has_dot_dot(self.raw)
    }

    /// Whether some servers see a trailing slash that the literal variant does not have. No variant
    /// shows it.
    pub(crate) fn ends_in_hidden_slash(&self) -> bool {
        self.plain().is_none() && ends_in_slash(self.raw)
    }

    /// Which variants `pattern` matches. `None` if it matches none.
    pub(crate) fn matches(&self, pattern: &PathPattern) -> Option<MatchedVariants> {
        // Lenient servers ignore a trailing slash.
        let lenient = |path: &String| pattern.matches(path) || pattern.matches(&format!("{path}/"));
        let matches = [self.matches_literal(pattern)].into_iter();
        let matches = matches.chain(self.lenient().iter().map(lenient));
        let (mut matched, mut all) = (0, 0);
        for (variant, is_match) in matches.enumerate() {
            all |= 1 << variant;
            matched |= u32::from(is_match) << variant;
        }
        match matched {
            0 => None,
            _ if matched == all => Some(MatchedVariants::All),
            _ => Some(MatchedVariants::Some(matched)),
        }
    }

    fn matches_literal(&self, pattern: &PathPattern) -> bool {
        match self.plain() {
            Some(plain) => pattern.matches(plain),
            None => pattern.matches(self.literal.get_or_init(|| literal(self.raw))),
        }
    }

    /// The variants of lenient servers.
    fn lenient(&self) -> &[String] {
        self.lenient.get_or_init(|| {
            let resolved = if self.plain().is_some() { Vec::new() } else { resolved(self.raw) };
            let mut variants = vec![lenient(self.raw)];
            for path in resolved {
                let variant = lenient(&path);
                if !variants.contains(&variant) {
                    variants.push(variant);
                }
            }
            variants
        })
    }
}
