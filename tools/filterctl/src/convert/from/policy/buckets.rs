//! Token buckets as windows.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    convert::{model::prune, report::Report, yaml::Map},
    found::Place,
};

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Tokens for each period.
    pub average: i64,
    /// The period in seconds.
    pub seconds: i64,
    /// The size of the bucket.
    pub burst: i64,
}

/// A window: its name, its length in seconds and its requests.
type Window = (&'static str, i64, i64);

impl Bucket {
    /// Windows that pass about the same: one for the average, and a shorter one for a small burst, or
    /// a longer one that keeps the average while a large burst passes.
    pub fn windows(self) -> Vec<Window> {
        let Self { average, seconds, burst } = self;
        let longer = |factor: i64| average.saturating_mul(factor).max(burst);
        let (name, next) = match seconds {
            1 => ("second", Some(("minute", 60, longer(60)))),
            60 => ("minute", Some(("hour", 3_600, longer(60)))),
            3_600 => ("hour", Some(("day", 86_400, longer(24)))),
            86_400 => ("day", None),
            _ => ("window", None),
        };
        let mut windows = vec![(name, seconds, average.max(burst))];
        if burst > average {
            windows.extend(next);
        } else if burst < average && burst > 1 && name != "window" {
            let part = seconds.saturating_mul(burst).wrapping_div(average.max(1));
            if part >= 1 && part < seconds {
                windows.push(("window", part, burst));
            }
        }
        windows
    }

    /// Sets the limits of rate-limit.
    pub fn set(self, config: &mut Map) {
        for (name, seconds, requests) in self.windows() {
            match name {
                "window" => {
                    let window = Map::new().with("seconds", seconds).with("requests", requests);
                    config.set(name, window);
                }
                name => config.set(name, requests),
            }
        }
    }

    /// `the bucket (100 per 60 s, burst 200) becomes windows of 200 per minute`.
    pub fn describe(self) -> String {
        let windows = self.windows().into_iter().map(|(name, seconds, requests)| match name {
            "window" => format!("{requests} per {seconds} s"),
            name => format!("{requests} per {name}"),
        });
        format!(
            "the bucket ({} per {} s, burst {}) becomes windows of {}, which start at the same time \
             for all clients",
            self.average,
            self.seconds,
            self.burst,
            windows.collect::<Vec<_>>().join(" and ")
        )
    }
}

/// Removes and reports the parts that rate-limit rejects, as far as `removable` names them. `None` if it still rejects
/// the limits.
pub fn finish(
    mut config: Map,
    removable: &[&str],
    place: &Place,
    name: &str,
    report: &mut Report,
) -> Option<Map> {
    match prune(FilterKind::RateLimit, &mut config, ProxyKind::Envoy, removable) {
        Ok(pruned) => {
            for part in pruned {
                report.left_out(place, format!("{name}: {}: {}", part.path, part.message));
            }
            report.converted(place, format!("{name}: rate_limit"));
            Some(config)
        }
        Err(fault) => {
            report.left_out(place, format!("{name}: rate-limit rejects it: {fault}"));
            None
        }
    }
}

/// Adds the windows of another limit for the same clients. Returns whether that was possible.
pub fn merge(config: &mut Map, other: &Map) -> bool {
    let same = ["limit_by", "header_name", "client_ip"]
        .iter()
        .all(|name| config.get(name) == other.get(name));
    let periods = ["second", "minute", "hour", "day", "window"];
    let is_taken = |name: &&str| other.get(name).is_some() && config.get(name).is_some();
    if !same || periods.iter().any(is_taken) {
        return false;
    }
    for name in periods {
        config.set_some(name, other.get(name).cloned());
    }
    true
}

/// A time of Go or protobuf, in whole seconds. A number counts seconds.
pub fn seconds(period: &str) -> Option<i64> {
    if let Ok(seconds) = period.parse::<i64>() {
        return (seconds > 0).then_some(seconds);
    }
    let mut rest = period;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let unit = rest.get(digits..)?;
        let (factor, after) = match unit.chars().next()? {
            'h' => (3_600, unit.get(1..)?),
            'm' if !unit.starts_with("ms") => (60, unit.get(1..)?),
            's' => (1, unit.get(1..)?),
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = after;
    }
    (total > 0).then_some(total)
}

/// The part of a name that rate-limit accepts as `name`.
pub fn limiter_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic() && !"\"\\".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_become_windows() {
        let shown = |average, seconds, burst| -> Vec<String> {
            let windows = Bucket { average, seconds, burst }.windows().into_iter();
            windows.map(|(name, seconds, n)| format!("{name} {seconds} {n}")).collect()
        };
        assert_eq!(shown(100, 60, 200), ["minute 60 200", "hour 3600 6000"]);
        assert_eq!(shown(100, 60, 50), ["minute 60 100", "window 30 50"]);
        assert_eq!(shown(100, 60, 100), ["minute 60 100"]);
        assert_eq!(shown(10, 1, 1), ["second 1 10"]);
        assert_eq!(shown(10, 10, 20), ["window 10 20"]);
    }

    #[test]
    fn times_of_go_and_protobuf() {
        for (text, expected) in [
            ("1m", Some(60)),
            ("1h30m", Some(5_400)),
            ("10", Some(10)),
            ("500ms", None),
            ("0s", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
