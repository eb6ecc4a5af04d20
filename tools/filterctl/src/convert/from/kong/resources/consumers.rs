//! Consumers and their credentials.

use super::{
    super::entities::{Audience, Consumer, Entities, Group, JwtSecret, Scope},
    Cluster,
};
use crate::{
    convert::{
        from::{
            input::kubernetes::Object,
            input::secrets::{Secret, decoded},
        },
        report::Report,
    },
    source::Node,
};

/// Adds all consumers with the credentials that they name.
pub(super) fn add(cluster: &mut Cluster<'_>, entities: &mut Entities, report: &mut Report) {
    let objects = cluster.objects;
    for object in objects.iter().filter(|object| object.kind == "KongConsumer") {
        if let Some(reason) = cluster.classes.class_obstacle(object) {
            report.left_out(&object.place(), format!("{}: {reason}", object.describe()));
            continue;
        }
        let text = |name: &str| object.root.get_text(name).map(str::to_owned);
        let mut consumer = Consumer {
            username: text("username"),
            custom_id: text("custom_id"),
            member_of: texts(object.root.get("consumerGroups")),
            ..Consumer::default()
        };
        let names: Vec<&str> =
            object.items(&["credentials"]).iter().filter_map(Node::text).collect();
        let mut found: Vec<&str> = Vec::new();
        for credential in objects {
            let is_named = names.contains(&credential.name);
            let refers = credential.root.get_text("consumerRef") == Some(object.name);
            match credential.kind {
                "Secret" if is_named && credential.namespace == object.namespace => {
                    add_secret(credential, &mut consumer, report);
                    found.push(credential.name);
                }
                "KongCredential" if is_named || refers => {
                    add_credential(credential, &mut consumer, report);
                    found.push(credential.name);
                }
                _ => {}
            }
        }
        for name in names.iter().filter(|name| !found.contains(name)) {
            let message =
                format!("credential {name} of {}: is not in the input", object.describe());
            report.left_out(&object.place(), message);
        }
        entities.consumers.push(consumer);
        let audience = Audience::Consumer(entities.consumers.len().saturating_sub(1));
        let scope = Scope { audience, ..Scope::default() };
        let plugins = object.list("konghq.com/plugins");
        cluster.plugins.refer(&plugins, object, scope, entities);
    }
    for object in objects.iter().filter(|object| object.kind == "KongConsumerGroup") {
        entities.groups.push(Group { id: None, name: object.name.to_owned() });
        let audience = Audience::Group(entities.groups.len().saturating_sub(1));
        let scope = Scope { audience, ..Scope::default() };
        let plugins = object.list("konghq.com/plugins");
        cluster.plugins.refer(&plugins, object, scope, entities);
    }
}

fn texts(list: Option<&Node>) -> Vec<String> {
    let items = list.map(Node::items).unwrap_or_default().iter();
    items.filter_map(|item| item.text().map(str::to_owned)).collect()
}

/// A Secret with the label `konghq.com/credential`, or with the former field `kongCredType`.
fn add_secret(object: &Object<'_>, consumer: &mut Consumer, report: &mut Report) {
    let plain = |name: &str| object.root.at(&["stringData", name]).and_then(Node::text);
    let encoded = |name: &str| object.root.at(&["data", name]).and_then(Node::text);
    let text =
        |name: &str| plain(name).map(str::to_owned).or_else(|| encoded(name).and_then(decoded));
    let label =
        object.root.at(&["metadata", "labels", "konghq.com/credential"]).and_then(Node::text);
    let kind = label.map(str::to_owned).or_else(|| text("kongCredType"));
    match kind.as_deref() {
        Some("jwt") => {}
        Some("acl") => {
            consumer.groups.extend(text("group"));
            return;
        }
        kind => {
            let kind = kind.unwrap_or("without a type");
            report.left_out(&object.place(), format!("{}: credential {kind}", object.describe()));
            return;
        }
    }
    let secret = plain("secret").map(Secret::new);
    consumer.credentials.push(JwtSecret {
        key: text("key"),
        algorithm: text("algorithm"),
        secret: secret.or_else(|| encoded("secret").map(Secret::from_base64)),
        public_key: text("rsa_public_key"),
        place: object.place(),
    });
}

/// A kind that the controller never had, but that is found in examples.
fn add_credential(object: &Object<'_>, consumer: &mut Consumer, report: &mut Report) {
    let message = "KongCredential: the controller has no such kind; the output has its credential";
    report.changed(&object.place(), message);
    let Some(config) = object.root.get("config") else { return };
    if object.root.get_text("type") != Some("jwt") {
        report.left_out(&object.place(), format!("{}: its type is not jwt", object.describe()));
        return;
    }
    let text = |name: &str| config.get_text(name).map(str::to_owned);
    consumer.credentials.push(JwtSecret {
        key: text("key"),
        algorithm: text("algorithm"),
        secret: config.get_text("secret").map(Secret::new),
        public_key: text("rsa_public_key"),
        place: object.place(),
    });
}
