//! The plugin `cors`.

use super::super::entities::Plugin;
use crate::convert::{
    from::{input::fields::Fields, policy::origins},
    report::Report,
    yaml::Map,
};

/// The configuration of cors. `None` if no origin is left.
pub fn section(plugin: &Plugin, name: &str, report: &mut Report) -> Option<Map> {
    let fields = plugin.fields();
    let mut config = Map::new();
    let origins = fields.texts("origins");
    let is_for_all = origins.is_empty() || origins.iter().any(|origin| origin == "*");
    let credentials = fields.flag("credentials") == Some(true);
    if is_for_all {
        config.set("origins", vec!["*"]);
    } else {
        config.set("origins", origins.iter().map(|o| origins::from_regex(o)).collect::<Vec<_>>());
    }
    if is_for_all && credentials {
        config.set("reflect_any_origin", true);
        let comment = "Any site can act as the user, as with Kong. List your origins instead.";
        config.comment("reflect_any_origin", comment);
        let message = format!(
            "{name}: origins \"*\" with credentials lets every site act as the user; list the origins"
        );
        report.note(&plugin.place, message);
    }
    let continues = fields.flag("preflight_continue") == Some(true);
    add_lists(&mut config, plugin, name, (&fields, continues, credentials), report);
    if credentials {
        config.set("credentials", true);
    }
    if fields.flag("private_network") == Some(true) {
        config.set("private_network", true);
    }
    if continues {
        config.set("preflight_continue", true);
    } else {
        config.set_some("max_age", fields.number("max_age"));
        config.set("preflight_status", 200);
    }
    fields.ignore(&["max_age"]);
    if fields.flag("allow_origin_absent") == Some(false) && is_for_all && !credentials {
        config.set("allow_origin_absent", false);
    }
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}"));
    }
    origins::finish(config, &plugin.place, name, report)
}

fn add_lists(
    config: &mut Map,
    plugin: &Plugin,
    name: &str,
    (fields, continues, credentials): (&Fields<'_>, bool, bool),
    report: &mut Report,
) {
    let forbidden = ["TRACE", "CONNECT"];
    let mut methods = fields.texts("methods");
    let headers = fields.texts("headers");
    if continues {
        if !methods.is_empty() || !headers.is_empty() {
            report.not_needed(
                &plugin.place,
                format!("{name}: methods and headers, because preflight_continue lets the upstream decide"),
            );
        }
    } else {
        let has_forbidden = methods.iter().any(|method| forbidden.contains(&method.as_str()));
        if methods.is_empty() || has_forbidden {
            let message = "TRACE and CONNECT are not allowed, because no page can use them";
            report.changed(&plugin.place, format!("{name}: {message}"));
        }
        methods.retain(|method| !forbidden.contains(&method.as_str()));
        config.set_list("methods", methods);
        let is_literal = credentials && headers == ["*"];
        // Kong echoes the requested headers for an empty list and for "*".
        config.set_list("headers", if is_literal { Vec::new() } else { headers });
    }
    config.set_list("exposed_headers", fields.texts("exposed_headers"));
}
