//! The headers of draft-ietf-httpapi-ratelimit-headers-10 and -11.

use std::borrow::Cow;

use novasphere_core::{HeaderInterest, HeaderMutation, HeaderName, ResponseHead};

use super::{
    headroom::{Headroom, Remaining, tightest},
    lines::{Lines, decimal, push_decimal},
    reports::{self, Fields, Quota, Reports, strictest},
    structured::Item,
};
use crate::window::{Limit, Period};

/// `RateLimit-Policy` with a policy for each window, and `RateLimit` for the tightest window.
#[derive(Debug)]
pub(crate) struct Ietf {
    limit: HeaderName,
    policy: HeaderName,
    /// The value of `RateLimit-Policy`.
    policies: String,
    /// The names of the policies, in the order of the limits.
    names: Vec<String>,
    /// The start of each policy's item in `RateLimit`, up to the remaining requests.
    items: Vec<String>,
    /// The three fields of the first drafts, which an upstream may send.
    older: [HeaderName; 3],
}

/// The name of a policy that an upstream reports without a name.
const UPSTREAM: &str = "upstream";

impl Ietf {
    /// `name` distinguishes the policies of several limiters. It must be printable ASCII without
    /// `"` and `\`.
    pub(crate) fn new(limits: &[Limit], name: &str) -> Self {
        let names: Vec<String> = limits.iter().map(|limit| policy_name(name, *limit)).collect();
        let policies = names.iter().zip(limits).map(|(name, limit)| {
            // Months and years vary in length. The parameter `w` is optional.
            let (shortest, longest) = limit.period.lengths();
            let window = if shortest == longest { format!(";w={shortest}") } else { String::new() };
            format!("\"{name}\";q={}{window}", limit.requests)
        });
        Self {
            limit: HeaderName::from_static(reports::RATELIMIT),
            policy: HeaderName::from_static(reports::POLICY),
            policies: policies.collect::<Vec<_>>().join(", "),
            items: names.iter().map(|name| format!("\"{name}\";r=")).collect(),
            names,
            older: [reports::LIMIT, reports::REMAINING, reports::RESET]
                .map(HeaderName::from_static),
        }
    }

    pub(super) fn response_headers(&self) -> HeaderInterest {
        HeaderInterest::all_if_any([self.limit.as_str(), reports::REMAINING])
    }

    /// Both headers are lists, so policies with other names are kept beside this filter's. Of two
    /// policies with the same name, the stricter one wins. A stricter quota in a field of an earlier
    /// draft becomes an item of the lists. An upstream value that is not a list of this draft is
    /// replaced, because clients ignore a list with an invalid member as a whole.
    pub(super) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let Some(tightest) = tightest(limits, headroom) else { return Vec::new() };
        if !Reports::are_in(head) {
            let policies = Cow::Borrowed(self.policies.as_bytes());
            return vec![
                HeaderMutation::Add(&self.limit, self.limit_value(tightest)),
                // A list may have several lines (RFC 9110 section 5.3), and adding one is cheaper.
                HeaderMutation::Add(&self.policy, policies),
            ];
        }
        let (reports, ours) = (Reports::read(head), reports::own(limits, tightest));
        let same_name = reports.items.iter().filter(|item| self.names.contains(&item.name));
        let theirs = strictest(same_name.filter_map(|item| reports.quota(item)));
        let keeps_theirs = theirs.is_some_and(|theirs| !ours.is_stricter_than(&theirs));
        let older = [reports.dictionary, reports.fields.map(|fields| fields.quota)];
        let older = strictest(older.into_iter().flatten().filter(|q| q.is_stricter_than(&ours)));
        let mut mutations = Vec::new();
        if !keeps_theirs || older.is_some() || reports.has_other_form {
            let value = (!keeps_theirs).then(|| self.limit_value(tightest));
            let older_item = older.map(item);
            let value = self.list(older_item, &reports.items, value);
            mutations.push(HeaderMutation::Set(&self.limit, value));
            let value = (!keeps_theirs).then_some(Cow::Borrowed(self.policies.as_bytes()));
            let older_policy =
                older.and_then(|quota| Some(format!("\"{UPSTREAM}\";q={}", quota.limit?)));
            let value = self.list(older_policy, &reports.policies, value);
            if !value.is_empty() {
                mutations.push(HeaderMutation::Set(&self.policy, value));
            }
        }
        mutations.extend(self.older_fields(&reports, ours));
        mutations
    }

    /// The list of `older`, the upstream's items, and `ours`. Without `ours`, the upstream's items
    /// with this filter's names stay.
    fn list<'f>(
        &self,
        older: Option<String>,
        theirs: &[Item<'_>],
        ours: Option<Cow<'f, [u8]>>,
    ) -> Cow<'f, [u8]> {
        let is_kept = |item: &&Item<'_>| ours.is_none() || !self.names.contains(&item.name);
        let theirs = theirs.iter().filter(is_kept).map(|item| item.text.as_bytes());
        let mut list = older.map(String::into_bytes).unwrap_or_default();
        let mut push = |item: &[u8]| {
            if !list.is_empty() {
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(item);
        };
        theirs.for_each(&mut push);
        if let Some(ours) = &ours {
            push(ours);
        }
        Cow::Owned(list)
    }

    /// Removes the fields of the first drafts if they are not the strictest, and makes one line of
    /// several.
    fn older_fields<'f>(&'f self, reports: &Reports<'_>, ours: Quota) -> Vec<HeaderMutation<'f>> {
        let Some(Fields { quota, is_repeated }) = reports.fields else { return Vec::new() };
        let is_weaker = [Some(ours), reports.in_rate_limit()]
            .into_iter()
            .flatten()
            .any(|other| other.is_stricter_than(&quota));
        if !is_weaker && !is_repeated {
            return Vec::new();
        }
        let Quota { limit, remaining, reset } = quota;
        let fields = self.older.iter().zip([limit, Some(remaining), reset]);
        let mutation = |(name, number): (&'f HeaderName, Option<u32>)| match number {
            Some(number) if !is_weaker => HeaderMutation::Set(name, decimal(number)),
            _ => HeaderMutation::remove(name),
        };
        fields.map(mutation).collect()
    }

    pub(super) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        self.lines(limits, headroom)
    }

    fn lines<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        let Some(tightest) = tightest(limits, headroom) else { return Vec::new() };
        vec![
            (&self.limit, self.limit_value(tightest)),
            (&self.policy, Cow::Borrowed(self.policies.as_bytes())),
        ]
    }

    fn limit_value<'f>(&self, tightest: Remaining) -> Cow<'f, [u8]> {
        let start = self.items.get(tightest.limit).map_or("", String::as_str);
        let mut item = Vec::with_capacity(start.len() + "4294967295;t=4294967295".len());
        item.extend_from_slice(start.as_bytes());
        push_decimal(&mut item, tightest.requests);
        item.extend_from_slice(b";t=");
        push_decimal(&mut item, tightest.reset);
        Cow::Owned(item)
    }
}

/// The item for a quota of an older draft.
fn item(quota: Quota) -> String {
    let reset = quota.reset.map(|reset| format!(";t={reset}")).unwrap_or_default();
    format!("\"{UPSTREAM}\";r={}{reset}", quota.remaining)
}

/// The name of a limit's policy: `minute`, or `api-minute` with the limiter's name.
pub(crate) fn policy_name(name: &str, limit: Limit) -> String {
    let window = match limit.period {
        Period::Seconds(seconds) => format!("{seconds}s"),
        named => named.name().into_owned(),
    };
    if name.is_empty() { window } else { format!("{name}-{window}") }
}
