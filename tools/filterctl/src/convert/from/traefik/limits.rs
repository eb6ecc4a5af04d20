//! The middleware `rateLimit`: a token bucket.

use super::part::Part;
use crate::convert::{
    from::{
        input::fields::{Fields, yaml},
        policy::buckets::{Bucket, finish, limiter_name, merge, seconds},
    },
    model::{self, Route},
    report::Report,
    yaml::Map,
};

/// Adds windows for the bucket. Returns whether the route is limited as before.
pub(super) fn add(route: &mut Route, part: &Part<'_>, report: &mut Report) -> bool {
    let average = part.fields.number("average");
    let Some(average) = average.or_else(|| part.fields.get("average").is_none().then_some(0))
    else {
        part.left_out("average: is not a whole number", report);
        return false;
    };
    if average <= 0 {
        report
            .not_needed(&part.middleware.place, format!("{}: average 0 does not limit", part.name));
        return true;
    }
    let burst = part.fields.number("burst").unwrap_or(1).max(1);
    let period = part.fields.text("period").unwrap_or("1s");
    let Some(seconds) = seconds(period) else {
        part.left_out(&format!("period {period:?}: is not a whole number of seconds"), report);
        return false;
    };
    let source = part.fields.object("sourceCriterion");
    let mut identity = Map::new();
    add_identity(&mut identity, &source, part, report);
    let bucket = Bucket { average, seconds, burst };
    let mut config = Map::new();
    bucket.set(&mut config);
    for name in identity.names().map(str::to_owned).collect::<Vec<_>>() {
        config.set_some(&name, identity.get(&name).cloned());
    }
    config.set("headers", "none");
    config.comment(
        "headers",
        "As with Traefik. Without this line, clients see their remaining quota.",
    );
    config.set("name", limiter_name(&route.name));
    part.report_rest(report);
    let merged = match route.chain.rate_limit.clone() {
        None => config,
        Some(mut other) => match merge(&mut other, &config) {
            true => other,
            false => {
                let message =
                    "a second limit with another sourceCriterion, or with the same period";
                part.left_out(message, report);
                return false;
            }
        },
    };
    let (place, name) = (&part.middleware.place, &part.name);
    let Some(config) = finish(merged, &[], place, name, report) else { return false };
    route.chain.rate_limit = Some(config);
    route.chain.buckets.push(own(part, bucket));
    true
}

/// The limit itself, which an output for Traefik keeps.
fn own(part: &Part<'_>, bucket: Bucket) -> model::Bucket {
    let settings = yaml(part.settings, part.middleware.reader);
    let mut settings = settings.and_then(|s| s.as_map().cloned()).unwrap_or_default();
    // Its password is a secret.
    settings.remove("redis");
    let place = part.middleware.place.clone();
    let message = format!("{}: {}, and reject instead of delaying", part.name, bucket.describe());
    model::Bucket { settings, place, message }
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
