//! Times in a case, relative to the time of the run.

use serde::{Deserialize, Deserializer, de::Error as _};

/// The time of a request: `now`, `now+600`, `now-5`, or seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Seconds after the time of the run.
    FromNow(i64),
    /// Seconds since the epoch.
    At(u64),
}

impl Time {
    /// Milliseconds since the epoch. `now` is the time of the run.
    pub fn millis(self, now: u64) -> u64 {
        match self {
            Self::FromNow(seconds) => now.saturating_add_signed(seconds.saturating_mul(1_000)),
            Self::At(seconds) => seconds.saturating_mul(1_000),
        }
    }
}

/// The seconds after now in `now`, `now+600` and `now-5`. `None` for any other text.
pub(crate) fn from_now(text: &str) -> Option<i64> {
    match text.strip_prefix("now")? {
        "" => Some(0),
        offset if offset.starts_with(['+', '-']) => offset.parse().ok(),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Seconds(u64),
            Text(String),
        }
        let form = "expected now, now+600, now-5 or seconds since 1970";
        let written = Written::deserialize(deserializer);
        match written.map_err(|_| D::Error::custom(format!("time: {form}")))? {
            Written::Seconds(seconds) => Ok(Self::At(seconds)),
            Written::Text(text) => match from_now(&text) {
                Some(seconds) => Ok(Self::FromNow(seconds)),
                None => Err(D::Error::custom(format!("time: {form}, got {text:?}"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Time, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn times_are_relative_or_absolute() {
        assert_eq!(parse("\"now+600\"").unwrap().millis(1_500), 601_500);
        assert_eq!(parse("\"now-1\"").unwrap().millis(1_500), 500);
        assert_eq!(parse("\"now\"").unwrap().millis(1_500), 1_500);
        assert_eq!(parse("1709213862").unwrap().millis(1_500), 1_709_213_862_000);
    }

    #[test]
    fn other_times_are_rejected_with_the_form() {
        for text in ["\"tomorrow\"", "\"now+x\"", "\"nowhere\"", "true", "-5"] {
            assert!(parse(text).unwrap_err().contains("now+600"), "{text}");
        }
    }
}
