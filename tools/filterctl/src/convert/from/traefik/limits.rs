//! The middleware `rateLimit`: a token bucket.

use super::chain::Part;
use crate::convert::{from::fields::Fields, model::Route, report::Report, yaml::Map};

/// Adds windows for the bucket.
pub(super) fn add(route: &mut Route, part: &Part<'_>, report: &mut Report) {
    let average = part.fields.number("average").unwrap_or(0);
    if average <= 0 {
        report.not_needed(&part.middleware.place, format!("{}: average 0 is no limit", part.name));
        return;
    }
    let burst = part.fields.number("burst").unwrap_or(1).max(1);
    let period = part.fields.text("period").unwrap_or("1s");
    let Some(seconds) = seconds(period) else {
        part.left_out(&format!("period {period:?}: is not a whole number of seconds"), report);
        return;
    };
    let source = part.fields.object("sourceCriterion");
    let mut identity = Map::new();
    add_identity(&mut identity, &source, part, report);
    let mut config = Map::new();
    let limits = windows(average, seconds, burst);
    for (name, limit) in &limits {
        match name.as_str() {
            "window" => {
                let (seconds, requests) = *limit;
                config
                    .set("window", Map::new().with("seconds", seconds).with("requests", requests));
            }
            name => config.set(name, limit.1),
        }
    }
    for name in identity.names().map(str::to_owned).collect::<Vec<_>>() {
        config.set_some(&name, identity.get(&name).cloned());
    }
    config.set("headers", "none");
    config.comment(
        "headers",
        "As with Traefik. Without this line, clients see their remaining quota.",
    );
    config.set("name", printable(&route.name));
    part.report_rest(report);
    let described: Vec<String> = limits
        .iter()
        .map(|(name, (seconds, requests))| match name.as_str() {
            "window" => format!("{requests} in {seconds} s"),
            name => format!("{requests} per {name}"),
        })
        .collect();
    let message = format!(
        "the bucket (average {average} per {period}, burst {burst}) becomes windows of {}, which \
         start together for all clients and reject instead of delaying",
        described.join(" and ")
    );
    match route.chain.rate_limit.as_mut() {
        None => route.chain.rate_limit = Some(config),
        Some(other) => {
            if !merge(other, &config) {
                part.left_out(
                    "a second limit with another sourceCriterion, or with the same period",
                    report,
                );
                return;
            }
        }
    }
    part.converted("rate_limit", report);
    part.changed(&message, report);
}

/// Adds the windows of another limit for the same clients.
fn merge(config: &mut Map, other: &Map) -> bool {
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

/// Windows for a bucket: one for the average, and a shorter one for a small burst, or a longer one
/// that keeps the average while a large burst passes. The values are seconds and requests.
fn windows(average: i64, seconds: i64, burst: i64) -> Vec<(String, (i64, i64))> {
    let longer = |factor: i64| average.saturating_mul(factor).max(burst);
    let (name, next) = match seconds {
        1 => ("second", Some(("minute", longer(60)))),
        60 => ("minute", Some(("hour", longer(60)))),
        3_600 => ("hour", Some(("day", longer(24)))),
        86_400 => ("day", None),
        _ => ("window", None),
    };
    let mut windows = vec![(name.to_owned(), (seconds, average.max(burst)))];
    if burst > average {
        windows.extend(next.map(|(name, limit)| (name.to_owned(), (0, limit))));
    } else if burst < average && burst > 1 && name != "window" {
        let part = seconds.saturating_mul(burst).wrapping_div(average.max(1));
        if part >= 1 && part < seconds {
            windows.push(("window".to_owned(), (part, burst)));
        }
    }
    windows
}

fn add_identity(config: &mut Map, source: &Fields<'_>, part: &Part<'_>, report: &mut Report) {
    if let Some(header) = source.text("requestHeaderName") {
        config.set("limit_by", "header");
        config.set("header_name", header);
        return;
    }
    if source.flag("requestHost") == Some(true) {
        config.set("limit_by", "host");
        return;
    }
    config.set("limit_by", "ip");
    let strategy = source.object("ipStrategy");
    let mut client = Map::new();
    let excluded = strategy.texts("excludedIPs");
    if let Some(depth) = strategy.number("depth").filter(|depth| *depth > 0) {
        client.set("from", "forwarded_for");
        client.set("trusted_hops", depth);
        let message = "depth counts the entries of X-Forwarded-For; on Envoy, add 1 for the entry \
                       that Envoy appends (client_ip.trusted_hops)";
        part.changed(message, report);
    } else if !excluded.is_empty() {
        client.set("from", "forwarded_for");
        client.set("trusted_cidrs", excluded);
    }
    match strategy.number("ipv6Subnet") {
        Some(64) => {}
        Some(prefix) => client.set("ipv6_prefix", prefix),
        None => part.changed("IPv6 clients are counted by /64 (client_ip.ipv6_prefix)", report),
    }
    if !client.is_empty() {
        config.set("client_ip", client);
    }
}

/// A time of Go, in whole seconds. A number counts seconds.
fn seconds(period: &str) -> Option<i64> {
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

fn printable(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic() && !"\"\\".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_become_windows() {
        let shown = |average, seconds, burst| -> Vec<String> {
            let windows = windows(average, seconds, burst).into_iter();
            windows.map(|(name, (seconds, n))| format!("{name} {seconds} {n}")).collect()
        };
        assert_eq!(shown(100, 60, 200), ["minute 60 200", "hour 0 6000"]);
        assert_eq!(shown(100, 60, 50), ["minute 60 100", "window 30 50"]);
        assert_eq!(shown(100, 60, 100), ["minute 60 100"]);
        assert_eq!(shown(10, 1, 1), ["second 1 10"]);
        assert_eq!(shown(10, 10, 20), ["window 10 20"]);
    }

    #[test]
    fn times_of_go() {
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
