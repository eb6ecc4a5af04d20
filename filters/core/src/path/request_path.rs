//! The path of a request, in all variants that servers may serve.

use std::cell::OnceCell;

use super::{
    PathPattern, UnambiguousPath,
    decoded::decoded,
    variants::{ends_in_slash, has_dot_dot, lenient, literal, resolved},
};
use crate::{RequestHead, target};

/// The path of one request. Each variant is computed at the first use.
pub(crate) struct RequestPath<'h> {
    raw: &'h [u8],
    plain: OnceCell<Option<UnambiguousPath>>,
    literal: OnceCell<String>,
    /// The variants after the literal one. They have no slash at the end.
    others: OnceCell<Vec<String>>,
}

/// Maximum size of a path with several variants. A client could spend a tenth of a second on the
/// variants of the longest path that proxies accept.
const MAX_VARIANT_BYTES: usize = 4096;

/// Which variants of a path a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchedVariants {
    /// All variants. Also used for a rule without a pattern.
    All,
    /// Some variants: first the literal variant, then the others.
    Some(VariantSet),
}

/// The numbers of some variants of a path, one bit each. There are at most 162: the literal and the
/// lenient one, 16 with resolved dot segments, and 144 decoded ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VariantSet([u128; 2]);

impl VariantSet {
    fn insert(&mut self, variant: usize) {
        if let Some(bits) = self.0.get_mut(variant / 128) {
            *bits |= 1 << (variant % 128);
        }
    }

    /// Whether all variants of `other` are in this set.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| other & !own == 0)
    }
}

impl<'h> RequestPath<'h> {
    pub(crate) fn new(head: &'h RequestHead<'_>) -> Self {
        Self {
            raw: target::path(head.target()),
            plain: OnceCell::new(),
            literal: OnceCell::new(),
            others: OnceCell::new(),
        }
    }

    /// The path, if all servers agree on it.
    pub(crate) fn plain(&self) -> Option<&str> {
        self.plain
            .get_or_init(|| UnambiguousPath::new(self.raw))
            .as_ref()
            .map(UnambiguousPath::as_str)
    }

    /// Whether the path has several variants that would take too long to compute.
    pub(crate) fn is_too_long(&self) -> bool {
        self.raw.len() > MAX_VARIANT_BYTES && self.plain().is_none()
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
        // Some servers ignore a slash at the end.
        let others = self.others().iter().map(|path| pattern.matches_with_any_end(path));
        let matches = [self.matches_literal(pattern)].into_iter().chain(others);
        let (mut matched, mut some, mut all) = (VariantSet::default(), false, true);
        for (variant, is_match) in matches.enumerate() {
            if is_match {
                matched.insert(variant);
            }
            some |= is_match;
            all &= is_match;
        }
        match (some, all) {
            (false, _) => None,
            (true, true) => Some(MatchedVariants::All),
            (true, false) => Some(MatchedVariants::Some(matched)),
        }
    }

    fn matches_literal(&self, pattern: &PathPattern) -> bool {
        match self.plain() {
            Some(plain) => pattern.matches(plain),
            None => pattern.matches(self.literal.get_or_init(|| literal(self.raw))),
        }
    }

    /// The variants of servers that do more than the literal one.
    fn others(&self) -> &[String] {
        self.others.get_or_init(|| {
            let mut variants = vec![lenient(self.raw)];
            if self.plain().is_some() {
                return variants;
            }
            let resolved = resolved(self.raw);
            let others = resolved.iter().map(|path| lenient(path)).chain(decoded(self.raw));
            for variant in others {
                if !variants.contains(&variant) {
                    variants.push(variant);
                }
            }
            variants
        })
    }
}
