//! Services, routes, plugins and consumers.

use crate::{
    convert::{
        from::{input::fields::Fields, input::secrets::Secret},
        model::{Route, Service},
    },
    found::Place,
    source::{Node, Reader},
};

/// All entities of the input.
#[derive(Debug, Default)]
pub struct Entities {
    pub services: Vec<ServiceEntity>,
    pub routes: Vec<RouteEntity>,
    pub plugins: Vec<Plugin>,
    pub consumers: Vec<Consumer>,
}

#[derive(Debug)]
pub struct ServiceEntity {
    pub service: Service,
    pub is_enabled: bool,
}

#[derive(Debug)]
pub struct RouteEntity {
    /// The route without its service and filters.
    pub route: Route,
    /// The index of the service.
    pub service: Option<usize>,
    /// Why the route cannot be converted.
    pub obstacle: Option<String>,
}

/// A plugin with its scope.
#[derive(Debug)]
pub struct Plugin {
    pub name: String,
    pub config: Option<Node>,
    pub reader: Reader,
    pub scope: Scope,
    pub is_enabled: bool,
    pub place: Place,
}

/// The requests that a plugin is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The index of a service.
    pub service: Option<usize>,
    /// The index of a route.
    pub route: Option<usize>,
    /// Whether only for some consumers.
    pub is_for_consumer: bool,
}

/// A consumer with its credentials.
#[derive(Debug, Default)]
pub struct Consumer {
    pub id: Option<String>,
    pub username: Option<String>,
    pub custom_id: Option<String>,
    /// The groups of the plugin `acl`.
    pub groups: Vec<String>,
    pub credentials: Vec<JwtSecret>,
}

/// A credential of the plugin `jwt`.
#[derive(Debug)]
pub struct JwtSecret {
    pub key: Option<String>,
    pub algorithm: Option<String>,
    pub secret: Option<Secret>,
    pub public_key: Option<String>,
    pub place: Place,
}

impl Plugin {
    /// The fields of the configuration.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(self.config.as_ref(), self.reader)
    }

    /// A place for a message about a field.
    pub fn field_place(&self, node: &Node) -> Place {
        Place { file: self.place.file, span: node.head() }
    }
}

impl Scope {
    /// Whether requests of a route are in the scope.
    pub fn covers(&self, route: usize, service: Option<usize>) -> bool {
        self.route.is_none_or(|own| own == route)
            && self.service.is_none_or(|own| Some(own) == service)
    }

    /// Of two plugins with one name, Kong runs the one with the higher value.
    pub const fn specificity(&self) -> (bool, bool) {
        (self.route.is_some(), self.service.is_some())
    }
}

impl Entities {
    /// `plugin jwt of service a`.
    pub fn describe(&self, plugin: &Plugin) -> String {
        let route = plugin.scope.route.and_then(|index| self.routes.get(index));
        let service = plugin.scope.service.and_then(|index| self.services.get(index));
        let scope = match (route, service) {
            (Some(route), _) => format!(" of route {}", route.route.name),
            (None, Some(service)) => format!(" of service {}", service.service.name),
            (None, None) => " for all routes".to_owned(),
        };
        format!("plugin {}{scope}", plugin.name)
    }

    /// The index of a consumer by id, name or custom id.
    pub fn consumer(&self, reference: &str) -> Option<usize> {
        let is_it = |name: &Option<String>| name.as_deref() == Some(reference);
        self.consumers
            .iter()
            .position(|c| is_it(&c.username) || is_it(&c.id) || is_it(&c.custom_id))
    }
}

/// The texts of a reference to another entity: a name or an id, or an object with one.
pub fn reference(node: &Node) -> Option<String> {
    let members = ["name", "id", "username", "custom_id"];
    let text = node.text().or_else(|| members.iter().find_map(|name| node.get_text(name)));
    text.map(str::to_owned)
}
