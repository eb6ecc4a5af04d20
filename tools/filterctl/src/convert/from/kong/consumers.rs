//! Consumers of kong.yml with their credentials and groups.

use super::{
    declarative::{FileEntities, items},
    entities::{Consumer, Entities, JwtSecret, Scope, reference},
};
use crate::{
    convert::{
        from::{input::fields::Fields, input::secrets::Secret},
        report::Report,
    },
    source::{Node, Reader},
};

impl FileEntities<'_> {
    /// Adds all consumers.
    pub(super) fn add_consumers(&self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("consumers") {
            let fields = Fields::new(Some(node), Reader::Kong);
            let text = |name| fields.text(name).map(str::to_owned);
            let consumer = Consumer {
                id: text("id"),
                username: text("username"),
                custom_id: text("custom_id"),
                groups: items(node, "acls")
                    .iter()
                    .filter_map(|acl| Some(acl.get_text("group")?.to_owned()))
                    .collect(),
                credentials: items(node, "jwt_secrets")
                    .iter()
                    .map(|n| self.jwt_secret(n))
                    .collect(),
            };
            let name = consumer.username.clone().or(consumer.custom_id.clone()).unwrap_or_default();
            entities.consumers.push(consumer);
            let scope = Scope { is_for_consumer: true, ..Scope::default() };
            self.add_plugins(node, scope, entities);
            fields.ignore(&["acls", "jwt_secrets", "plugins", "tags", "created_at"]);
            for (key, _) in fields.rest() {
                let field = key.text().unwrap_or_default();
                report.left_out(&self.place(key), format!("{field} of consumer {name}"));
            }
        }
        for node in self.root.items("jwt_secrets") {
            let owner =
                node.get("consumer").and_then(reference).and_then(|r| entities.consumer(&r));
            let secret = self.jwt_secret(node);
            match owner.and_then(|index| entities.consumers.get_mut(index)) {
                Some(consumer) => consumer.credentials.push(secret),
                None => report
                    .left_out(&self.place(node), "jwt_secrets: its consumer is not in the input"),
            }
        }
        for node in self.root.items("acls") {
            let owner =
                node.get("consumer").and_then(reference).and_then(|r| entities.consumer(&r));
            if let (Some(index), Some(group)) = (owner, node.get_text("group"))
                && let Some(consumer) = entities.consumers.get_mut(index)
            {
                consumer.groups.push(group.to_owned());
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
