//! The plugin `rate-limiting`, for all clients and for individual consumers.

use super::{
    super::entities::{Audience, Consumer, Entities, Plugin},
    limits,
};
use crate::convert::{
    from::{input::fields::Fields, policy::buckets},
    report::Report,
    yaml::Map,
};

/// The limits of some consumers.
#[derive(Debug)]
pub struct Tier<'e> {
    pub plugin: &'e Plugin,
    /// Indices of consumers.
    pub consumers: Vec<usize>,
}

/// The configuration of rate-limit. `None` if a limit cannot be converted.
pub fn section(
    general: Option<&Plugin>,
    tiers: &[Tier<'_>],
    entities: &Entities,
    has_identity: bool,
    report: &mut Report,
) -> Option<Map> {
    let first = general.or_else(|| tiers.first().map(|tier| tier.plugin))?;
    let name = entities.describe(first);
    let mut config = Map::new();
    let mut rules = Vec::new();
    for tier in tiers {
        rules.extend(tier_rules(tier, entities, report)?);
    }
    if let Some(plugin) = general {
        add_general(&mut config, &mut rules, plugin, entities, has_identity, report)?;
    }
    config.set_list("rules", rules);
    config.set("policy", "local");
    let plugins = || general.into_iter().chain(tiers.iter().map(|tier| tier.plugin));
    if plugins().any(|plugin| plugin.fields().flag("fault_tolerant") == Some(false)) {
        config.set("fault_tolerant", false);
    }
    let fields = first.fields();
    if fields.flag("hide_client_headers") == Some(true) {
        config.set("hide_client_headers", true);
    }
    config.set_some("error_code", fields.number("error_code").filter(|code| *code != 429));
    let message = fields.text("error_message").filter(|text| *text != "API rate limit exceeded");
    config.set_some("error_message", message);
    for plugin in plugins() {
        report_policy(plugin, &entities.describe(plugin), report);
    }
    // With rules for consumers, a rule has the name of the scope.
    let scope =
        general.filter(|_| tiers.is_empty()).and_then(|plugin| scope_name(plugin, entities));
    config.set_some("name", scope);
    for tier in tiers {
        let name = entities.describe(tier.plugin);
        report.converted(&tier.plugin.place, format!("{name}: rate_limit.rules"));
    }
    let removable = ["error_code", "error_message"];
    buckets::finish(config, &removable, &first.place, &name, report)
}

/// Adds the limits for all clients.
fn add_general(
    config: &mut Map,
    rules: &mut Vec<Map>,
    plugin: &Plugin,
    entities: &Entities,
    has_identity: bool,
    report: &mut Report,
) -> Option<()> {
    let name = entities.describe(plugin);
    let fields = plugin.fields();
    let mut limit = limits::limits(plugin, &name, report)?;
    let identity = limits::identity(plugin, &name, has_identity, report)?;
    if let Some(path) = &identity.path {
        // Other paths are limited by address.
        let mut rule = Map::new().with("name", "path").with("path", path.as_str());
        rule.extend(&limit);
        rules.push(rule.with("limit_by", "constant"));
    }
    limit.extend(&identity.fields);
    match scope_name(plugin, entities).filter(|_| !rules.is_empty() && identity.path.is_none()) {
        // The filter's name would be a part of the names of all rules, so that the limits of a
        // consumer would be separate for each service.
        Some(scope) => {
            let mut rule = Map::new().with("name", scope).with("path_prefix", "/");
            rule.extend(&limit);
            rules.push(rule);
        }
        None => config.extend(&limit),
    }
    report_rest(plugin, &name, &fields, report);
    Some(())
}

/// The rules for the consumers of a tier. `None` if they cannot be written.
fn tier_rules(tier: &Tier<'_>, entities: &Entities, report: &mut Report) -> Option<Vec<Map>> {
    let Tier { plugin, consumers } = tier;
    let name = entities.describe(plugin);
    let limit = limits::limits(plugin, &name, report)?;
    let identity = limits::identity(plugin, &name, true, report)?;
    if identity.path.is_some() {
        return None;
    }
    let mut by_header: Vec<(&str, Vec<String>)> = Vec::new();
    for index in consumers {
        let (header, value) = identity_header(entities.consumers.get(*index)?)?;
        match by_header.iter_mut().find(|(other, _)| *other == header) {
            Some((_, values)) => values.push(value),
            None => by_header.push((header, vec![value])),
        }
    }
    let owner = match plugin.scope.audience {
        Audience::Consumer(index) => {
            format!("consumer-{}", entities.consumers.get(index).map_or("", Consumer::name))
        }
        Audience::Group(index) => {
            format!("group-{}", entities.groups.get(index).map_or("", |g| g.name.as_str()))
        }
        Audience::All | Audience::Unknown => return None,
    };
    let scope = scope_name(plugin, entities).map(|scope| format!("{scope}-")).unwrap_or_default();
    let rule = |(header, values): (&str, Vec<String>)| {
        let label = if header == "X-Consumer-Username" { "" } else { "-id" };
        let condition = Map::new().with("name", header).with("one_of", values);
        let mut rule = Map::new()
            .with("name", rule_name(&format!("{scope}{owner}{label}")))
            .with("header", condition);
        rule.extend(&limit);
        rule.extend(&identity.fields);
        rule
    };
    report_rest(plugin, &name, &plugin.fields(), report);
    Some(by_header.into_iter().map(rule).collect())
}

/// A header that jwt-auth sends for a consumer, and its value.
fn identity_header(consumer: &Consumer) -> Option<(&'static str, String)> {
    let is_plain =
        |value: &&String| value.bytes().all(|b| b.is_ascii_graphic() && b != b',' && b != b'%');
    let username = consumer.username.as_ref().map(|name| ("X-Consumer-Username", name));
    let found = username.or_else(|| consumer.id.as_ref().map(|id| ("X-Consumer-ID", id)));
    found.filter(|(_, value)| is_plain(value)).map(|(header, value)| (header, value.clone()))
}

fn report_policy(plugin: &Plugin, name: &str, report: &mut Report) {
    let fields = plugin.fields();
    let policy = fields.text("policy").unwrap_or("local");
    if policy != "local" {
        let message = format!(
            "{name}: policy {policy}; each proxy counts separately until you set policy: redis \
             with an HTTP front end of Redis (redis.uri)"
        );
        report.left_out(&plugin.place, message);
    }
}

/// Reports the settings without a counterpart.
fn report_rest(plugin: &Plugin, name: &str, fields: &Fields<'_>, report: &mut Report) {
    fields.ignore(&limits::PERIODS);
    fields.ignore(&["limit_by", "header_name", "path", "policy", "fault_tolerant"]);
    fields.ignore(&["hide_client_headers", "error_code", "error_message", "redis"]);
    fields.ignore(&[
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
    ]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}"));
    }
}

/// Kong counts separately for each plugin: for its route, its service or all routes.
fn scope_name(plugin: &Plugin, entities: &Entities) -> Option<String> {
    let route = plugin.scope.route.and_then(|index| entities.routes.get(index));
    let service = plugin.scope.service.and_then(|index| entities.services.get(index));
    let name = route.map(|r| &r.route.name).or_else(|| service.map(|s| &s.service.name))?;
    (!name.is_empty()).then(|| rule_name(name))
}

/// A name as rules have it. Equal names share their counts.
fn rule_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    match name {
        "default" => "default-limit".to_owned(),
        name => name.chars().map(letter).take(64).collect(),
    }
}
