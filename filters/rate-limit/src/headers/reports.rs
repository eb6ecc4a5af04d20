//! The quotas that an upstream, or another limiter on the route, reports. The syntax of every draft
//! of draft-ietf-httpapi-ratelimit-headers is read, because a client may understand only one of
//! them.

use std::cmp::Reverse;

use novasphere_core::ResponseHead;

use super::{
    headroom::Remaining,
    structured::{self, Item},
};
use crate::window::Limit;

pub(super) const RATELIMIT: &str = "ratelimit";
pub(super) const POLICY: &str = "ratelimit-policy";
pub(super) const LIMIT: &str = "ratelimit-limit";
pub(super) const REMAINING: &str = "ratelimit-remaining";
pub(super) const RESET: &str = "ratelimit-reset";

/// The remaining quota of one window, as a response shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) limit: Option<u32>,
    pub(super) remaining: u32,
    /// Seconds until the window ends.
    pub(super) reset: Option<u32>,
}

impl Quota {
    /// Whether it has fewer requests left, or equally many and a later reset.
    pub(super) fn is_stricter_than(&self, other: &Self) -> bool {
        let rank = |quota: &Self| (quota.remaining, Reverse(quota.reset.unwrap_or(0)));
        rank(self) < rank(other)
    }
}

/// A quota of this filter.
pub(super) fn own(limits: &[Limit], ours: Remaining) -> Quota {
    let limit = limits.get(ours.limit).map(|limit| limit.requests);
    Quota { limit, remaining: ours.requests, reset: Some(ours.reset) }
}

/// The strictest quota. Of equal quotas, the first.
pub(super) fn strictest(quotas: impl IntoIterator<Item = Quota>) -> Option<Quota> {
    let stricter = |a: Quota, b: Quota| if b.is_stricter_than(&a) { b } else { a };
    quotas.into_iter().reduce(stricter)
}

/// The reports in one response.
pub(super) struct Reports<'h> {
    /// The items of `RateLimit`, drafts -08 and later.
    pub(super) items: Vec<Item<'h>>,
    /// The items of `RateLimit-Policy`, drafts -08 and later.
    pub(super) policies: Vec<Item<'h>>,
    /// Whether `RateLimit` has a line of another form.
    pub(super) has_other_form: bool,
    /// `RateLimit: limit=100, remaining=50, reset=30`, draft -07.
    pub(super) dictionary: Option<Quota>,
    /// The three fields of drafts up to -06.
    pub(super) fields: Option<Fields>,
}

/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// The strictest, if there are several.
    pub(super) quota: Quota,
    pub(super) is_repeated: bool,
}

impl<'h> Reports<'h> {
    /// Whether a response may have reports.
    pub(super) fn are_in(head: &ResponseHead<'_>) -> bool {
        head.headers.contains(RATELIMIT)
            || head.headers.contains(POLICY)
            || head.headers.contains(REMAINING)
    }

    /// The reports of a response.
    pub(super) fn read(head: &'h ResponseHead<'_>) -> Self {
        let (mut items, mut dictionaries, mut has_other_form) = (Vec::new(), Vec::new(), false);
        for line in head.headers.get_all(RATELIMIT) {
            match structured::items(line) {
                Some(found) => items.extend(found),
                None => {
                    has_other_form = true;
                    dictionaries.extend(dictionary(line));
                }
            }
        }
        let policies = head.headers.get_all(POLICY).filter_map(structured::items).flatten();
        Self {
            items,
            policies: policies.collect(),
            has_other_form,
            dictionary: strictest(dictionaries),
            fields: fields(head),
        }
    }

    /// The strictest quota in `RateLimit`.
    pub(super) fn in_rate_limit(&self) -> Option<Quota> {
        strictest(self.items.iter().filter_map(|item| self.quota(item)).chain(self.dictionary))
    }

    /// The quota of an item. `None` if the item has no remaining requests.
    pub(super) fn quota(&self, item: &Item<'_>) -> Option<Quota> {
        let policy = self.policies.iter().find(|policy| policy.name == item.name);
        let limit = policy.and_then(|policy| policy.quota);
        Some(Quota { limit, remaining: item.remaining?, reset: item.reset })
    }
}

