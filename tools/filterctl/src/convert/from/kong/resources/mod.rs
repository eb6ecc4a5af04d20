//! From Kubernetes resources to entities, as Kong's ingress controller does it.
//!
//! - `consumers`: `KongConsumer` with its Secrets;
//! - `routes`: `Ingress` and `HTTPRoute`.

mod consumers;
mod routes;

use std::collections::BTreeMap;

use super::{
    declarative::priority,
    entities::{Entities, Plugin, RouteEntity, Scope, ServiceEntity},
};
use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object, input::urls},
        model::{Route, Scheme, Service},
        report::Report,
    },
    found::Project,
    source::{Node, Reader},
};

/// Adds the entities of all resources.
pub(super) fn add(project: &Project, entities: &mut Entities, report: &mut Report) {
    let objects: Vec<Object<'_>> = project.documents.iter().filter_map(Object::new).collect();
    let mut cluster = Cluster {
        objects: &objects,
        plugins: BTreeMap::new(),
        services: Vec::new(),
        incomplete: Vec::new(),
    };
    cluster.read_plugins();
    consumers::add(&mut cluster, entities, report);
    for object in &objects {
        match object.kind {
            "Ingress" => routes::add_ingress(&mut cluster, object, entities, report),
            "HTTPRoute" => routes::add_http_route(&mut cluster, object, entities, report),
            "KongIngress" | "TCPIngress" | "UDPIngress" | "KongConsumerGroup"
            | "KongCustomEntity" | "KongVault" | "GRPCRoute" | "TLSRoute" => {
                let message = format!("{} {}: is not supported", object.kind, object.name);
                report.left_out(&object.place(), message);
            }
            _ => {}
        }
    }
    cluster.finish(entities, report);
}

/// The resources and their plugins.
pub(super) struct Cluster<'o> {
    pub(super) objects: &'o [Object<'o>],
    /// By namespace and name. Cluster plugins have no namespace.
    plugins: BTreeMap<(String, String), PluginObject<'o>>,
    /// The keys of services that are entities already.
    services: Vec<(String, usize)>,
    /// The services with a plugin that is not in the input, and its name.
    incomplete: Vec<(usize, String)>,
}

/// A `KongPlugin` or `KongClusterPlugin`.
struct PluginObject<'o> {
    object: &'o Object<'o>,
    is_used: bool,
}

/// Words in the names of plugins that probably reject requests.
const PROTECTIVE: [&str; 16] = [
    "jwt", "auth", "acl", "key", "oidc", "ip-", "restrict", "token", "waf", "opa", "mtls", "hmac",
    "ldap", "saml", "bot", "policy",
];

impl<'o> Cluster<'o> {
    fn read_plugins(&mut self) {
        for object in self.objects {
            let namespace = match object.kind {
                "KongPlugin" => object.namespace.to_owned(),
                "KongClusterPlugin" => String::new(),
                _ => continue,
            };
            let plugin = PluginObject { object, is_used: false };
            self.plugins.insert((namespace, object.name.to_owned()), plugin);
        }
    }

    /// Adds the plugins that an annotation names. Returns the first one that is missing and
    /// probably rejects requests.
    pub(super) fn add_plugins(
        &mut self,
        names: &[String],
        owner: &Object<'_>,
        scope: Scope,
        entities: &mut Entities,
        report: &mut Report,
    ) -> Option<String> {
        let mut missing = None;
        for name in names {
            let own = (owner.namespace.to_owned(), name.clone());
            let key = [own, (String::new(), name.clone())]
                .into_iter()
                .find(|key| self.plugins.contains_key(key))
                .or_else(|| self.in_other_namespace(name, owner, report));
            let Some(plugin) = key.and_then(|key| self.plugins.get_mut(&key)) else {
                let message = format!("plugin {name} of {}: is not in the input", owner.describe());
                report.left_out(&owner.place(), message);
                if PROTECTIVE.iter().any(|word| name.contains(word)) {
                    missing = missing.or(Some(name.clone()));
                }
                continue;
            };
            plugin.is_used = true;
            entities.plugins.push(entity(plugin.object, scope, report));
        }
        missing
    }

    /// The controller looks in the namespace of the resource only.
    fn in_other_namespace(
        &self,
        name: &str,
        owner: &Object<'_>,
        report: &mut Report,
    ) -> Option<(String, String)> {
        let key = self.plugins.keys().find(|(_, other)| other == name)?;
        let message = format!(
            "plugin {name} is in the namespace {}, where the controller does not find it for {}; \
             the output has it",
            key.0,
            owner.describe()
        );
        report.changed(&owner.place(), message);
        Some(key.clone())
    }

