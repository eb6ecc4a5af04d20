//! `KongPlugin` and `KongClusterPlugin` with the resources that name them.

use std::collections::BTreeMap;

use super::{
    super::entities::{Audience, Entities, Plugin, Scope},
    classes::Classes,
};
use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object},
        report::Report,
    },
    source::{Node, Reader},
};

/// Plugins by namespace and name. Cluster plugins have no namespace.
pub(super) struct PluginObjects<'o> {
    objects: BTreeMap<(String, String), PluginObject<'o>>,
}

struct PluginObject<'o> {
    object: &'o Object<'o>,
    /// The resources that name it.
    scopes: Vec<Scope>,
}

impl<'o> PluginObjects<'o> {
    pub(super) fn new(objects: &'o [Object<'o>], classes: &Classes, report: &mut Report) -> Self {
        let mut all = BTreeMap::new();
        for object in objects {
            let is_cluster = object.kind == "KongClusterPlugin";
            if let Some(reason) = classes.class_obstacle(object).filter(|_| is_cluster) {
                report.left_out(&object.place(), format!("{}: {reason}", object.describe()));
                continue;
            }
            let namespace = match object.kind {
                "KongPlugin" => object.namespace.to_owned(),
                "KongClusterPlugin" => String::new(),
                _ => continue,
            };
            let plugin = PluginObject { object, scopes: Vec::new() };
            all.insert((namespace, object.name.to_owned()), plugin);
        }
        Self { objects: all }
    }

    /// Adds the plugins that an annotation names. A plugin that is not in the input may reject
    /// requests.
    pub(super) fn refer(
        &mut self,
        names: &[String],
        owner: &Object<'_>,
        scope: Scope,
        entities: &mut Entities,
    ) {
        for name in names {
            let own = (owner.namespace.to_owned(), name.clone());
            let mut keys = [own, (String::new(), name.clone())].into_iter();
            let key = keys.find(|key| self.objects.contains_key(key));
            if let Some(plugin) = key.and_then(|key| self.objects.get_mut(&key)) {
                plugin.scopes.push(scope);
                continue;
            }
            let elsewhere = self.objects.keys().find(|(_, other)| other == name);
            let reason = match elsewhere {
                Some((namespace, _)) => format!(
                    "is in the namespace {namespace}, where the controller does not find it for {}; \
                     move it to that namespace",
                    owner.describe()
                ),
                None => "is not in the input; add its KongPlugin, or remove it from the annotation"
                    .to_owned(),
            };
            entities.plugins.push(Plugin {
                name: format!("{name:?}"),
                config: None,
                reader: Reader::Kubernetes,
                scope,
                is_enabled: true,
                obstacle: Some(reason),
                place: owner.place(),
            });
        }
    }

    /// Adds all plugins that resources name, and global ones. Reports the others.
    pub(super) fn finish(self, entities: &mut Entities, report: &mut Report) {
        for PluginObject { object, scopes } in self.objects.into_values() {
            let label = object.root.at(&["metadata", "labels", "global"]).and_then(Node::text);
            let is_global = object.kind == "KongClusterPlugin" && label == Some("true");
            let global = is_global.then(Scope::default);
            let mut all: Vec<Scope> = global.into_iter().chain(combined(&scopes)).collect();
            all.dedup();
            if all.is_empty() {
                let message = format!("{}: no route uses it", object.describe());
                report.not_needed(&object.place(), message);
            }
            for scope in all {
                entities.plugins.push(entity(object, scope, report));
            }
        }
    }
}

/// The scopes of a plugin that resources name. Named by routes and by consumers, it is only for
/// these consumers on these routes.
fn combined(scopes: &[Scope]) -> Vec<Scope> {
    let is_for_some = |scope: &&Scope| scope.audience != Audience::All;
    let audiences: Vec<Audience> =
        scopes.iter().filter(is_for_some).map(|scope| scope.audience).collect();
    let places: Vec<&Scope> = scopes.iter().filter(|scope| !is_for_some(scope)).collect();
    match (audiences.is_empty(), places.is_empty()) {
        (false, false) => places
            .into_iter()
            .flat_map(|place| {
                audiences.iter().map(|audience| Scope { audience: *audience, ..*place })
            })
            .collect(),
        _ => scopes.to_vec(),
    }
}

fn entity(object: &Object<'_>, scope: Scope, report: &mut Report) -> Plugin {
    let fields = Fields::new(Some(object.root), Reader::Kubernetes);
    let unread =
        ["configFrom", "configPatches"].into_iter().find(|name| fields.get(name).is_some());
    let obstacle = unread.map(|field| format!("{field}: settings in Secrets are not read"));
    if fields.get("ordering").is_some() {
        let message = format!("{}: ordering: filters have a fixed order", object.describe());
        report.changed(&object.place(), message);
    }
    Plugin {
        name: fields.text("plugin").unwrap_or_default().to_owned(),
        config: fields.get("config").cloned(),
        reader: Reader::Kubernetes,
        scope,
        is_enabled: fields.flag("disabled") != Some(true),
        obstacle,
        place: object.place(),
    }
}
