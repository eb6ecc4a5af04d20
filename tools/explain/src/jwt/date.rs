//! Times in words.

use time::OffsetDateTime;

/// A time in UTC: `2026-11-30 06:00:00 UTC`. `None` outside the years 0 to 9999.
pub fn utc(seconds: i64) -> Option<String> {
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    (0..=9999).contains(&date.year()).then(|| {
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
            date.year(),
            u8::from(date.month()),
            date.day(),
            date.hour(),
            date.minute(),
            date.second()
        )
    })
}

/// A time in UTC and its distance from `now`: `2026-11-30 06:00:00 UTC, 5 minutes ago`. Both are in
/// seconds since the epoch.
pub fn describe_time(seconds: i64, now: i64) -> String {
    let Some(utc) = utc(seconds) else {
        // Some issuers write milliseconds.
        let date = utc(seconds / 1000).filter(|_| seconds > 0);
        return match date {
            Some(date) => format!("after the year 9999; as milliseconds, it would be {date}"),
            None => "outside the years 0 to 9999".to_owned(),
        };
    };
    let distance = duration(seconds.abs_diff(now));
    match seconds.cmp(&now) {
        std::cmp::Ordering::Less => format!("{utc}, {distance} ago"),
        std::cmp::Ordering::Equal => format!("{utc}, now"),
        std::cmp::Ordering::Greater => format!("{utc}, in {distance}"),
    }
}

/// The units of a distance, in seconds.
const UNITS: [(&str, u64); 5] =
    [("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// A number of seconds in its two largest units.
fn duration(seconds: u64) -> String {
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, size) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
        // A smaller unit than the next one says nothing.
        if parts.len() == 2 || (parts.len() == 1 && count == 0) {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_and_relative() {
        let now = 1_796_018_400;
        for (time, expected) in [
            (now, "2026-11-30 06:00:00 UTC, now"),
            (now - 300, "2026-11-30 05:55:00 UTC, 5 minutes ago"),
            (now + 5_400, "2026-11-30 07:30:00 UTC, in 1 hour 30 minutes"),
            (now + 90_061, "2026-12-01 07:01:01 UTC, in 1 day 1 hour"),
            (now + 3_601, "2026-11-30 07:00:01 UTC, in 1 hour"),
            (0, "1970-01-01 00:00:00 UTC, 56 years 347 days ago"),
            (-1, "1969-12-31 23:59:59 UTC, 56 years 347 days ago"),
        ] {
            assert_eq!(describe_time(time, now), expected);
        }
    }

    #[test]
    fn time_in_milliseconds_is_recognized() {
        let text = describe_time(1_796_018_400_000, 0);
        assert_eq!(
            text,
            "after the year 9999; as milliseconds, it would be 2026-11-30 06:00:00 UTC"
        );
        assert_eq!(describe_time(i64::MAX, 0), "outside the years 0 to 9999");
        assert_eq!(describe_time(i64::MIN, 0), "outside the years 0 to 9999");
    }
}
