//! The plugins of each route, and its chain of filters.

use std::collections::BTreeSet;

use super::{
    credentials::Credentials,
    entities::{Entities, Plugin, RouteEntity},
    plugins::{access, cors, jwt, others, rate_limiting, transformers},
};
use crate::convert::{
    model::{Chain, Gateway},
    report::Report,
};

/// The gateway of all entities. Reports every plugin.
pub(super) fn gateway(entities: &Entities, report: &mut Report) -> Gateway {
    let credentials = Credentials::new(entities, report);
    let mut gateway = Gateway::default();
    // Plugins of converted routes, and of routes that are left out.
    let (mut used, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for (index, entity) in entities.routes.iter().enumerate() {
        let name = &entity.route.name;
        let place = &entity.route.place;
        let plugins = plugins_of(entities, index, entity);
        let indices = plugins.iter().map(|(index, _)| *index);
        let service = entity.service.and_then(|index| entities.services.get(index));
        let Some(service) = service else {
            report.left_out(place, format!("route {name}: it has no service"));
            lost.extend(indices);
            continue;
        };
        if !service.is_enabled {
            report.not_needed(place, format!("route {name}: its service is off (enabled: false)"));
            lost.extend(indices);
            continue;
        }
        let path_fault = entity.route.paths.iter().find_map(|path| path.fault());
        if let Some(obstacle) = entity.obstacle.clone().or(path_fault) {
            report.left_out(place, format!("route {name}: {obstacle}"));
            lost.extend(indices);
            continue;
        }
        used.extend(indices);
        let input = RouteInput { entities, credentials: &credentials, plugins: &plugins };
        match input.chain(report) {
            Ok(chain) => {
                let mut route = entity.route.clone();
                route.chain = chain;
                route.service = gateway.add_service(service.service.clone());
                report.converted(place, format!("route {name}"));
                gateway.add_route(route);
            }
            Err(reason) => {
                let message = format!(
                    "route {name}, because without {reason} its requests would pass unchecked"
                );
                report.left_out(place, message);
            }
        }
    }
    credentials.report(entities, report);
    report_unused(entities, &used, &lost, report);
    gateway
}

/// The plugins that run for a route: of each name, the one with the narrowest scope.
fn plugins_of<'e>(
    entities: &'e Entities,
    index: usize,
    route: &RouteEntity,
) -> Vec<(usize, &'e Plugin)> {
    let mut found: Vec<(usize, &Plugin)> = Vec::new();
    for (n, plugin) in entities.plugins.iter().enumerate() {
        let is_for_all_consumers = plugin.is_enabled && !plugin.scope.is_for_consumer;
        if !is_for_all_consumers || !plugin.scope.covers(index, route.service) {
            continue;
        }
        match found.iter_mut().find(|(_, other)| other.name == plugin.name) {
            Some(other) if plugin.scope.specificity() > other.1.scope.specificity() => {
                *other = (n, plugin);
            }
            Some(_) => {}
            None => found.push((n, plugin)),
        }
    }
    found
}

/// Reports the plugins that run for no converted route.
fn report_unused(
    entities: &Entities,
    used: &BTreeSet<usize>,
    lost: &BTreeSet<usize>,
    report: &mut Report,
) {
    for (index, plugin) in entities.plugins.iter().enumerate() {
        let name = entities.describe(plugin);
        if used.contains(&index) {
            continue;
        }
        if !plugin.is_enabled {
            report.not_needed(&plugin.place, format!("{name}: is off (enabled: false)"));
        } else if plugin.scope.is_for_consumer {
            let reason = "filters have no scope for consumers; write a rule of rate_limit with a \
                          condition on a claim, or keep the plugin";
            let message = format!("plugin {} for a consumer: {reason}", plugin.name);
            report.left_out(&plugin.place, message);
        } else if lost.contains(&index) {
            report.left_out(&plugin.place, format!("{name}: its routes are left out"));
        } else {
            let message = format!("{name}: no route uses it");
            report.not_needed(&plugin.place, message);
        }
    }
}

/// A route with everything that its chain is made of.
struct RouteInput<'e> {
    entities: &'e Entities,
    credentials: &'e Credentials,
    plugins: &'e [(usize, &'e Plugin)],
}

impl RouteInput<'_> {
    fn plugin(&self, name: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|(_, plugin)| plugin.name == name).map(|(_, plugin)| *plugin)
    }

    /// The chain.
    ///
    /// # Errors
    /// The plugin that protects the route and cannot be converted.
    fn chain(&self, report: &mut Report) -> Result<Chain, String> {
        let describe = |plugin: &Plugin| self.entities.describe(plugin);
        let mut chain = Chain::default();
        let mut missing = None;
        if let Some(plugin) = self.plugin("jwt") {
            let acl = self.plugin("acl");
            match jwt::section(
                plugin,
                &describe(plugin),
                acl,
                self.entities,
                self.credentials,
                report,
            ) {
                Some(mut section) => {
                    if acl.is_some() && section.remove("anonymous").is_some() {
                        let message = format!(
                            "{}: anonymous: beside acl, requests without a token get 401",
                            describe(plugin)
                        );
                        report.left_out(&plugin.place, message);
                    }
                    chain.jwt_auth = Some(section);
                }
                None => missing = Some(describe(plugin)),
            }
        }
        if let Some(plugin) = self.plugin("acl") {
            let has_jwt = chain.jwt_auth.is_some();
            if !access::report_acl(plugin, &describe(plugin), has_jwt, report) {
                missing = missing.or(Some(describe(plugin)));
            }
        }
        if let Some(plugin) = self.plugin("ip-restriction") {
            match access::addresses(plugin, &describe(plugin), report) {
                Some(addresses) => chain.addresses = Some(addresses),
                None => missing = missing.or(Some(describe(plugin))),
            }
        }
        if let Some(plugin) = self.plugin("cors") {
            chain.cors = cors::section(plugin, &describe(plugin), report);
        }
        if let Some(plugin) = self.plugin("rate-limiting") {
            let has_identity = chain.jwt_auth.is_some();
            chain.rate_limit = rate_limiting::section(plugin, self.entities, has_identity, report);
        }
        let (request, response) =
            (self.plugin("request-transformer"), self.plugin("response-transformer"));
        chain.header_transform = transformers::section(request, response, &describe, report);
        for (_, plugin) in self.plugins {
            if others::report(plugin, &describe(plugin), report) {
                missing = missing.or(Some(describe(plugin)));
            }
        }
        missing.map_or(Ok(chain), Err)
    }
}
