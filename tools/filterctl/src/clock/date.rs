//! Times as people write and read them, in UTC.

use anyhow::{Context, Result, bail};

const DAY: i64 = 86_400;

/// The time now, in milliseconds since the epoch.
#[allow(clippy::disallowed_methods)] // the one place where this tool reads the clock
pub fn now_millis() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Parses seconds since the epoch, `2024-02-29T13:37:42Z`, `now`, or `now+600` in seconds. Returns
/// milliseconds.
///
/// # Errors
/// If the text has another form.
pub fn parse(text: &str, now_millis: u64) -> Result<u64> {
    const FORMS: &str =
        "expected seconds since 1970, 2024-02-29T13:37:42Z, now, now+600 or now-600";
    let seconds = if let Some(offset) = text.strip_prefix("now") {
        let offset: i64 = if offset.is_empty() { 0 } else { offset.parse().context(FORMS)? };
        let millis = i64::try_from(now_millis).unwrap_or(i64::MAX);
        return Ok(u64::try_from(millis.saturating_add(offset.saturating_mul(1_000))).unwrap_or(0));
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().context(FORMS)?
    } else {
        let Some(seconds) = of_date(text) else { bail!("{FORMS}, got {text:?}") };
        seconds
    };
    Ok(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000))
}

/// `2024-02-29T13:37:42Z` in seconds since the epoch. The time of day may be missing.
fn of_date(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, separator: char| -> Option<Vec<i64>> {
        text.split(separator).map(|part| part.parse().ok()).collect()
    };
    let ([year, month, day], time) =
        (<[i64; 3]>::try_from(numbers(date, '-')?).ok()?, numbers(time, ':')?);
    let (hour, minute, second) = match time.as_slice() {
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let is_valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    is_valid.then(|| days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// The number of days from the epoch to a day (proleptic Gregorian calendar).
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day is the last day of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Seconds since the epoch as `2024-02-29 13:37:42Z`.
pub fn date(seconds: i64) -> String {
    let (day, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let mut year = 1970 + day / 366;
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= day).unwrap_or(1);
    let of_month = day - days(year, month, 1) + 1;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{of_month:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// A number of seconds in words: `2 hours`.
pub fn span(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (length, unit) =
        units.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_several_forms() {
        let now = 1_709_213_862_500;
        for (text, expected) in [
            ("1709213862", 1_709_213_862_000),
            ("2024-02-29T13:37:42Z", 1_709_213_862_000),
            ("2024-02-29 13:37", 1_709_213_820_000),
            ("2024-02-29", 1_709_164_800_000),
            ("now", now),
            ("now+60", now + 60_000),
            ("now-1", now - 1_000),
        ] {
            assert_eq!(parse(text, now).unwrap(), expected, "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "now+x", "2024-02-29T13"] {
            assert!(parse(text, now).is_err() || text.is_empty(), "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00Z"),
            (1_709_213_862, "2024-02-29 13:37:42Z"),
            (1_735_689_599, "2024-12-31 23:59:59Z"),
            (4_102_444_800, "2100-01-01 00:00:00Z"),
        ] {
            assert_eq!(date(seconds), expected);
            let text = expected.replace(' ', "T");
            assert_eq!(of_date(&text), Some(seconds));
        }
    }

    #[test]
    fn spans_are_in_words() {
        for (seconds, expected) in
            [(0, "0 seconds"), (1, "1 second"), (119, "1 minute"), (7_200, "2 hours")]
        {
            assert_eq!(span(seconds), expected);
        }
    }
}