/// The quotas of a line of draft -07. There are several if a proxy joined lines.
fn dictionary(line: &[u8]) -> Vec<Quota> {
    let mut groups: Vec<[Option<u32>; 3]> = Vec::new();
    for member in line.split(|b| *b == b',') {
        let mut parts = member.splitn(2, |b| *b == b'=');
        let (key, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let keys: [&[u8]; 3] = [b"limit", b"remaining", b"reset"];
        let Some(index) = keys.iter().position(|known| *known == key.trim_ascii()) else {
            continue;
        };
        let is_new = |group: &[Option<u32>; 3]| group.get(index).is_some_and(Option::is_some);
        if groups.last().is_none_or(is_new) {
            groups.push([None; 3]);
        }
        if let Some(slot) = groups.last_mut().and_then(|group| group.get_mut(index)) {
            *slot = number(value);
        }
    }
    let quota = |[limit, remaining, reset]: [Option<u32>; 3]| {
        remaining.map(|remaining| Quota { limit, remaining, reset })
    };
    groups.into_iter().filter_map(quota).collect()
}

/// The strictest quota in the three fields.
fn fields(head: &ResponseHead<'_>) -> Option<Fields> {
    let members = |name| -> Vec<Option<u32>> {
        let lines = head.headers.get_all(name);
        lines.flat_map(|line| line.split(|b| *b == b',')).map(number).collect()
    };
    let remaining = members(REMAINING);
    // Further members of a line are policies: `100, 100;w=60`.
    let first = |line: &[u8]| number(line.split(|b| *b == b',').next().unwrap_or_default());
    let limits: Vec<Option<u32>> = head.headers.get_all(LIMIT).map(first).collect();
    let (resets, count) = (members(RESET), remaining.len());
    let quotas = remaining.iter().enumerate().filter_map(|(index, remaining)| {
        let matching = |values: &[Option<u32>]| {
            let is_aligned = values.len() == count;
            values.get(index).copied().flatten().filter(|_| is_aligned)
        };
        Some(Quota { limit: matching(&limits), remaining: (*remaining)?, reset: matching(&resets) })
    });
    Some(Fields { quota: strictest(quotas)?, is_repeated: count > 1 })
}

/// A number with any parameters.
fn number(member: &[u8]) -> Option<u32> {
    let value = member.split(|b| *b == b';').next()?.trim_ascii();
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use novasphere_core::Headers;

    use super::*;

    fn quota(
        limit: impl Into<Option<u32>>,
        remaining: u32,
        reset: impl Into<Option<u32>>,
    ) -> Quota {
        Quota { limit: limit.into(), remaining, reset: reset.into() }
    }

    fn head<'h>(lines: &'h [(&str, &str)]) -> ResponseHead<'h> {
        let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        ResponseHead { headers: Headers::borrowed(lines) }
    }

    #[test]
    fn dictionaries_of_draft_07_are_read() {
        for (line, quotas) in [
            ("limit=100, remaining=50, reset=30", vec![quota(100, 50, 30)]),
            ("remaining=5", vec![quota(None, 5, None)]),
            (" limit=10;w=60 ,remaining=5,x=1, reset=7", vec![quota(10, 5, 7)]),
            (
                "limit=9, remaining=5, reset=3, limit=8, remaining=1, reset=2",
                vec![quota(9, 5, 3), quota(8, 1, 2)],
            ),
            ("limit=9", vec![]),
            ("remaining=-1", vec![]),
            ("remaining=", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(dictionary(line.as_bytes()), quotas, "{line}");
        }
    }

    #[test]
    fn strictest_of_several_lines_counts() {
        let strictest = |lines: &[(&str, &str)]| {
            let head = head(lines);
            let fields = Reports::read(&head).fields?;
            Some((fields.quota, fields.is_repeated))
        };
        let lines = [
            ("ratelimit-limit", "9, 9;w=60"),
            ("ratelimit-remaining", "5"),
            ("ratelimit-reset", "30"),
        ];
        assert_eq!(strictest(&lines), Some((quota(9, 5, 30), false)));
        let lines = [
            ("ratelimit-limit", "9"),
            ("ratelimit-remaining", "5"),
            ("ratelimit-reset", "30"),
            ("RateLimit-Limit", "8"),
            ("RateLimit-Remaining", "2"),
            ("RateLimit-Reset", "10"),
        ];
        assert_eq!(strictest(&lines), Some((quota(8, 2, 10), true)));
        let joined = [("ratelimit-remaining", "5, 2, many"), ("ratelimit-reset", "30")];
        assert_eq!(strictest(&joined), Some((quota(None, 2, None), true)));
        assert_eq!(strictest(&[("ratelimit-remaining", "many")]), None);
    }

    #[test]
    fn rate_limit_is_read_in_both_forms() {
        let lines = [
            ("ratelimit", r#""a";r=7;t=9, "b";r=6"#),
            ("ratelimit", "limit=10, remaining=6, reset=30"),
            ("ratelimit-policy", r#""b";q=20;w=60"#),
        ];
        let in_rate_limit = |count: usize| {
            let (first, rest) = lines.split_at(count);
            let lines = [first, &rest[rest.len() - 1..]].concat();
            Reports::read(&head(&lines)).in_rate_limit()
        };
        assert_eq!(in_rate_limit(1), Some(quota(20, 6, None)));
        assert_eq!(in_rate_limit(2), Some(quota(10, 6, 30)));
    }

    #[test]
    fn later_reset_is_stricter() {
        assert!(quota(None, 1, 9).is_stricter_than(&quota(None, 2, 99)));
        assert!(quota(None, 1, 9).is_stricter_than(&quota(None, 1, 8)));
        assert!(quota(None, 1, 9).is_stricter_than(&quota(None, 1, None)));
        assert!(!quota(5, 1, 9).is_stricter_than(&quota(7, 1, 9)));
    }
}
