//! The limits as users write them.

use novasphere_core::BuildContext;
use serde::Deserialize;

use crate::{
    limiter::Limit,
    window::{DAY, Period},
};

/// A window of any length.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// Its length in seconds, 1 to 31,622,400 (a year). Windows start at multiples of it since the
    /// epoch.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MOST_SECONDS)))]
    pub seconds: u32,
    /// Requests in it, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub requests: u32,
}

/// The seven fields, which the filter has and each of its rules.
pub(crate) struct Written {
    /// In the order of [`Period::NAMED`].
    pub named: [Option<u32>; 6],
    pub window: Option<WindowConfig>,
}

const MOST_SECONDS: u32 = 366 * DAY;

/// The limits of the object at `at` (empty, or ending in a dot), shortest period first.
pub(crate) fn limits(written: &Written, at: &str, cx: &mut BuildContext<'_>) -> Vec<Limit> {
    let named = Period::NAMED.into_iter().zip(written.named);
    let mut limits: Vec<Limit> = named
        .filter_map(|(period, requests)| Some(Limit { period, requests: requests? }))
        .collect();
    if let Some(WindowConfig { seconds, requests }) = written.window {
        if !(1..=MOST_SECONDS).contains(&seconds) {
            let message = format!("must be 1 to {MOST_SECONDS}, not {seconds}");
            cx.fault(format!("{at}window.seconds"), message);
        }
        let same = limits.iter().find(|limit| limit.period.lengths() == (seconds, seconds));
        if let Some(same) = same {
            let message = format!("{seconds} is a {}: give one of the two", same.period.name());
            cx.fault(format!("{at}window.seconds"), message);
        }
        let length = (seconds, seconds);
        let place = limits.iter().position(|limit| limit.period.lengths() > length);
        let limit = Limit { period: Period::Seconds(seconds), requests };
        limits.insert(place.unwrap_or(limits.len()), limit);
    }
    for limit in limits.iter().filter(|limit| limit.requests == 0) {
        cx.fault(format!("{at}{}", field(*limit)), "must be 1 or more, not 0");
    }
    refuse_contradictions(&limits, at, cx);
    limits
}

/// A longer window that allows less than a shorter one inside it leaves that one without effect.
fn refuse_contradictions(limits: &[Limit], at: &str, cx: &mut BuildContext<'_>) {
    for (i, longer) in limits.iter().enumerate() {
        let inside = limits.iter().take(i).filter(|shorter| nests(shorter.period, longer.period));
        let highest = inside.max_by_key(|limit| limit.requests);
        let contradicts = 1..highest.map_or(0, |shorter| shorter.requests);
        if let Some(shorter) = highest.filter(|_| contradicts.contains(&longer.requests)) {
            cx.fault(
                format!("{at}{}", field(*longer)),
                format!(
                    "may not be lower than {}: {} < {}; {0} could never be reached",
                    field(*shorter),
                    longer.requests,
                    shorter.requests
                ),
            );
        }
    }
}

/// Whether every window of the shorter length lies in one of the longer.
fn nests(shorter: Period, longer: Period) -> bool {
    let fixed = |period: Period| {
        let (shortest, longest) = period.lengths();
        (shortest == longest).then_some(shortest.max(1))
    };
    match (fixed(shorter), fixed(longer)) {
        (Some(shorter), Some(longer)) => longer.is_multiple_of(shorter),
        // Months and years begin with a day.
        (Some(shorter), None) => DAY.is_multiple_of(shorter),
        (None, None) => shorter == Period::Month && longer == Period::Year,
        (None, Some(_)) => false,
    }
}

fn field(limit: Limit) -> String {
    match limit.period {
        Period::Seconds(_) => "window.requests".to_owned(),
        named => named.name().into_owned(),
    }
}
