//! The filter `local_ratelimit`: a token bucket.

use super::{chain::Filter, flag, items, number, text};
use crate::{
    convert::{
        from::policy::buckets::{self, Bucket, limiter_name, seconds},
        model::Route,
        report::Report,
        yaml::Map,
    },
    source::Node,
};

/// Adds windows for the bucket. Returns whether the route is limited as before.
pub(super) fn add(route: &mut Route, filter: &Filter<'_>, report: &mut Report) -> bool {
    let config = filter.own.unwrap_or(filter.base);
    let name = &filter.name;
    if percentage(config, "filter_enabled") == 0 {
        report.not_needed(&filter.place, format!("{name}: filter_enabled is 0 %"));
        return true;
    }
    let enforced = percentage(config, "filter_enforced");
    let found = match bucket(config) {
        Ok(Some(_)) if route.chain.rate_limit.is_some() => Err("a second limit"),
        found => found,
    };
    let bucket = match found {
        Ok(Some(bucket)) => bucket,
        Ok(None) => return true,
        Err(reason) => {
            report.left_out(&filter.place, format!("{name}: {reason}"));
            return enforced == 0;
        }
    };
    let mut limits = Map::new();
    bucket.set(&mut limits);
    limits.set("limit_by", "constant");
    limits
        .comment("limit_by", "All clients together, as in local_ratelimit. With ip, each client.");
    limits.set("headers", "none");
    if let Some(code) = config.fields(&["status", "code"]).and_then(Node::text)
        && let Ok(code) = code.parse::<i64>()
    {
        limits.set("error_code", code);
    }
    if enforced == 0 {
        limits.set("report_only", true);
    }
    for (field, percentage) in
        [("filter_enabled", percentage(config, "filter_enabled")), ("filter_enforced", enforced)]
    {
        if !matches!(percentage, 0 | 100) {
            report.changed(&filter.place, format!("{name}: {field} is 100 %"));
        }
    }
    let scope = if filter.own.is_some() { route.name.as_str() } else { "all" };
    limits.set("name", limiter_name(scope));
    for field in ["response_headers_to_add", "request_headers_to_add_when_not_enforced"] {
        if config.field(field).is_some() {
            report.left_out(&filter.place, format!("{name}: {field}"));
        }
    }
    route.chain.rate_limit = buckets::finish(limits, &["error_code"], &filter.place, name, report);
    if route.chain.rate_limit.is_some() {
        report.changed(&filter.place, format!("{name}: {}", bucket.describe()));
    }
    route.chain.rate_limit.is_some() || enforced == 0
}

/// The bucket of a filter. `None` without one.
///
/// # Errors
/// Why the limits have no counterpart.
fn bucket(config: &Node) -> Result<Option<Bucket>, &'static str> {
    if !items(config, "descriptors").is_empty() {
        return Err("descriptors; write rules of rate_limit");
    }
    let Some(bucket) = config.field("token_bucket") else { return Ok(None) };
    if flag(config, "local_rate_limit_per_downstream_connection") {
        return Err("limits for each connection");
    }
    let interval = text(bucket, "fill_interval").and_then(seconds);
    let seconds = interval.ok_or("fill_interval is not a whole number of seconds")?;
    let burst = number(bucket, "max_tokens").ok_or("max_tokens is not a whole number")?;
    let average = number(bucket, "tokens_per_fill").unwrap_or(1);
    Ok(Some(Bucket { average, seconds, burst }))
}

/// A share of requests, rounded up. Envoy's default is none.
pub(super) fn percentage(config: &Node, field: &str) -> i64 {
    let Some(default) = config.fields(&[field, "default_value"]) else { return 0 };
    let numerator = number(default, "numerator").unwrap_or(0);
    match text(default, "denominator") {
        Some("TEN_THOUSAND") => numerator.saturating_add(99).wrapping_div(100),
        Some("MILLION") => numerator.saturating_add(9_999).wrapping_div(10_000),
        _ => numerator,
    }
}
