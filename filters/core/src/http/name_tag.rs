//! Tags of header names, which tell most names apart without a comparison of their bytes.

/// The length, the first and the last byte of a header name. Names that are equal ignoring case have
/// equal tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameTag(u32);

impl NameTag {
    /// The tag of `name`.
    #[inline(always)]
    pub(crate) const fn of(name: &[u8]) -> Self {
        let ends = match (name.first(), name.last()) {
            (Some(first), Some(last)) => (*first as u32) << 8 | *last as u32,
            _ => 0,
        };
        // The lower-case bits. They also make some pairs of other characters equal.
        Self((name.len() as u32) << 16 | ends | 0x2020)
    }

    /// The tag of all spellings of `name`, which have its letters and digits. `None` if they have
    /// different tags.
    #[inline]
    pub(crate) fn of_spellings(name: &[u8]) -> Option<Self> {
        let is_fixed = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        (is_fixed(name.first()) && is_fixed(name.last())).then(|| Self::of(name))
    }
}

/// A set that may contain more tags than were inserted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagSet(u64);

impl TagSet {
    /// The set of all tags.
    pub(crate) const ALL: Self = Self(u64::MAX);

    /// One of 64 bits for each tag.
    #[inline(always)]
    const fn bit(tag: NameTag) -> u64 {
        // With this factor, common headers get different bits from the headers that filters usually
        // look for but messages rarely have. Any odd factor is correct.
        1 << (tag.0.wrapping_mul(0x4407_1371) >> 26)
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

    /// False only if the sets have no tag in common.
    #[inline(always)]
    pub(crate) const fn may_intersect(self, other: Self) -> bool {
        self.0 & other.0 != 0
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

    fn set(names: &str) -> TagSet {
        let mut tags = TagSet::default();
        names.split_whitespace().for_each(|name| tags.insert(NameTag::of(name.as_bytes())));
        tags
    }

    #[test]
    fn sets_intersect_if_a_name_is_in_both() {
        let headers = set(":path x-user-id accept");
        assert!(headers.may_intersect(set("x-user-id x-user-name")));
        assert!(headers.may_intersect(TagSet::ALL));
        assert!(!headers.may_intersect(TagSet::default()));
        assert!(!TagSet::default().may_intersect(TagSet::ALL));
    }

    #[test]
    fn usual_headers_do_not_look_like_the_absent_ones_that_filters_look_for() {
        let request = set(":authority :path :method :scheme user-agent accept accept-language \
            accept-encoding content-type content-length origin referer authorization cookie \
            x-forwarded-for x-forwarded-proto x-request-id cache-control pragma priority \
            sec-fetch-mode sec-fetch-site sec-fetch-dest sec-ch-ua sec-ch-ua-mobile \
            sec-ch-ua-platform dnt traceparent x-client-type if-none-match x-requested-with \
            x-envoy-expected-rq-timeout-ms");
        let absent = set("x-consumer-id x-consumer-custom-id x-consumer-username \
            x-credential-identifier x-anonymous-consumer x-user-id x-user-name x-user-email \
            x-user-roles connection upgrade :protocol access-control-request-method \
            access-control-request-private-network sec-websocket-protocol x-forwarded-by");
        assert!(!request.may_intersect(absent));
        let response = set(":status content-type content-length content-encoding \
            transfer-encoding cache-control server date vary x-powered-by etag last-modified \
            x-envoy-upstream-service-time strict-transport-security x-content-type-options \
            x-frame-options set-cookie x-request-id expires location");
        let absent = set("access-control-allow-origin access-control-allow-credentials \
            access-control-expose-headers access-control-allow-methods \
            access-control-allow-headers access-control-max-age ratelimit ratelimit-policy \
            ratelimit-limit ratelimit-remaining ratelimit-reset x-ratelimit-limit-minute \
            x-ratelimit-remaining-minute x-ratelimit-limit-hour x-ratelimit-remaining-hour \
            retry-after");
        assert!(!response.may_intersect(absent));
    }
}
