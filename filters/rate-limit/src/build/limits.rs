//! The limits of the filter or of a rule.

use std::fmt;

use novasphere_core::{BuildContext, with_separators};

use super::range::within;
use crate::{
    config::{Config, MAX_WINDOW_SECONDS, RuleConfig, WindowConfig},
    window::{DAY, Limit, Period},
};

/// The seven limit fields of the filter or of a rule.
pub(super) struct LimitFields {
    /// In the order of [`Period::NAMED`].
    named: [Option<u32>; 6],
    window: Option<WindowConfig>,
}

impl From<&Config> for LimitFields {
    fn from(config: &Config) -> Self {
        let Config { second, minute, hour, day, month, year, window, .. } = *config;
        Self { named: [second, minute, hour, day, month, year], window }
    }
}

impl From<&RuleConfig> for LimitFields {
    fn from(rule: &RuleConfig) -> Self {
        let RuleConfig { second, minute, hour, day, month, year, window, .. } = *rule;
        Self { named: [second, minute, hour, day, month, year], window }
    }
}

impl LimitFields {
    fn is_empty(&self) -> bool {
        self.window.is_none() && self.named.iter().all(Option::is_none)
    }
}

pub(super) fn has_limits(rule: &RuleConfig) -> bool {
    !LimitFields::from(rule).is_empty()
}

/// The limits, shortest period first. `prefix` is the path of the object, empty or ending in a dot.
#[cold]
pub(super) fn limits(fields: &LimitFields, prefix: &str, cx: &mut BuildContext<'_>) -> Vec<Limit> {
    let named = Period::NAMED.into_iter().zip(fields.named);
    let mut limits: Vec<Limit> = named
        .filter_map(|(period, requests)| Some(Limit { period, requests: requests? }))
        .collect();
    if let Some(window) = fields.window {
        add_window(window, &mut limits, &format!("{prefix}window.seconds"), cx);
    }
    let zero = limits.iter().filter(|limit| limit.requests == 0);
    let zero = zero.map(|limit| (*limit, InvalidLimit::Zero));
    let unreachable = limits.iter().enumerate().filter_map(|(i, longer)| {
        let shorter = limits.get(..i).and_then(|shorter| unreachable_below(*longer, shorter))?;
        Some((*longer, InvalidLimit::Unreachable { longer: *longer, shorter }))
    });
    for (limit, error) in zero.chain(unreachable) {
        cx.fault(format!("{prefix}{}", field(limit)), error.to_string());
    }
    limits
}

/// Adds the limit of `window`, whose `seconds` are at `path`.
#[cold]
fn add_window(
    window: WindowConfig,
    limits: &mut Vec<Limit>,
    path: &str,
    cx: &mut BuildContext<'_>,
) {
    let WindowConfig { seconds, requests } = window;
    within(path, seconds, (1, MAX_WINDOW_SECONDS), " seconds", cx);
    let length = (seconds, seconds);
    if let Some(same) = limits.iter().find(|limit| limit.period.lengths() == length) {
        let error = InvalidLimit::SameLength { seconds, period: same.period };
        cx.fault(path, error.to_string());
    }
    let index = limits.iter().position(|limit| limit.period.lengths() > length);
    let limit = Limit { period: Period::Seconds(seconds), requests };
    limits.insert(index.unwrap_or(limits.len()), limit);
}

/// Why a limit is invalid.
#[derive(Clone, Copy, Debug)]
enum InvalidLimit {
    Zero,
    /// `window` has the length of a named period that also has a limit.
    SameLength {
        seconds: u32,
        period: Period,
    },
    /// A longer window allows less than a shorter one inside it.
    Unreachable {
        longer: Limit,
        shorter: Limit,
    },
}

impl fmt::Display for InvalidLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => {
                write!(f, "must be 1 to {}, got 0", with_separators(u32::MAX))
            }
            Self::SameLength { seconds, period } => {
                let name = period.name();
                write!(f, "{seconds} seconds is the same as {name}: set only one of the two")
            }
            Self::Unreachable { longer, shorter } => {
                let (name, min) = (field(*shorter), shorter.requests);
                let requests = longer.requests;
                write!(f, "must be {min} or more, the limit of {name}, got {requests}")
            }
        }
    }
}

impl std::error::Error for InvalidLimit {}

/// The highest of the `shorter` limits, if `longer` allows less, so that it cannot be reached.
fn unreachable_below(longer: Limit, shorter: &[Limit]) -> Option<Limit> {
    let inside = shorter.iter().filter(|shorter| nests(shorter.period, longer.period));
    let highest = inside.max_by_key(|limit| limit.requests)?;
    (1..highest.requests).contains(&longer.requests).then_some(*highest)
}

/// Whether every window of the shorter period is inside one of the longer period.
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

/// The field with the number of requests.
fn field(limit: Limit) -> String {
    match limit.period {
        Period::Seconds(_) => "window.requests".to_owned(),
        named => named.name().into_owned(),
    }
}
