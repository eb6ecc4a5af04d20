//! The time of a command.

use std::{
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use novasphere_core::UnixTime;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The option for the time.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct TimeArgs {
    /// The time to use instead of the present: seconds since the epoch, or 2026-11-30T06:00:00Z.
    #[arg(long, value_name = "TIME")]
    time: Option<Moment>,
}

/// A point in time, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub u64);

impl FromStr for Moment {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(seconds) = text.parse() {
            return Ok(Self(seconds));
        }
        let date = OffsetDateTime::parse(text, &Rfc3339).ok();
        let seconds = date.and_then(|date| u64::try_from(date.unix_timestamp()).ok());
        seconds.map(Self).with_context(|| {
            format!("expected seconds since the epoch or 2026-11-30T06:00:00Z, got {text:?}")
        })
    }
}

impl TimeArgs {
    /// The time of the option, else the present.
    ///
    /// # Errors
    /// If the clock is before 1970.
    pub fn now(&self) -> Result<UnixTime> {
        if let Some(Moment(seconds)) = self.time {
            return Ok(UnixTime { millis: seconds.saturating_mul(1000) });
        }
        #[allow(clippy::disallowed_methods, reason = "the only place that reads the clock")]
        let Ok(since) = SystemTime::now().duration_since(UNIX_EPOCH) else {
            bail!("the clock is before 1970; give the time with --time");
        };
        Ok(UnixTime { millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) })
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
    fn times_are_seconds_or_dates() {
        for text in ["1796018400", "2026-11-30T06:00:00Z", "2026-11-30T07:00:00+01:00"] {
            assert_eq!(text.parse::<Moment>().unwrap(), Moment(1_796_018_400), "{text}");
        }
        for text in ["", "now", "-1", "2026-11-30", "1969-12-31T23:59:59Z"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        let args = TimeArgs { time: Some(Moment(5)) };
        assert_eq!(args.now().unwrap().millis, 5_000);
        assert!(TimeArgs::default().now().unwrap().seconds() > 1_700_000_000);
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
