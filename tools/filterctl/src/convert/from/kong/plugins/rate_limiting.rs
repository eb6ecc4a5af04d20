//! The plugin `rate-limiting`.

use super::super::entities::{Entities, Plugin};
use crate::convert::{
    from::{
        input::fields::Fields,
        policy::buckets::{self, limiter_name},
    },
    report::Report,
    yaml::Map,
};

const PERIODS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];

/// The configuration of rate-limit. `None` if it has no limit.
pub fn section(
    plugin: &Plugin,
    entities: &Entities,
    has_identity: bool,
    report: &mut Report,
) -> Option<Map> {
    let name = entities.describe(plugin);
    let fields = plugin.fields();
    let mut config = Map::new();
    for period in PERIODS {
        let Some(node) = fields.get(period) else { continue };
        match fields.number(period) {
            Some(limit) => config.set(period, limit),
            None => {
                let message = format!("{name}: {period} is not a whole number");
                report.left_out(&plugin.field_place(node), message);
            }
        }
    }
    add_identity(&mut config, plugin, &name, &fields, has_identity, report);
    add_policy(&mut config, plugin, &name, &fields, report);
    for field in ["fault_tolerant", "hide_client_headers"] {
        let default = field == "fault_tolerant";
        config.set_some(field, fields.flag(field).filter(|value| *value != default));
    }
    config.set_some("error_code", fields.number("error_code").filter(|code| *code != 429));
    let message = fields.text("error_message").filter(|text| *text != "API rate limit exceeded");
    config.set_some("error_message", message);
    if let Some(scope) = scope_name(plugin, entities) {
        config.set("name", scope);
    }
    fields.ignore(&["redis"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}"));
    }
    let removable =
        ["second", "minute", "hour", "day", "month", "year", "error_code", "error_message"];
    buckets::finish(config, &removable, &plugin.place, &name, report)
}

fn add_identity(
    config: &mut Map,
    plugin: &Plugin,
    name: &str,
    fields: &Fields<'_>,
    has_identity: bool,
    report: &mut Report,
) {
    let limit_by = fields.text("limit_by").unwrap_or("consumer");
    let is_identity = limit_by == "consumer" || limit_by == "credential";
    if is_identity && !has_identity {
        config.set("limit_by", "ip");
        let message = format!(
            "{name}: limits by address, because no plugin jwt identifies a {limit_by} on its routes"
        );
        report.changed(&plugin.place, message);
    } else {
        config.set("limit_by", limit_by);
    }
    if limit_by == "ip" || is_identity {
        report.changed(
            &plugin.place,
            format!("{name}: IPv6 clients are counted by /64 (client_ip.ipv6_prefix)"),
        );
    }
    let header = fields.text("header_name").filter(|_| limit_by == "header");
    config.set_some("header_name", header);
    let path = fields.text("path").filter(|_| limit_by == "path");
    config.set_some("path", path);
    if path.is_some() {
        report.changed(&plugin.place, format!("{name}: other paths are not limited by address"));
    }
}

fn add_policy(
    config: &mut Map,
    plugin: &Plugin,
    name: &str,
    fields: &Fields<'_>,
    report: &mut Report,
) {
    config.set("policy", "local");
    let policy = fields.text("policy").unwrap_or("local");
    if policy != "local" {
        let message = format!(
            "{name}: policy {policy}; each proxy counts separately until you set policy: redis \
             with an HTTP front end of Redis (redis.uri)"
        );
        report.left_out(&plugin.place, message);
    }
    let settings = [
        "redis_host",
        "redis_port",
        "redis_password",
        "redis_username",
        "redis_ssl",
        "redis_ssl_verify",
        "redis_server_name",
        "redis_timeout",
        "redis_database",
        "sync_rate",
    ];
    fields.ignore(&settings);
}

/// Kong counts separately for each plugin: for its route, its service or all routes.
fn scope_name(plugin: &Plugin, entities: &Entities) -> Option<String> {
    let route = plugin.scope.route.and_then(|index| entities.routes.get(index));
    let service = plugin.scope.service.and_then(|index| entities.services.get(index));
    let name = route.map(|r| &r.route.name).or_else(|| service.map(|s| &s.service.name))?;
    let name = limiter_name(name);
    (!name.is_empty()).then_some(name)
}
