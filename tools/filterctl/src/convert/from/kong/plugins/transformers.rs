//! The plugins `request-transformer` and `response-transformer`.

use novasphere_explain::ProxyKind;

use super::super::entities::Plugin;
use crate::convert::{
    from::{input::secrets::is_credential, policy::headers},
    report::Report,
    yaml::Map,
};

const RULES: [&str; 5] = ["remove", "rename", "replace", "add", "append"];

/// The configuration of header-transform. `None` if no rule is left.
pub fn section(
    request: Option<&Plugin>,
    response: Option<&Plugin>,
    describe: &dyn Fn(&Plugin) -> String,
    report: &mut Report,
) -> Option<Map> {
    let mut config = Map::new();
    for (side, plugin) in [("request", request), ("response", response)] {
        let Some(plugin) = plugin else { continue };
        let name = describe(plugin);
        let rules = rules(plugin, &name, side, report);
        let wrapped = Map::new().with(side, rules);
        // Each side on its own, so that faults have the place of their plugin.
        let kept = headers::finish(wrapped, ProxyKind::Envoy, &plugin.place, &name, report);
        if let Some(rules) = kept.as_ref().and_then(|kept| kept.get(side)) {
            config.set(side, rules.clone());
            report.converted(&plugin.place, format!("{name}: header_transform.{side}"));
        } else {
            report.left_out(&plugin.place, format!("{name}: no rule of it can be converted"));
        }
        if side == "response" {
            report.changed(
                &plugin.place,
                format!("{name}: each rule sees the result of the rules before it"),
            );
        }
    }
    (!config.is_empty()).then_some(config)
}

/// Whether the upstream gets another path than the client sends.
pub fn replaces_path(plugin: &Plugin) -> bool {
    plugin.fields().object("replace").get("uri").is_some()
}

fn rules(plugin: &Plugin, name: &str, side: &str, report: &mut Report) -> Map {
    let fields = plugin.fields();
    let mut rules = Map::new();
    for rule in RULES {
        let entries = fields.object(rule);
        for list in ["headers", "querystring"] {
            if side == "response" && list == "querystring" {
                continue;
            }
            for entry in entries.texts(list) {
                let header = entry.split(':').next().unwrap_or_default();
                let has_value = rule != "rename" && entry.contains(':');
                if has_value && is_credential(&entry) {
                    let message = format!(
                        "{name}: {rule}.{list}: the value of {header} may be a credential; write \
                         the rule yourself"
                    );
                    report.left_out(&plugin.place, message);
                    if rule == "replace" {
                        // The client's own value must not pass.
                        headers::remove(&mut rules, list, header);
                    }
                    continue;
                }
                rules.edit(rule, |entries| entries.push(list, entry));
            }
        }
        for (key, _) in entries.rest() {
            let field = key.text().unwrap_or_default();
            let message =
                format!("{name}: {rule}.{field}: filters change headers and the query only");
            report.left_out(&plugin.field_place(key), message);
        }
    }
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}"));
    }
    rules
}
