//! Limits and identities of the plugin `rate-limiting`.

use super::super::entities::Plugin;
use crate::convert::{report::Report, yaml::Map};

pub const PERIODS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];

/// The fields that identify a client.
#[derive(Debug, Default)]
pub struct Identity {
    /// `limit_by` with its fields.
    pub fields: Map,
    /// The only path whose requests count together.
    pub path: Option<String>,
}

/// The limits by period. `None` if there is none, or if one of them is not a whole number.
pub fn limits(plugin: &Plugin, name: &str, report: &mut Report) -> Option<Map> {
    let fields = plugin.fields();
    let mut limits = Map::new();
    for period in PERIODS {
        let Some(node) = fields.get(period) else { continue };
        let Some(limit) = fields.number(period) else {
            let message = format!("{name}: {period} is not a whole number");
            report.left_out(&plugin.field_place(node), message);
            return None;
        };
        limits.set(period, limit);
    }
    if limits.is_empty() {
        report.left_out(&plugin.place, format!("{name}: it has no limit"));
        return None;
    }
    Some(limits)
}

/// What identifies a client. `None` if no filter can tell.
pub fn identity(
    plugin: &Plugin,
    name: &str,
    has_identity: bool,
    report: &mut Report,
) -> Option<Identity> {
    let fields = plugin.fields();
    let mut identity = Identity::default();
    let limit_by = fields.text("limit_by").unwrap_or("consumer");
    let is_consumer = limit_by == "consumer" || limit_by == "credential";
    match limit_by {
        "consumer" | "credential" if !has_identity => {
            identity.fields.set("limit_by", "ip");
            let message = format!(
                "{name}: limits by address, because no plugin jwt identifies a {limit_by} on its \
                 routes"
            );
            report.changed(&plugin.place, message);
        }
        "path" => {
            let Some(path) = fields.text("path") else {
                report.left_out(&plugin.place, format!("{name}: limit_by path without a path"));
                return None;
            };
            identity.path = Some(path.to_owned());
            identity.fields.set("limit_by", "ip");
        }
        _ => identity.fields.set("limit_by", limit_by),
    }
    if is_consumer || limit_by == "ip" || limit_by == "path" {
        report.changed(
            &plugin.place,
            format!("{name}: IPv6 clients are counted by /64 (client_ip.ipv6_prefix)"),
        );
    }
    let header = fields.text("header_name").filter(|_| limit_by == "header");
    identity.fields.set_some("header_name", header);
    Some(identity)
}
