//! Limits, as token buckets.

use crate::convert::{
    model::Route,
    report::Report,
    yaml::{Map, Yaml},
};

const PERIODS: [(&str, &str); 6] = [
    ("second", "1s"),
    ("minute", "1m"),
    ("hour", "1h"),
    ("day", "24h"),
    ("month", "720h"),
    ("year", "8760h"),
];

/// Fields that a bucket expresses, or that have no effect without the filter.
const KNOWN: [&str; 16] = [
    "second",
    "minute",
    "hour",
    "day",
    "month",
    "year",
    "window",
    "limit_by",
    "header_name",
    "policy",
    "name",
    "client_ip",
    "fault_tolerant",
    "headers",
    "hide_client_headers",
    "max_clients",
];

/// Fields without which more requests pass.
const CHECKS: [&str; 2] = ["rules", "deny"];

/// The middlewares of a route, each with a name.
///
/// # Errors
/// The limit that cannot be converted.
pub(super) fn middlewares(
    route: &Route,
    report: &mut Report,
) -> Result<Vec<(String, Map)>, String> {
    let own = &route.chain.buckets;
    if !own.is_empty() {
        let own = own.iter().map(|bucket| {
            let limit = Map::new().with("rateLimit", bucket.settings.clone());
            ("rate-limit".to_owned(), limit)
        });
        return Ok(own.collect());
    }
    let Some(config) = &route.chain.rate_limit else { return Ok(Vec::new()) };
    for name in config.names().filter(|name| !KNOWN.contains(name)) {
        let message = format!("{name}: Traefik's rateLimit has no such setting");
        if CHECKS.contains(&name) {
            return Err(format!("rate_limit.{message}"));
        }
        let message = format!("route {}: rate_limit: {message}", route.name);
        report.left_out(&route.place, message);
    }
    let criterion = criterion(route, config).map_err(|reason| format!("rate_limit.{reason}"))?;
    let mut limits = Vec::new();
    for (name, period) in PERIODS {
        if let Some(limit) = config.int(name) {
            limits.push((name.to_owned(), period.to_owned(), limit));
        }
    }
    if let Some(window) = config.map("window")
        && let (Some(seconds), Some(requests)) = (window.int("seconds"), window.int("requests"))
    {
        limits.push(("window".to_owned(), format!("{seconds}s"), requests));
    }
    if !limits.is_empty() {
        let message = format!(
            "route {}: limits are token buckets: up to twice the limit passes in a period, and \
             responses have no X-RateLimit headers",
            route.name
        );
        report.changed(&route.place, message);
    }
    // Traefik has no names of routes in a criterion, so routes with one limit share a middleware,
    // but never a bucket.
    let bucket = |(name, period, limit): (String, String, i64)| {
        let bucket = Map::new()
            .with("average", limit)
            .with("period", period)
            .with("burst", limit)
            .with("sourceCriterion", criterion.clone());
        (format!("rate-limit-{name}"), Map::new().with("rateLimit", bucket))
    };
    Ok(limits.into_iter().map(bucket).collect())
}

fn criterion(route: &Route, config: &Map) -> Result<Map, String> {
    let header = |name: &str| Ok(Map::new().with("requestHeaderName", name));
    let limit_by = config.text("limit_by").unwrap_or("ip");
    match limit_by {
        "ip" => {
            let client = config.map("client_ip");
            let mut strategy = Map::new();
            strategy.set_some("depth", client.and_then(|client| client.int("trusted_hops")));
            let prefix = client.and_then(|client| client.int("ipv6_prefix")).unwrap_or(64);
            strategy.set("ipv6Subnet", prefix);
            Ok(Map::new().with("ipStrategy", strategy))
        }
        "host" => Ok(Map::new().with("requestHost", true)),
        "header" => header(config.text("header_name").unwrap_or_default()),
        "credential" => header("X-Credential-Identifier"),
        // jwt-auth sets these headers before.
        "consumer" if has_user_names(route) => header("X-Consumer-Username"),
        "consumer" => header("X-Credential-Identifier"),
        other => Err(format!("limit_by {other}: Traefik's rateLimit has no such criterion")),
    }
}

/// Whether all credentials have a consumer with a name.
fn has_user_names(route: &Route) -> bool {
    let config = route.chain.jwt_auth.as_ref();
    let credentials = config.map(|config| config.items("credentials")).unwrap_or_default();
    let named =
        |credential: &Map| credential.map("consumer").is_some_and(|c| c.text("username").is_some());
    credentials.iter().filter_map(Yaml::as_map).all(named)
}
