//! The filter `cors`, whose policies are in routes and virtual hosts.

use super::{chain::Filter, flag, items, local_ratelimit::percentage, text};
use crate::{
    convert::{from::policy::origins, model::Route, report::Report, yaml::Map},
    source::Node,
};

/// Adds cors, if the route has a policy.
pub(super) fn add(route: &mut Route, filter: &Filter<'_>, report: &mut Report) {
    let Some(policy) = filter.own else {
        report.not_needed(
            &filter.place,
            format!("{}: route {} has no policy", filter.name, route.name),
        );
        return;
    };
    if policy.field("filter_enabled").is_some() && percentage(policy, "filter_enabled") == 0 {
        report.not_needed(
            &filter.place,
            format!("{}: filter_enabled is 0 % for route {}", filter.name, route.name),
        );
        return;
    }
    let mut config = Map::new();
    let credentials = flag(policy, "allow_credentials");
    add_origins(&mut config, policy, filter, report);
    let list = |field: &str| -> Vec<String> {
        let names = text(policy, field).unwrap_or_default().split(',');
        names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let methods = list("allow_methods");
    let simple = || ["GET", "HEAD", "POST"].map(str::to_owned).to_vec();
    config.set("methods", if methods.is_empty() { simple() } else { methods });
    config.set("headers", list("allow_headers"));
    config.set_list("exposed_headers", list("expose_headers"));
    if credentials {
        config.set("credentials", true);
    }
    config.set_some(
        "max_age",
        text(policy, "max_age").and_then(|age| age.trim().parse::<i64>().ok()),
    );
    if flag(policy, "allow_private_network_access") {
        config.set("private_network", true);
    }
    config.set("preflight_status", 200);
    report.changed(
        &filter.place,
        format!("{}: preflights of other origins do not reach the upstream", filter.name),
    );
    if let Some(config) = origins::finish(config, &filter.place, &filter.name, report) {
        route.chain.cors = Some(config);
    }
}

fn add_origins(config: &mut Map, policy: &Node, filter: &Filter<'_>, report: &mut Report) {
    let matchers = items(policy, "allow_origin_string_match");
    let (mut allowed, mut is_for_all) = (Vec::new(), false);
    for matcher in matchers {
        match origin(matcher) {
            Some(origin) => {
                is_for_all = is_for_all || origin == "*";
                allowed.push(origin);
            }
            None => {
                let message =
                    format!("{}: an origin with contains, suffix or ignore_case", filter.name);
                report.left_out(&filter.place, message);
            }
        }
    }
    if is_for_all {
        config.set("origins", vec!["*"]);
        if flag(policy, "allow_credentials") {
            config.set("reflect_any_origin", true);
            let message = format!(
                "{}: origins \"*\" with credentials lets every site act as the user; list the origins",
                filter.name
            );
            report.note(&filter.place, message);
        }
    } else {
        config.set("origins", allowed);
    }
}

fn origin(matcher: &Node) -> Option<String> {
    if flag(matcher, "ignore_case") {
        return None;
    }
    if let Some(exact) = text(matcher, "exact") {
        return Some(exact.to_owned());
    }
    if let Some(prefix) = text(matcher, "prefix") {
        return Some(format!("~{}.*", prefix.replace('.', r"\.")));
    }
    let regex = matcher.fields(&["safe_regex", "regex"])?.text()?;
    Some(origins::from_regex(regex))
}
