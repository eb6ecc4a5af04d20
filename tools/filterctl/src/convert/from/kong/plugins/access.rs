//! The plugins `ip-restriction` and `acl`.

use super::super::entities::Plugin;
use crate::convert::{model::Addresses, report::Report};

/// The addresses that may pass. `None` if one of them is not understood.
pub fn addresses(plugin: &Plugin, name: &str, report: &mut Report) -> Option<Addresses> {
    let fields = plugin.fields();
    // `whitelist` and `blacklist` are the names before Kong 3.
    let read = |names: [&str; 2]| -> Result<Vec<ipnet::IpNet>, String> {
        let texts = names.into_iter().flat_map(|name| fields.texts(name));
        texts.map(|text| Addresses::parse(&text).ok_or(text)).collect()
    };
    let lists = (read(["allow", "whitelist"]), read(["deny", "blacklist"]));
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

/// Whether a consumer with these groups passes.
pub fn acl_admits(acl: &Plugin, groups: &[String]) -> bool {
    let fields = acl.fields();
    let is_in = |names: [&str; 2]| {
        names.into_iter().flat_map(|name| fields.texts(name)).any(|group| groups.contains(&group))
    };
    let has_allow = !fields.texts("allow").is_empty() || !fields.texts("whitelist").is_empty();
    !is_in(["deny", "blacklist"]) && (!has_allow || is_in(["allow", "whitelist"]))
}

/// Reports the plugin, which only selects credentials. Returns whether it is converted.
pub fn report_acl(plugin: &Plugin, name: &str, has_jwt: bool, report: &mut Report) -> bool {
    if !has_jwt {
        let message = format!("{name}: only jwt identifies consumers in the output");
        report.left_out(&plugin.place, message);
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