    /// Adds a Service with its plugins. Returns its index.
    pub(super) fn add_service(
        &mut self,
        name: &str,
        namespace: &str,
        port: Option<&Node>,
        entities: &mut Entities,
        report: &mut Report,
    ) -> usize {
        let objects = self.objects;
        let object = objects
            .iter()
            .find(|o| o.kind == "Service" && o.name == name && o.namespace == namespace);
        let port = port_number(port, object);
        let key = format!("{namespace}/{name}:{port}");
        if let Some((_, index)) = self.services.iter().find(|(known, _)| *known == key) {
            return *index;
        }
        let protocol = object.and_then(|o| o.annotation("konghq.com/protocol"));
        let scheme = protocol.and_then(urls::scheme).unwrap_or(Scheme::Http);
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let is_taken = entities.services.iter().any(|s| s.service.name == name);
        let own_name =
            if is_taken { format!("{namespace}.{name}.{port}") } else { name.to_owned() };
        let mut service = Service::new(&own_name, scheme, &host, port);
        let timeout = |field: &str| object.and_then(|o| o.annotation(field)?.parse().ok());
        service.connect_timeout_ms = Some(timeout("konghq.com/connect-timeout").unwrap_or(60_000));
        service.read_timeout_ms = Some(timeout("konghq.com/read-timeout").unwrap_or(60_000));
        let path = object.and_then(|o| o.annotation("konghq.com/path")).unwrap_or_default();
        service.base_path = path.trim_end_matches('/').to_owned();
        entities.services.push(ServiceEntity { service, is_enabled: true });
        let index = entities.services.len().saturating_sub(1);
        self.services.push((key, index));
        if let Some(object) = object {
            let scope = Scope { service: Some(index), ..Scope::default() };
            let names = object.list("konghq.com/plugins");
            if let Some(missing) = self.add_plugins(&names, object, scope, entities, report) {
                self.incomplete.push((index, missing));
            }
        }
        index
    }

    /// Adds a route with the plugins of its resource.
    pub(super) fn add_route(
        &mut self,
        mut route: Route,
        service: usize,
        (owner, names): (&Object<'_>, &[String]),
        entities: &mut Entities,
        report: &mut Report,
    ) {
        let stem = route.name.clone();
        let mut number: u32 = 1;
        while entities.routes.iter().any(|other| other.route.name == route.name) {
            number = number.saturating_add(1);
            route.name = format!("{stem}-{number}");
        }
        route.priority = priority(&route);
        entities.routes.push(RouteEntity { route, service: Some(service), obstacle: None });
        let index = entities.routes.len().saturating_sub(1);
        let scope = Scope { route: Some(index), ..Scope::default() };
        let missing = self.add_plugins(names, owner, scope, entities, report);
        let of_service = self.incomplete.iter().find(|(index, _)| *index == service);
        let missing = missing.or_else(|| of_service.map(|(_, name)| name.clone()));
        if let (Some(name), Some(route)) = (missing, entities.routes.get_mut(index)) {
            route.obstacle = Some(format!("its plugin {name} is not in the input"));
        }
    }

    /// Adds global plugins, and reports plugins without a user.
    fn finish(self, entities: &mut Entities, report: &mut Report) {
        for PluginObject { object, is_used } in self.plugins.into_values() {
            let label = object.root.at(&["metadata", "labels", "global"]).and_then(Node::text);
            if object.kind == "KongClusterPlugin" && label == Some("true") {
                entities.plugins.push(entity(object, Scope::default(), report));
            } else if !is_used {
                report.not_needed(
                    &object.place(),
                    format!("{}: no route uses it", object.describe()),
                );
            }
        }
    }
}

fn entity(object: &Object<'_>, scope: Scope, report: &mut Report) -> Plugin {
    let fields = Fields::new(Some(object.root), Reader::Kubernetes);
    let mut name = fields.text("plugin").unwrap_or_default().to_owned();
    for field in ["configFrom", "configPatches"] {
        if fields.get(field).is_some() {
            // Without its settings, the plugin is like an unknown one.
            name = format!("{name} with {field}");
            let message =
                format!("{}: {field}: settings in Secrets are not read", object.describe());
            report.left_out(&object.place(), message);
        }
    }
    Plugin {
        name,
        config: fields.get("config").cloned(),
        reader: Reader::Kubernetes,
        scope,
        is_enabled: fields.flag("disabled") != Some(true),
        place: object.place(),
    }
}

/// The port of a Service, by number or by name.
fn port_number(port: Option<&Node>, service: Option<&Object<'_>>) -> u16 {
    let text = port.and_then(Node::text).unwrap_or_default();
    if let Ok(number) = text.parse() {
        return number;
    }
    let ports = service.and_then(|o| o.root.at(&["spec", "ports"])).map(Node::items);
    let mut ports = ports.unwrap_or_default().iter();
    let named = ports.find(|port| port.get_text("name") == Some(text));
    named.and_then(|port| port.get_text("port")?.parse().ok()).unwrap_or(80)
}
