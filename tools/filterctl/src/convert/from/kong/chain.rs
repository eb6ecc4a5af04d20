//! The filters of a route.

use std::collections::BTreeSet;

use super::{
    credentials::Credentials,
    effective::for_consumers,
    entities::{Entities, Plugin},
    plugins::{
        access, cors, jwt, others,
        rate_limiting::{self, Tier},
        transformers,
    },
};
use crate::convert::{model::Chain, report::Report, yaml::Map};

/// A route with everything that its chain is made of.
pub(super) struct RouteInput<'e> {
    pub(super) entities: &'e Entities,
    pub(super) credentials: &'e Credentials,
    /// The plugins for all clients, with their indices.
    pub(super) plugins: Vec<(usize, &'e Plugin)>,
    /// The indices of the route and of its service.
    pub(super) route: (usize, Option<usize>),
    /// The name of the route.
    pub(super) name: &'e str,
}

impl<'e> RouteInput<'e> {
    fn plugin(&self, name: &str) -> Option<&'e Plugin> {
        let is_it = |plugin: &&Plugin| plugin.name == name && plugin.obstacle.is_none();
        self.plugins.iter().map(|(_, plugin)| *plugin).find(is_it)
    }

    /// The plugins that may reject requests, and that no filter replaces.
    fn unknown(&self, report: &mut Report) -> Vec<String> {
        let mut unknown = Vec::new();
        for (_, plugin) in &self.plugins {
            let name = self.entities.describe(plugin);
            match plugin.obstacle.as_ref().filter(|_| !others::is_harmless(plugin)) {
                Some(obstacle) => {
                    report.left_out(&plugin.place, format!("{name}: {obstacle}"));
                    unknown.push(name);
                }
                None if others::report(plugin, &name, report) => unknown.push(name),
                None => {}
            }
        }
        unknown
    }

    /// The chain.
    ///
    /// # Errors
    /// The plugin that protects the route and cannot be converted.
    pub(super) fn chain(&self, report: &mut Report) -> Result<Chain, String> {
        let describe = |plugin: &Plugin| self.entities.describe(plugin);
        let mut missing = self.unknown(report);
        let mut chain = Chain::default();
        let (mut excluded, tiers) = self.consumers(report);
        match self.rate_limit(tiers, &mut excluded, report) {
            Ok(section) => chain.rate_limit = section,
            Err(name) => missing.push(name),
        }
        if let Some(plugin) = self.plugin("acl")
            && !access::report_acl(plugin, &describe(plugin), self.plugin("jwt").is_some(), report)
        {
            missing.push(describe(plugin));
        }
        if let Some(plugin) = self.plugin("jwt") {
            match self.jwt(plugin, &excluded, report) {
                Some(section) => chain.jwt_auth = Some(section),
                None => missing.push(describe(plugin)),
            }
        }
        if let Some(plugin) = self.plugin("ip-restriction") {
            match access::addresses(plugin, &describe(plugin), report) {
                Some(addresses) => chain.addresses = Some(addresses),
                None => missing.push(describe(plugin)),
            }
        }
        if let Some(plugin) = self.plugin("cors") {
            chain.cors = cors::section(plugin, &describe(plugin), report);
            // Without it, pages could read responses with the upstream's own headers.
            if chain.cors.is_none() {
                missing.push(describe(plugin));
            }
        }
        let (request, response) =
            (self.plugin("request-transformer"), self.plugin("response-transformer"));
        // Without it, clients reach other paths of the upstream.
        if let Some(plugin) = request.filter(|plugin| transformers::replaces_path(plugin)) {
            missing.push(describe(plugin));
        }
        chain.header_transform = transformers::section(request, response, &describe, report);
        missing.into_iter().next().map_or(Ok(chain), Err)
    }

    /// The consumers whose own plugins no filter replaces, and the limits of the others. Empty if no
    /// plugin identifies consumers.
    fn consumers(&self, report: &mut Report) -> (BTreeSet<usize>, Vec<Tier<'e>>) {
        let (mut excluded, mut tiers) = (BTreeSet::new(), Vec::new());
        if self.plugin("jwt").is_none() {
            return (excluded, tiers);
        }
        for (plugin, consumers) in for_consumers(self.entities, self.route.0, self.route.1) {
            if others::is_passive(plugin) {
                let name = self.entities.describe(plugin);
                let message = format!("{name}: filters have no scope for consumers");
                report.left_out(&plugin.place, message);
            } else if plugin.name == "rate-limiting" && plugin.obstacle.is_none() {
                tiers.push(Tier { plugin, consumers });
            } else {
                self.exclude(plugin, &consumers, &mut excluded, report);
            }
        }
        // Of several groups of a consumer, it is not known which one counts.
        let count =
            |consumer: &usize| tiers.iter().filter(|t| t.consumers.contains(consumer)).count();
        let several: BTreeSet<usize> = tiers
            .iter()
            .flat_map(|tier| tier.consumers.iter().copied())
            .filter(|consumer| count(consumer) > 1)
            .collect();
        for tier in &mut tiers {
            let (lost, kept) = tier.consumers.iter().partition(|c| several.contains(c));
            tier.consumers = kept;
            self.exclude(tier.plugin, &lost, &mut excluded, report);
        }
        tiers.retain(|tier| !tier.consumers.is_empty());
        (excluded, tiers)
    }

    /// Leaves out the credentials of consumers.
    fn exclude(
        &self,
        plugin: &Plugin,
        consumers: &[usize],
        excluded: &mut BTreeSet<usize>,
        report: &mut Report,
    ) {
        for index in consumers {
            let Some(consumer) = self.entities.consumers.get(*index) else { continue };
            excluded.insert(*index);
            let message = format!(
                "{}: no filter does this for individual consumers, so tokens of {} get 401 on \
                 route {}",
                self.entities.describe(plugin),
                consumer.name(),
                self.name
            );
            report.left_out(&plugin.place, message);
        }
    }

    /// The limits for all clients and for individual consumers. Consumers whose limits cannot be
    /// converted are excluded.
    ///
    /// # Errors
    /// The plugin whose limits cannot be converted.
    fn rate_limit(
        &self,
        tiers: Vec<Tier<'e>>,
        excluded: &mut BTreeSet<usize>,
        report: &mut Report,
    ) -> Result<Option<Map>, String> {
        let general = self.plugin("rate-limiting");
        let has_identity = self.plugin("jwt").is_some();
        let section = |tiers: &[Tier<'e>], report: &mut Report| {
            rate_limiting::section(general, tiers, self.entities, has_identity, report)
        };
        if !tiers.is_empty() {
            let mut trial = report.clone();
            if let Some(config) = section(&tiers, &mut trial) {
                *report = trial;
                return Ok(Some(config));
            }
        }
        for Tier { plugin, consumers } in tiers {
            self.exclude(plugin, &consumers, excluded, report);
        }
        let Some(general) = general else { return Ok(None) };
        let config = section(&[], report);
        config.map_or_else(|| Err(self.entities.describe(general)), |config| Ok(Some(config)))
    }

    fn jwt(&self, plugin: &Plugin, excluded: &BTreeSet<usize>, report: &mut Report) -> Option<Map> {
        let name = self.entities.describe(plugin);
        let acl = self.plugin("acl");
        let admits = |consumer: usize| {
            let admitted = |acl: &Plugin| {
                let consumer = self.entities.consumers.get(consumer);
                consumer.is_some_and(|own| access::acl_admits(acl, own, &self.entities.groups))
            };
            !excluded.contains(&consumer) && acl.is_none_or(admitted)
        };
        let (entities, credentials) = (self.entities, self.credentials);
        let mut section = jwt::section(plugin, &name, &admits, (entities, credentials), report)?;
        let anonymous = plugin.fields().text("anonymous").map(str::to_owned);
        let consumer = anonymous.as_deref().and_then(|name| entities.consumer(name));
        let reason = match consumer {
            _ if acl.is_some() => Some("beside acl"),
            // Their tokens would be invalid, and pass as the anonymous consumer.
            _ if !excluded.is_empty() => Some("without the plugins of individual consumers"),
            // Plugins may be for a consumer that is not in the input.
            None if entities.has_consumer_plugins() => {
                Some("without the plugins of individual consumers")
            }
            _ => None,
        };
        if let Some(reason) = reason
            && section.remove("anonymous").is_some()
        {
            let message = format!("{name}: anonymous: {reason}, requests without a token get 401");
            report.left_out(&plugin.place, message);
        }
        Some(section)
    }
}
