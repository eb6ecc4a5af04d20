//! Plugins that are filters of this project already.

use novasphere_explain::ProxyKind;

use super::part::Part;
use crate::{
    convert::{
        from::{
            input::{fields::yaml, secrets::is_credential},
            policy::{headers, providers},
        },
        report::Report,
        yaml::{Map, Yaml},
    },
    source::{Node, Reader, parse},
};

/// The configuration of jwt-auth, with variables in place of secrets.
pub(super) fn jwt_auth(node: &Node, part: &Part<'_>, report: &mut Report) -> Option<Map> {
    let mut config = configuration(node, part.middleware.reader)?;
    if let Some(Yaml::List(credentials)) = config.get_mut("credentials") {
        let mut seen = Vec::new();
        for (n, credential) in (1_usize..).zip(credentials.iter_mut()) {
            let Yaml::Map(credential) = credential else { continue };
            let name = credential.text("key").unwrap_or_default().to_owned();
            if credential.text("secret").is_some() {
                // Different secrets need different variables.
                let meaning = match seen.contains(&name) {
                    true => format!("the secret of the credential {name}, number {n}"),
                    false => format!("the secret of the credential {name}"),
                };
                seen.push(name);
                let place = Some(&part.middleware.place);
                let variable = report.variable("NOVASPHERE_JWT_SECRET", "", meaning, place);
                credential.set("secret", Map::new().with("env", variable));
            }
        }
        let before = credentials.len();
        credentials.retain(|credential| !has_private_key(credential));
        if credentials.len() < before {
            part.left_out("a credential whose jwk has a secret; write it as secret", report);
        }
    }
    let config = providers::finish(config, &part.middleware.place, &part.name, report)?;
    part.converted("jwt_auth", report);
    Some(config)
}

fn has_private_key(credential: &Yaml) -> bool {
    let jwk = credential.as_map().and_then(|credential| credential.map("jwk"));
    jwk.is_some_and(|jwk| jwk.get("k").is_some() || jwk.get("d").is_some())
}

/// The rules of header-transform, without credentials.
pub(super) fn header_transform(node: &Node, part: &Part<'_>, report: &mut Report) -> Option<Map> {
    let mut config = configuration(node, part.middleware.reader)?;
    for side in ["request", "response"] {
        for rule in ["replace", "add", "append"] {
            for list in ["headers", "querystring"] {
                leave_out_credentials(&mut config, (side, rule, list), part, report);
            }
        }
    }
    let config =
        headers::finish(config, ProxyKind::Envoy, &part.middleware.place, &part.name, report)?;
    part.converted("header_transform", report);
    Some(config)
}

/// Leaves out the entries of a list that may have credentials.
fn leave_out_credentials(
    config: &mut Map,
    (side, rule, list): (&str, &str, &str),
    part: &Part<'_>,
    report: &mut Report,
) {
    let entries = config.map(side).and_then(|rules| rules.map(rule)).map(|r| r.texts(list));
    let entries = entries.unwrap_or_default();
    let (lost, kept): (Vec<String>, Vec<String>) =
        entries.into_iter().partition(|entry| is_credential(entry));
    if lost.is_empty() {
        return;
    }
    let message =
        format!("{side}.{rule}: a value that may be a credential; write the rule yourself");
    part.left_out(&message, report);
    config.edit(side, |rules| {
        rules.edit(rule, |entries| entries.set(list, kept));
        // The client's own value must not pass.
        for entry in lost.iter().filter(|_| rule == "replace") {
            headers::remove(rules, list, entry.split(':').next().unwrap_or_default());
        }
    });
}

/// The fields, which may be in one JSON text.
fn configuration(node: &Node, reader: Reader) -> Option<Map> {
    match node.get_text("json").filter(|_| node.members().len() == 1) {
        Some(text) => {
            let documents = parse(text).ok()?;
            yaml(documents.first()?, Reader::Yaml)?.as_map().cloned()
        }
        None => yaml(node, reader)?.as_map().cloned(),
    }
}
