//! Periods, and their windows aligned to the UTC calendar.

use std::borrow::Cow;

/// The length of a window.
///
/// The `Debug` text is part of the keys of stored counts. See
/// [`namespace`](crate::limiter::namespace).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
    /// A number of seconds, at least 1. Windows start at its multiples since the epoch.
    Seconds(u32),
}

/// The interval `[start, end)`, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Period {
    /// The periods with a name, shortest first.
    pub(crate) const NAMED: [Period; 6] =
        [Period::Second, Period::Minute, Period::Hour, Period::Day, Period::Month, Period::Year];

    /// The name in configurations, or the number of seconds if it has none.
    pub(crate) fn name(self) -> Cow<'static, str> {
        match self {
            Period::Second => "second".into(),
            Period::Minute => "minute".into(),
            Period::Hour => "hour".into(),
            Period::Day => "day".into(),
            Period::Month => "month".into(),
            Period::Year => "year".into(),
            Period::Seconds(seconds) => seconds.to_string().into(),
        }
    }

    /// The lengths of the shortest and the longest window, in seconds. They differ for months and
    /// years.
    pub(crate) const fn lengths(self) -> (u32, u32) {
        match self {
            Period::Second => (1, 1),
            Period::Minute => (60, 60),
            Period::Hour => (3_600, 3_600),
            Period::Day => (DAY, DAY),
            Period::Month => (28 * DAY, 31 * DAY),
            Period::Year => (365 * DAY, 366 * DAY),
            Period::Seconds(seconds) => (seconds, seconds),
        }
    }

    /// The window that contains `now`, in seconds since the Unix epoch. Valid until 2106, when 32
    /// bits of seconds overflow.
    pub(crate) fn window(self, now: u32) -> Window {
        let aligned = |seconds: u32| {
            let start = now - now % seconds.max(1);
            Window { start, end: start.saturating_add(seconds.max(1)) }
        };
        let days = |first: u32, last: u32| Window {
            start: first.saturating_mul(DAY),
            end: last.saturating_mul(DAY),
        };
        match self {
            Period::Seconds(seconds) => aligned(seconds),
            Period::Second => aligned(1),
            Period::Minute => aligned(60),
            Period::Hour => aligned(3_600),
            Period::Day => aligned(DAY),
            Period::Month => {
                let (year, month) = year_and_month(now / DAY);
                let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                days(first_of(year, month), first_of(next_year, next))
            }
            Period::Year => {
                let (year, _) = year_and_month(now / DAY);
                days(first_of(year, 1), first_of(year + 1, 1))
            }
        }
    }
}

pub(crate) const DAY: u32 = 86_400;

/// The number of days from the epoch to the first day of a month (proleptic Gregorian calendar).
fn first_of(year: u32, month: u32) -> u32 {
    // Years start in March here, so that the leap day is the last day of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5;
    days - DAYS_TO_EPOCH
}

/// The number of days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: u32 = 719_468;

/// The year and the month (1 to 12) of a day, counted from the epoch.
fn year_and_month(day: u32) -> (u32, u32) {
    let mut year = 1970 + day / 366;
    while first_of(year + 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| first_of(year, *month) <= day).unwrap_or(1);
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29T13:37:42Z. All times of these tests come from `date -u -d … +%s`.
    const NOW: u32 = 1_709_213_862;

    fn all() -> impl Iterator<Item = Period> {
        Period::NAMED.into_iter().chain([1, 7, 90, 10_000, u32::MAX].map(Period::Seconds))
    }

    #[test]
    fn windows_align_to_the_calendar() {
        let window = |period: Period| period.window(NOW);
        assert_eq!(window(Period::Second), Window { start: NOW, end: NOW + 1 });
        assert_eq!(window(Period::Minute), Window { start: 1_709_213_820, end: 1_709_213_880 });
        assert_eq!(window(Period::Hour), Window { start: 1_709_211_600, end: 1_709_215_200 });
        assert_eq!(window(Period::Day), Window { start: 1_709_164_800, end: 1_709_251_200 });
        assert_eq!(window(Period::Month), Window { start: 1_706_745_600, end: 1_709_251_200 });
        assert_eq!(window(Period::Year), Window { start: 1_704_067_200, end: 1_735_689_600 });
    }

    #[test]
    fn last_month_ends_with_the_year() {
        let new_years_eve = 1_735_689_599;
        assert_eq!(Period::Month.window(new_years_eve).end, 1_735_689_600);
        assert_eq!(Period::Year.window(new_years_eve).end, 1_735_689_600);
        assert_eq!(Period::Year.window(new_years_eve + 1).start, 1_735_689_600);
    }

    #[test]
    fn windows_contain_their_time_and_are_adjacent() {
        for period in all() {
            for step in 0..200_000_u32 {
                let now = step * 21_001; // until 2103, about four times a day
                let Window { start, end } = period.window(now);
                assert!(start <= now && now < end, "{period:?} at {now}");
                assert!(end == u32::MAX || period.window(end).start == end, "{period:?} at {now}");
                let (shortest, longest) = period.lengths();
                assert!(end == u32::MAX || (shortest..=longest).contains(&(end - start)));
            }
        }
    }

    #[test]
    fn first_and_last_times_are_in_a_window() {
        for now in [0, 1, u32::MAX - 1, u32::MAX] {
            for period in all() {
                let Window { start, end } = period.window(now);
                assert!(start <= now && now <= end, "{period:?} at {now}: {start} {end}");
            }
        }
    }
}
