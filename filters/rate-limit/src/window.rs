//! Fixed windows, aligned to the UTC calendar.

/// The length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Period {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

/// One window in time: `[start, end)`, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Period {
    pub(crate) const ALL: [Period; 6] =
        [Period::Second, Period::Minute, Period::Hour, Period::Day, Period::Month, Period::Year];

    /// The name as configurations write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Period::Second => "second",
            Period::Minute => "minute",
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Month => "month",
            Period::Year => "year",
        }
    }

    /// The window that holds `now`, in seconds since the Unix epoch. Good until 2106, when 32 bits
    /// of seconds end.
    pub(crate) fn at(self, now: u32) -> Window {
        let aligned = |seconds: u32| {
            let start = now - now % seconds;
            Window { start, end: start.saturating_add(seconds) }
        };
        let days = |first: u32, last: u32| Window {
            start: first.saturating_mul(DAY),
            end: last.saturating_mul(DAY),
        };
        match self {
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

const DAY: u32 = 86_400;

/// The days from the epoch to the first day of a month, in the proleptic Gregorian calendar.
fn first_of(year: u32, month: u32) -> u32 {
    // Counted in years that start in March, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5;
    days - DAYS_TO_EPOCH
}

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: u32 = 719_468;

/// The year and the month, 1 to 12, of a day since the epoch.
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

    /// 2024-02-29T13:37:42Z, from `date -u -d … +%s`; the other numbers likewise.
    const NOW: u32 = 1_709_213_862;

    #[test]
    fn windows_align_to_the_calendar() {
        let window = |period: Period| period.at(NOW);
        assert_eq!(window(Period::Second), Window { start: NOW, end: NOW + 1 });
        assert_eq!(window(Period::Minute), Window { start: 1_709_213_820, end: 1_709_213_880 });
        assert_eq!(window(Period::Hour), Window { start: 1_709_211_600, end: 1_709_215_200 });
        assert_eq!(window(Period::Day), Window { start: 1_709_164_800, end: 1_709_251_200 });
        assert_eq!(window(Period::Month), Window { start: 1_706_745_600, end: 1_709_251_200 });
        assert_eq!(window(Period::Year), Window { start: 1_704_067_200, end: 1_735_689_600 });
    }

    #[test]
    fn december_ends_with_the_year() {
        let new_years_eve = 1_735_689_599;
        assert_eq!(Period::Month.at(new_years_eve).end, 1_735_689_600);
        assert_eq!(Period::Year.at(new_years_eve).end, 1_735_689_600);
        assert_eq!(Period::Year.at(new_years_eve + 1).start, 1_735_689_600);
    }

    #[test]
    fn every_window_holds_its_moment_and_meets_the_next() {
        for period in Period::ALL {
            for step in 0..200_000_u32 {
                let now = step * 21_001; // until 2103, about four times a day
                let Window { start, end } = period.at(now);
                assert!(start <= now && now < end, "{period:?} at {now}");
                assert_eq!(period.at(end).start, end, "{period:?} at {now}");
            }
        }
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        for now in [0, 1, u32::MAX - 1, u32::MAX] {
            for period in Period::ALL {
                let Window { start, end } = period.at(now);
                assert!(start <= now && now <= end, "{period:?} at {now}: {start} {end}");
            }
        }
    }
}
