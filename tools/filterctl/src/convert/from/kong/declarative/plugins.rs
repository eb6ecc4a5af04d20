//! Plugins of kong.yml with their scopes, and filter chains.

use super::{
    super::entities::{Audience, Entities, Plugin, RouteEntity, Scope},
    File, items, refers,
    routes::service_index,
};
use crate::{
    convert::{from::input::fields::Fields, report::Report},
    source::{Node, Reader},
};

/// Fields of a plugin without an effect on requests.
const KNOWN: [&str; 8] =
    ["id", "instance_name", "tags", "created_at", "updated_at", "run_on", "service", "route"];

/// Protocols for which Kong runs plugins in its HTTP subsystem.
const HTTP: [&str; 6] = ["http", "https", "grpc", "grpcs", "ws", "wss"];

impl File<'_> {
    /// Adds the plugins of the root and of all entities.
    pub(super) fn add_all_plugins(&self, entities: &mut Entities, report: &mut Report) {
        for (node, scope) in &self.nested {
            self.add_plugin(node, *scope, entities, report);
        }
        for node in self.root.items("plugins") {
            self.add_plugin(node, Scope::default(), entities, report);
        }
        for node in self.root.items("consumer_group_plugins") {
            self.add_plugin(node, Scope::default(), entities, report);
        }
    }

    fn add_plugin(&self, node: &Node, base: Scope, entities: &mut Entities, report: &mut Report) {
        let fields = Fields::new(Some(node), Reader::Kong);
        let place = self.place(node);
        let name = fields.text("name").unwrap_or("without a name").to_owned();
        let Some(scope) = scope(node, base, entities) else {
            let message = format!("plugin {name}: its service or route is not in the input");
            report.left_out(&place, message);
            obstruct_all(entities, &format!("plugin {name} of an unknown service or route"));
            return;
        };
        let protocols = fields.texts("protocols");
        if !protocols.is_empty() && !protocols.iter().any(|p| HTTP.contains(&p.as_str())) {
            let reason = format!("is for {} only", protocols.join(", "));
            report.not_needed(&place, format!("plugin {name}: {reason}"));
            return;
        }
        if fields.get("ordering").is_some() {
            let message = format!("plugin {name}: ordering: filters have a fixed order");
            report.changed(&place, message);
        }
        let config = fields.get("config").cloned();
        let is_enabled = fields.flag("enabled") != Some(false);
        fields.ignore(&KNOWN);
        fields.ignore(&["consumer", "consumer_group"]);
        let unknown = fields.rest().first().and_then(|(key, _)| key.text());
        let obstacle = unknown.map(|field| format!("{field}: is not supported"));
        let reader = Reader::Kong;
        entities.plugins.push(Plugin { name, config, reader, scope, is_enabled, obstacle, place });
    }

    /// Why an entity with filter chains cannot be converted. `None` without chains that are on.
    pub(super) fn filter_chains(
        &self,
        entity: &Node,
        owner: &str,
        report: &mut Report,
    ) -> Option<String> {
        let mut chains = items(entity, "filter_chains").iter().filter(|chain| is_on(chain));
        let chain = chains.next()?;
        report.left_out(&self.place(chain), format!("{owner}: filter_chains"));
        Some(format!("{owner} has filter_chains, which may reject requests"))
    }

    /// Reads the filter chains of the root.
    pub(super) fn add_filter_chains(&self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("filter_chains").iter().filter(|chain| is_on(chain)) {
            report.left_out(&self.place(node), "filter_chains");
            let reason = "has filter_chains, which may reject requests";
            match scope(node, Scope::default(), entities) {
                Some(Scope { route: Some(index), .. }) => {
                    if let Some(route) = entities.routes.get_mut(index) {
                        route.obstacle.get_or_insert_with(|| reason.to_owned());
                    }
                }
                Some(Scope { service: Some(index), .. }) => {
                    if let Some(service) = entities.services.get_mut(index) {
                        let name = &service.service.name;
                        service.obstacle.get_or_insert(format!("service {name} {reason}"));
                    }
                }
                _ => obstruct_all(entities, "filter_chains of an unknown service or route"),
            }
        }
    }
}

fn is_on(entity: &Node) -> bool {
    Fields::new(Some(entity), Reader::Kong).flag("enabled") != Some(false)
}

/// Leaves out all routes: a check may be for any of them.
pub(super) fn obstruct_all(entities: &mut Entities, reason: &str) {
    for route in &mut entities.routes {
        route.obstacle.get_or_insert_with(|| reason.to_owned());
    }
}

/// The scope of a plugin in an entity with the scope `base`. `None` if a service or a route is not
/// in the input.
fn scope(node: &Node, base: Scope, entities: &mut Entities) -> Option<Scope> {
    let mut scope = base;
    if let Some(name) = refers(node, "service") {
        scope.service = Some(service_index(entities, &name)?);
    }
    if let Some(name) = refers(node, "route") {
        let is_it =
            |own: &RouteEntity| own.route.name == name || own.route.id.as_deref() == Some(&name);
        scope.route = Some(entities.routes.iter().position(is_it)?);
    }
    let has = |name: &str| node.get(name).is_some_and(|value| !value.is_null());
    if has("consumer") {
        let index = refers(node, "consumer").and_then(|name| entities.consumer(&name));
        scope.audience = index.map_or(Audience::Unknown, Audience::Consumer);
    } else if has("consumer_group") {
        let name = refers(node, "consumer_group");
        scope.audience =
            name.map_or(Audience::Unknown, |name| Audience::Group(entities.group(&name)));
    }
    Some(scope)
}
