//! The headers that the filter reads.

use novasphere_core::HeaderInterest;

use crate::{build::Settings, client::FORWARDED_FOR};

pub(crate) fn request_headers(settings: &Settings, rules_read_lines: bool) -> HeaderInterest {
    if rules_read_lines {
        return HeaderInterest::All;
    }
    let names = deciding_headers(settings);
    if settings.address.reads_forwarded_for() {
        return HeaderInterest::every_line(names.chain([FORWARDED_FOR]));
    }
    HeaderInterest::named(names)
}

/// The request headers that select a limit or identify a client.
pub(crate) fn deciding_headers(settings: &Settings) -> impl Iterator<Item = &str> {
    let Settings { allow, deny, rules, limiters, .. } = settings;
    let of_lists =
        [allow, deny].into_iter().flat_map(|list| list.request_headers().iter().copied());
    let of_rules = rules.iter().flat_map(|rule| rule.condition.request_headers());
    let of_identities = limiters.iter().flat_map(|limiter| limiter.identity.request_headers());
    of_lists.chain(of_rules).chain(of_identities)
}

pub(crate) fn response_headers(settings: &Settings) -> HeaderInterest {
    let interests: Vec<_> =
        settings.limiters.iter().map(|limiter| limiter.headers.response_headers()).collect();
    HeaderInterest::union(&interests)
}
