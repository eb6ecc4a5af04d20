//! The plugins `ip-restriction` and `acl`.

use super::super::entities::{Consumer, Group, Plugin};
use crate::{
    convert::{model::Addresses, report::Report},
    source::Node,
};

/// The addresses that may pass. `None` if one of them is not understood.
pub fn addresses(plugin: &Plugin, name: &str, report: &mut Report) -> Option<Addresses> {
    let fields = plugin.fields();
    let read = |names: [&str; 2]| -> Result<Vec<ipnet::IpNet>, String> {
        let texts = names.into_iter().flat_map(|name| fields.texts(name));
        texts.map(|text| Addresses::parse(&text).ok_or(text)).collect()
    };
    let lists = (read(ALLOW), read(DENY));
    let (allow, deny) = match lists {
        (Ok(allow), Ok(deny)) => (allow, deny),
        (Err(text), _) | (_, Err(text)) => {
            report.left_out(
                &plugin.place,
                format!("{name}: {text:?} is not an address or a network"),
            );
            return None;
        }
    };
    if allow.is_empty() && deny.is_empty() {
        report.left_out(&plugin.place, format!("{name}: has no addresses in the input"));
        return None;
    }
    let is_reply = |name: &str| name == "status" || name == "message";
    let unknown = fields.rest().into_iter().find(|(key, _)| !key.text().is_some_and(is_reply));
    if let Some((key, _)) = unknown {
        report_unknown(plugin, name, key, report);
        return None;
    }
    report.converted(&plugin.place, format!("{name}: rate_limit.deny"));
    report.changed(
        &plugin.place,
        format!("{name}: a rejection has status 403 and the filter's own body"),
    );
    if fields.number("status").is_some_and(|status| status != 403) {
        report.left_out(&plugin.place, format!("{name}: status"));
    }
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}"));
    }
    Some(Addresses { allow, deny })
}

/// Whether a consumer passes. `all` are the consumer groups.
pub fn acl_admits(acl: &Plugin, consumer: &Consumer, all: &[Group]) -> bool {
    let fields = acl.fields();
    let mut groups: Vec<&String> = consumer.groups.iter().collect();
    if fields.flag("include_consumer_groups") == Some(true) {
        groups.extend(&consumer.member_of);
        groups.extend(all.iter().filter(|group| consumer.is_in(group)).map(|group| &group.name));
    }
    let is_in = |names: [&str; 2]| {
        names.into_iter().flat_map(|name| fields.texts(name)).any(|group| groups.contains(&&group))
    };
    !is_in(DENY) && (!has_entries(acl, ALLOW) || is_in(ALLOW))
}

/// The lists of a plugin, with their names before Kong 3.
const ALLOW: [&str; 2] = ["allow", "whitelist"];
const DENY: [&str; 2] = ["deny", "blacklist"];

fn has_entries(plugin: &Plugin, names: [&str; 2]) -> bool {
    names.into_iter().any(|name| !plugin.fields().texts(name).is_empty())
}

/// Reports the plugin, which only selects credentials. Returns whether it is converted.
pub fn report_acl(plugin: &Plugin, name: &str, has_jwt: bool, report: &mut Report) -> bool {
    if !has_jwt {
        let message = format!("{name}: only jwt identifies consumers in the output");
        report.left_out(&plugin.place, message);
        return false;
    }
    if !has_entries(plugin, ALLOW) && !has_entries(plugin, DENY) {
        report.left_out(&plugin.place, format!("{name}: has no groups in the input"));
        return false;
    }
    let fields = plugin.fields();
    fields.ignore(&[ALLOW, DENY].concat());
    fields.ignore(&["hide_groups_header", "always_use_authenticated_groups"]);
    fields.ignore(&["include_consumer_groups"]);
    if let Some((key, _)) = fields.rest().first() {
        report_unknown(plugin, name, key, report);
        return false;
    }
    report.converted(
        &plugin.place,
        format!("{name}: jwt_auth has the credentials of admitted consumers only"),
    );
    report.changed(
        &plugin.place,
        format!("{name}: other consumers get 401 instead of 403, and the upstream gets no X-Consumer-Groups"),
    );
    true
}

/// Reports a setting that may be a check.
fn report_unknown(plugin: &Plugin, name: &str, key: &Node, report: &mut Report) {
    let field = key.text().unwrap_or_default();
    report.left_out(&plugin.field_place(key), format!("{name}: {field}: is not supported"));
}
