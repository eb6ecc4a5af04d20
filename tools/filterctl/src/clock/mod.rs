//! Times: that of a command, and times as people write and read them.
//!
//! - `date`: dates and distances in words, in UTC.

mod date;

use anyhow::{Context, Result};
use novasphere_core::UnixTime;

pub use self::date::{date, now_millis, parse, span};

/// The option for the time.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TimeArgs {
    /// The time to use instead of the present: seconds since 1970, 2024-02-29T13:37:42Z, now+600.
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
}

impl TimeArgs {
    /// The time of the option, else the present.
    ///
    /// # Errors
    /// If the option has the wrong form.
    pub fn now(&self) -> Result<UnixTime> {
        let now = now_millis();
        let given = self.time.as_deref().map(|time| parse(time, now).context("--time"));
        Ok(UnixTime { millis: given.transpose()?.unwrap_or(now) })
    }
}

/// The seconds of a duration such as `90s`, `5m`, `1h30m` or `2d`. `None` for other texts.
pub fn duration_seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, after) = after.split_at_checked(1)?;
        let size = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(size)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_replaces_the_present() {
        let args = TimeArgs { time: Some("5".to_owned()) };
        assert_eq!(args.now().unwrap().millis, 5_000);
        assert!(TimeArgs::default().now().unwrap().seconds() > 1_700_000_000);
        let error = TimeArgs { time: Some("soon".to_owned()) }.now().unwrap_err();
        assert!(format!("{error:#}").starts_with("--time: expected seconds"), "{error:#}");
    }

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("1h30m", 5_400), ("2d", 172_800)] {
            assert_eq!(duration_seconds(text), Some(seconds), "{text}");
        }
        for text in ["", "5", "m", "1w", "1h30", "99999999999999999999s", "1µ"] {
            assert_eq!(duration_seconds(text), None, "{text}");
        }
    }
}
