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
    pub groups: Vec<Group>,
}

/// A consumer group.
#[derive(Debug, Default)]
pub struct Group {
    pub id: Option<String>,
    pub name: String,
}

#[derive(Debug)]
pub struct ServiceEntity {
    pub service: Service,
    pub is_enabled: bool,
    /// Why its routes cannot be converted.
    pub obstacle: Option<String>,
}

#[derive(Debug)]
pub struct RouteEntity {
    /// The route without its service and filters.
    pub route: Route,
    /// The index of the service.
    pub service: Option<usize>,
    /// Why the route cannot be converted.
    pub obstacle: Option<String>,
    /// Whether it is not for HTTP.
    pub is_stream: bool,
}

/// A plugin with its scope.
#[derive(Debug)]
pub struct Plugin {
    pub name: String,
    pub config: Option<Node>,
    pub reader: Reader,
    pub scope: Scope,
    pub is_enabled: bool,
    /// Why its settings are not known. `None` if they are.
    pub obstacle: Option<String>,
    pub place: Place,
}

/// The requests that a plugin is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The index of a service.
    pub service: Option<usize>,
    /// The index of a route.
    pub route: Option<usize>,
    /// The clients.
    pub audience: Audience,
}

/// The clients that a plugin is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// All clients.
    #[default]
    All,
    /// The consumer with this index.
    Consumer(usize),
    /// The members of the group with this index.
    Group(usize),
    /// A consumer or a group that is not in the input.
    Unknown,
}

/// A consumer with its credentials.
#[derive(Debug, Default)]
pub struct Consumer {
    pub id: Option<String>,
    pub username: Option<String>,
    pub custom_id: Option<String>,
    /// The groups of the plugin `acl`.
    pub groups: Vec<String>,
    /// Names and ids of consumer groups.
    pub member_of: Vec<String>,
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
    pub const fn specificity(&self) -> u8 {
        match (self.audience, self.route.is_some(), self.service.is_some()) {
            (Audience::Consumer(_) | Audience::Unknown, true, true) => 11,
            (Audience::Group(_), true, true) => 10,
            (Audience::Consumer(_) | Audience::Unknown, true, false) => 9,
            (Audience::Consumer(_) | Audience::Unknown, false, true) => 8,
            (Audience::Group(_), true, false) => 7,
            (Audience::Group(_), false, true) => 6,
            (Audience::All, true, true) => 5,
            (Audience::Consumer(_) | Audience::Unknown, false, false) => 4,
            (Audience::Group(_), false, false) => 3,
            (Audience::All, true, false) => 2,
            (Audience::All, false, true) => 1,
            (Audience::All, false, false) => 0,
        }
    }
}

impl Entities {
    /// `plugin jwt of service a`.
    pub fn describe(&self, plugin: &Plugin) -> String {
        let route = plugin.scope.route.and_then(|index| self.routes.get(index));
        let service = plugin.scope.service.and_then(|index| self.services.get(index));
        let audience = match plugin.scope.audience {
            Audience::All => String::new(),
            Audience::Consumer(index) => {
                format!(" of consumer {}", self.consumers.get(index).map_or("", Consumer::name))
            }
            Audience::Group(index) => {
                let group = self.groups.get(index).map_or("", |group| group.name.as_str());
                format!(" of consumer group {group}")
            }
            Audience::Unknown => " of an unknown consumer".to_owned(),
        };
        let scope = match (route, service) {
            (Some(route), _) => format!(" of route {}", route.route.name),
            (None, Some(service)) => format!(" of service {}", service.service.name),
            (None, None) if audience.is_empty() => " for all routes".to_owned(),
            (None, None) => String::new(),
        };
        format!("plugin {}{audience}{scope}", plugin.name)
    }

    /// The index of a consumer by id, name or custom id.
    pub fn consumer(&self, reference: &str) -> Option<usize> {
        let is_it = |name: &Option<String>| name.as_deref() == Some(reference);
        self.consumers
            .iter()
            .position(|c| is_it(&c.username) || is_it(&c.id) || is_it(&c.custom_id))
    }

    /// The index of a consumer group by id or name. Adds a group that is not known.
    pub fn group(&mut self, reference: &str) -> usize {
        let is_it =
            |group: &Group| group.name == reference || group.id.as_deref() == Some(reference);
        self.groups.iter().position(is_it).unwrap_or_else(|| {
            self.groups.push(Group { id: None, name: reference.to_owned() });
            self.groups.len().saturating_sub(1)
        })
    }

    /// Whether plugins are for individual consumers or groups.
    pub fn has_consumer_plugins(&self) -> bool {
        self.plugins.iter().any(|p| p.is_enabled && p.scope.audience != Audience::All)
    }

    /// Whether a plugin for these clients runs for requests of a consumer.
    pub fn admits(&self, audience: Audience, consumer: usize) -> bool {
        match audience {
            Audience::All => true,
            Audience::Consumer(own) => own == consumer,
            Audience::Group(index) => {
                let (group, member) = (self.groups.get(index), self.consumers.get(consumer));
                group.zip(member).is_some_and(|(group, member)| member.is_in(group))
            }
            // The unknown one may be any consumer.
            Audience::Unknown => true,
        }
    }
}

impl Consumer {
    /// The name for messages.
    pub fn name(&self) -> &str {
        let names = [&self.username, &self.custom_id, &self.id];
        names.into_iter().flatten().next().map_or("without a name", String::as_str)
    }

    /// Whether it is a member of a consumer group.
    pub fn is_in(&self, group: &Group) -> bool {
        self.member_of.iter().any(|name| *name == group.name || Some(name) == group.id.as_ref())
    }
}

/// The texts of a reference to another entity: a name or an id, or an object with one.
pub fn reference(node: &Node) -> Option<String> {
    let members = ["name", "id", "username", "custom_id"];
    let text = node.text().or_else(|| members.iter().find_map(|name| node.get_text(name)));
    text.map(str::to_owned)
}
