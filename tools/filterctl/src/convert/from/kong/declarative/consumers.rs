//! Consumers of kong.yml with their credentials and groups.

use super::{
    super::entities::{Audience, Consumer, Entities, Group, JwtSecret, Scope, reference},
    File, items, refers,
};
use crate::{
    convert::{
        from::{input::fields::Fields, input::secrets::Secret},
        report::Report,
    },
    source::{Node, Reader},
};

/// Fields of a consumer that are read elsewhere or have no effect.
const KNOWN: [&str; 7] =
    ["acls", "jwt_secrets", "groups", "plugins", "tags", "created_at", "updated_at"];

impl File<'_> {
    /// Adds all consumers and consumer groups.
    pub(super) fn add_consumers(&mut self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("consumers") {
            let fields = Fields::new(Some(node), Reader::Kong);
            let text = |name| fields.text(name).map(str::to_owned);
            let secrets = items(node, "jwt_secrets").iter();
            let consumer = Consumer {
                id: text("id"),
                username: text("username"),
                custom_id: text("custom_id"),
                groups: items(node, "acls")
                    .iter()
                    .filter_map(|acl| Some(acl.get_text("group")?.to_owned()))
                    .collect(),
                member_of: items(node, "groups").iter().filter_map(reference).collect(),
                credentials: secrets.map(|secret| self.jwt_secret(secret)).collect(),
            };
            fields.ignore(&KNOWN);
            for (key, _) in fields.rest() {
                let field = key.text().unwrap_or_default();
                let message = format!("{field} of consumer {}", consumer.name());
                report.left_out(&self.place(key), message);
            }
            entities.consumers.push(consumer);
            let audience = Audience::Consumer(entities.consumers.len().saturating_sub(1));
            self.nest_plugins(node, Scope { audience, ..Scope::default() });
        }
        for node in self.root.items("consumer_groups") {
            let name = node.get_text("name").or_else(|| node.get_text("id")).unwrap_or_default();
            let id = node.get_text("id").map(str::to_owned);
            entities.groups.push(Group { id, name: name.to_owned() });
            let audience = Audience::Group(entities.groups.len().saturating_sub(1));
            self.nest_plugins(node, Scope { audience, ..Scope::default() });
        }
    }

    /// Adds credentials and memberships of the root.
    pub(super) fn add_members(&mut self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("jwt_secrets") {
            let secret = self.jwt_secret(node);
            match owner(node, entities) {
                Some(consumer) => consumer.credentials.push(secret),
                None => report
                    .left_out(&self.place(node), "jwt_secrets: its consumer is not in the input"),
            }
        }
        for node in self.root.items("acls") {
            if let (Some(consumer), Some(group)) = (owner(node, entities), node.get_text("group")) {
                consumer.groups.push(group.to_owned());
            }
        }
        for node in self.root.items("consumer_group_consumers") {
            if let (Some(consumer), Some(group)) =
                (owner(node, entities), refers(node, "consumer_group"))
            {
                consumer.member_of.push(group);
            }
        }
        for node in self.root.items("consumer_groups") {
            let Some(group) = node.get_text("name").or_else(|| node.get_text("id")) else {
                continue;
            };
            for member in items(node, "consumers").iter().filter_map(reference) {
                let index = entities.consumer(&member);
                if let Some(consumer) = index.and_then(|index| entities.consumers.get_mut(index)) {
                    consumer.member_of.push(group.to_owned());
                }
            }
        }
    }

    fn jwt_secret(&self, node: &Node) -> JwtSecret {
        let fields = Fields::new(Some(node), Reader::Kong);
        JwtSecret {
            key: fields.text("key").map(str::to_owned),
            algorithm: fields.text("algorithm").map(str::to_owned),
            secret: fields.text("secret").map(Secret::new),
            public_key: fields.text("rsa_public_key").map(str::to_owned),
            place: self.place(node),
        }
    }
}

/// The consumer that an entity belongs to.
fn owner<'e>(node: &Node, entities: &'e mut Entities) -> Option<&'e mut Consumer> {
    let index = refers(node, "consumer").and_then(|name| entities.consumer(&name))?;
    entities.consumers.get_mut(index)
}
