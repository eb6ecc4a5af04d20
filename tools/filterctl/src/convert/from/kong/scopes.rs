//! The gateway of all entities.

use std::collections::BTreeSet;

use super::{
    chain::RouteInput,
    credentials::Credentials,
    effective::effective,
    entities::{Audience, Entities, RouteEntity},
    plugins::others,
};
use crate::convert::{
    from::unchecked,
    model::{Action, Gateway, PathMatch, Route},
    report::Report,
};

/// The plugins by their use.
#[derive(Debug, Default)]
struct Uses {
    /// Plugins of converted routes.
    used: BTreeSet<usize>,
    /// Plugins of blocked routes.
    lost: BTreeSet<usize>,
}

/// The gateway of all entities. Reports every plugin.
pub(super) fn gateway(entities: &Entities, report: &mut Report) -> Gateway {
    let credentials = Credentials::new(entities, report);
    let mut gateway = Gateway { is_kong_order: true, ..Gateway::default() };
    let mut uses = Uses::default();
    for (index, entity) in entities.routes.iter().enumerate() {
        add_route(entities, &credentials, (index, entity), &mut gateway, &mut uses, report);
    }
    credentials.report(entities, report);
    report_unused(entities, &uses, report);
    gateway
}

/// Adds a route, or a blocked route if it cannot be converted.
fn add_route(
    entities: &Entities,
    credentials: &Credentials,
    (index, entity): (usize, &RouteEntity),
    gateway: &mut Gateway,
    uses: &mut Uses,
    report: &mut Report,
) {
    let (name, place) = (&entity.route.name, &entity.route.place);
    let plugins = effective(entities, index, entity.service, None);
    let indices = plugins.iter().map(|(index, _)| *index);
    let service = entity.service.and_then(|index| entities.services.get(index));
    if entity.is_stream {
        report.left_out(place, format!("route {name}: it is not for HTTP"));
        uses.lost.extend(indices);
        return;
    }
    if service.is_some_and(|service| !service.is_enabled) {
        report.not_needed(place, format!("route {name}: its service is off (enabled: false)"));
        uses.lost.extend(indices);
        return;
    }
    let of_service = service.and_then(|service| service.obstacle.clone());
    let path_fault = entity.route.paths.iter().find_map(PathMatch::fault);
    let obstacle = entity.obstacle.clone().or(of_service).or(path_fault);
    let obstacle = obstacle.or_else(|| overlapping_host(entities, &entity.route));
    if obstacle.is_none() && plugins.is_empty() && entity.route.action != Action::Forward {
        report.converted(place, format!("route {name}"));
        gateway.add_route(entity.route.clone());
        return;
    }
    let service = match (obstacle, service) {
        (None, Some(service)) => service,
        (obstacle, _) => {
            let reason = obstacle.unwrap_or_else(|| "it has no service".to_owned());
            gateway.add_blocked(wider(entities, &entity.route), &reason, report);
            uses.lost.extend(indices);
            return;
        }
    };
    uses.used.extend(indices);
    let route = (index, entity.service);
    match (RouteInput { entities, credentials, plugins, route, name }).chain(report) {
        Ok(chain) => {
            let mut route = entity.route.clone();
            route.chain = chain;
            route.service = gateway.add_service(service.service.clone());
            report.converted(place, format!("route {name}"));
            gateway.add_route(route);
        }
        Err(reason) => {
            gateway.add_blocked(wider(entities, &entity.route), &unchecked(&reason), report);
        }
    }
}

/// Of `*.a.io` and `b.*`, other proxies try only the first for `b.a.io`, whatever Kong's order is.
fn overlapping_host(entities: &Entities, route: &Route) -> Option<String> {
    let host = route.hosts.iter().find(|host| host.ends_with('*'))?;
    let mut hosts = entities.routes.iter().flat_map(|entity| &entity.route.hosts);
    let other = hosts.find(|host| host.starts_with('*'))?;
    Some(format!("its host {host} overlaps with {other}"))
}

/// A route with conditions that every output has, and that match all requests of the given one. An
/// output for Kong keeps the own conditions.
fn wider(entities: &Entities, route: &Route) -> Route {
    let mut wider = route.clone();
    let kong_path = |path: &PathMatch| match path {
        PathMatch::Regex(regex) => format!("~{regex}$"),
        PathMatch::RegexStart(regex) => format!("~{regex}"),
        path => path.text().to_owned(),
    };
    if route.paths.iter().any(|path| path.fault().is_some()) {
        wider.kong.set("paths", route.paths.iter().map(kong_path).collect::<Vec<_>>());
    }
    for path in &mut wider.paths {
        if path.fault().is_some() {
            // An expression keeps its place in the order of routes.
            let start = path.literal_start();
            *path = PathMatch::RegexStart(if start.is_empty() { "/".to_owned() } else { start });
        }
    }
    for host in &mut wider.hosts {
        if let Some((name, _)) = host.split_once(':') {
            *host = name.to_owned();
        }
    }
    if overlapping_host(entities, route).is_some() {
        wider.hosts.clear();
    }
    if wider.hosts != route.hosts {
        wider.kong.set("hosts", route.hosts.clone());
    }
    wider
}

/// Reports the plugins that run for no converted route.
fn report_unused(entities: &Entities, uses: &Uses, report: &mut Report) {
    let is_reported = |report: &Report, place| {
        report.entries.iter().any(|entry| entry.place.as_ref() == Some(place))
    };
    for (index, plugin) in entities.plugins.iter().enumerate() {
        let name = entities.describe(plugin);
        let is_for_some = plugin.scope.audience != Audience::All;
        if uses.used.contains(&index) || (is_for_some && is_reported(report, &plugin.place)) {
            continue;
        }
        if !plugin.is_enabled {
            report.not_needed(&plugin.place, format!("{name}: is off (enabled: false)"));
        } else if is_for_some && others::is_passive(plugin) {
            let message = format!("{name}: filters have no scope for consumers");
            report.left_out(&plugin.place, message);
        } else if is_for_some {
            let message = format!("{name}: no plugin jwt identifies its consumers");
            report.not_needed(&plugin.place, message);
        } else if uses.lost.contains(&index) {
            report.left_out(&plugin.place, format!("{name}: its routes are blocked"));
        } else {
            report.not_needed(&plugin.place, format!("{name}: no route uses it"));
        }
    }
}
