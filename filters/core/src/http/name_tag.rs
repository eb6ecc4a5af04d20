//! Tags of header names, which tell most names apart without a comparison of their bytes.

/// The length, the first and the last byte of a header name. Names that are equal ignoring case have
/// equal tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameTag(u32);

impl NameTag {
    /// The tag of `name`.
    #[inline(always)]
    pub(crate) const fn of(name: &[u8]) -> Self {
        let (first, last) = match name {
            [] => (0, 0),
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
        };
        // The bit of lower case. Of the other characters of names, it makes some pairs equal.
        let (first, last) = ((first | 0x20) as u32, (last | 0x20) as u32);
        Self((name.len() as u32) << 16 | first << 8 | last)
    }
}

/// A set that may contain more tags than were inserted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagSet(u64);

impl TagSet {
    /// One of 64 bits for each tag.
    #[inline(always)]
    const fn bit(tag: NameTag) -> u64 {
        // The factor of Fibonacci hashing: 2^32 divided by the golden ratio.
        1 << (tag.0.wrapping_mul(0x9e37_79b1) >> 26)
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, tag: NameTag) {
        self.0 |= Self::bit(tag);
    }

    /// False only if the tag was not inserted.
    #[inline(always)]
    pub(crate) const fn may_contain(self, tag: NameTag) -> bool {
        self.0 & Self::bit(tag) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_have_equal_tags() {
        let tag = NameTag::of(b"x-user-id");
        for name in ["X-User-Id", "X-USER-ID", "x-uSER-iD"] {
            assert_eq!(NameTag::of(name.as_bytes()), tag, "{name}");
        }
        for name in ["", "x", "x-user-ie", "y-user-id", "x-user-i", "x-user-id2"] {
            assert_ne!(NameTag::of(name.as_bytes()), tag, "{name}");
        }
    }

    #[test]
    fn set_contains_what_was_inserted() {
        let names = ["a", "b", ":path", "accept", "x-user-id", "authorization", ""];
        let mut tags = TagSet::default();
        for name in names {
            assert!(!tags.may_contain(NameTag::of(name.as_bytes())), "{name}");
            tags.insert(NameTag::of(name.as_bytes()));
        }
        assert!(names.iter().all(|name| tags.may_contain(NameTag::of(name.as_bytes()))));
    }
}
