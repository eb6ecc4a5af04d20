//! The header lines that a host passes to a filter.

use crate::{HeaderInterest, Headers};

/// The lines that a host passes to a filter with this interest.
pub fn visible_headers<'l>(
    lines: &[(&'l [u8], &'l [u8])],
    interest: &HeaderInterest,
) -> Headers<'l> {
    let named = |name: &String| lines.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
    match interest {
        HeaderInterest::None => Headers::default(),
        HeaderInterest::All => Headers::borrowed(lines.iter().copied()),
        HeaderInterest::AllIfAny(names) if names.iter().any(|name| named(name).is_some()) => {
            Headers::borrowed(lines.iter().copied())
        }
        HeaderInterest::AllIfAny(_) => Headers::default(),
        HeaderInterest::Named(names) => Headers::borrowed(names.iter().filter_map(named).copied()),
        HeaderInterest::EveryLine(names) => {
            let is_named =
                |name: &[u8]| names.iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()));
            Headers::borrowed(lines.iter().filter(|(name, _)| is_named(name)).copied())
        }
    }
}
