//! The middleware `headers`: CORS, request and response headers.

use super::part::{Part, Target};
use crate::convert::{
    from::{input::secrets::is_credential, policy::headers, policy::origins},
    model::Chain,
    report::Report,
    yaml::{Map, Yaml},
};
use novasphere_explain::ProxyKind;

/// Adds the filters that replace the middleware. Returns whether the route is as protected as before.
pub(super) fn add(target: &mut Target<'_>, part: &Part<'_>, report: &mut Report) -> bool {
    let is_protected = has_known_hosts(target, part, report) && has_own_tls(target, part, report);
    add_rules(&mut target.route.chain, part, report);
    is_protected
}

/// Whether the router is only for hosts that the middleware allows.
fn has_known_hosts(target: &Target<'_>, part: &Part<'_>, report: &mut Report) -> bool {
    let allowed = part.fields.texts("allowedHosts");
    let hosts = &target.route.hosts;
    let is_allowed =
        |host: &String| allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    if allowed.is_empty() || (!hosts.is_empty() && hosts.iter().all(is_allowed)) {
        return true;
    }
    part.left_out("allowedHosts: the rule of the router has other hosts", report);
    false
}

/// Whether redirects to TLS, which Traefik 2 has, do nothing for the router.
fn has_own_tls(target: &Target<'_>, part: &Part<'_>, report: &mut Report) -> bool {
    let fields = &part.fields;
    let redirects = fields.flag("sslRedirect") == Some(true);
    let is_protected = !redirects || target.is_tls;
    if !is_protected || fields.flag("sslForceHost") == Some(true) {
        part.left_out("sslRedirect: redirect requests in front of the output", report);
        return false;
    }
    fields.ignore(&["sslTemporaryRedirect", "sslHost", "isDevelopment"]);
    true
}

fn add_rules(chain: &mut Chain, part: &Part<'_>, report: &mut Report) {
    let has_cors = ["accessControlAllowOriginList", "accessControlAllowOriginListRegex"]
        .iter()
        .any(|name| part.fields.get(name).is_some());
    if has_cors {
        chain.cors = cors(part, report).or(chain.cors.take());
        let rejects_before = chain.jwt_auth.is_some()
            || chain.rate_limit.is_some()
            || !chain.buckets.is_empty()
            || chain.addresses.is_some();
        if rejects_before {
            let message = "cors runs before the filters that reject requests: a preflight needs no \
                           token and no quota, and rejections have CORS headers";
            part.changed(message, report);
        }
    }
    part.fields.ignore(&["addVaryHeader"]);
    let mut transform = chain.header_transform.take().unwrap_or_default();
    let before = transform.clone();
    add_custom(&mut transform, "request", "customRequestHeaders", has_cors, part, report);
    add_custom(&mut transform, "response", "customResponseHeaders", has_cors, part, report);
    add_policies(&mut transform, part);
    add_security(&mut transform, part, report);
    part.report_rest(report);
    if transform != before {
        let place = &part.middleware.place;
        let checked = headers::finish(transform, ProxyKind::Envoy, place, &part.name, report);
        if checked.is_some() {
            part.converted("header_transform", report);
        }
        chain.header_transform = checked;
    } else if !transform.is_empty() {
        chain.header_transform = Some(transform);
    }
}

fn cors(part: &Part<'_>, report: &mut Report) -> Option<Map> {
    let fields = &part.fields;
    let list = fields.texts("accessControlAllowOriginList");
    let is_for_all = list.iter().any(|origin| origin == "*");
    let mut config = Map::new();
    if is_for_all {
        config.set("origins", vec!["*"]);
    } else {
        let expressions = fields.texts("accessControlAllowOriginListRegex");
        let expressions = expressions.iter().map(|expression| {
            // Traefik searches the expression anywhere in the origin.
            let start = if expression.starts_with('^') { "" } else { ".*" };
            let end = if expression.ends_with('$') { "" } else { ".*" };
            origins::from_regex(&format!("{start}{expression}{end}"))
        });
        config.set("origins", list.into_iter().chain(expressions).collect::<Vec<_>>());
    }
    let methods = fields.texts("accessControlAllowMethods");
    let simple = || ["GET", "HEAD", "POST"].map(str::to_owned).to_vec();
    config.set("methods", if methods.is_empty() { simple() } else { methods });
    config.set("headers", fields.texts("accessControlAllowHeaders"));
    config.set_list("exposed_headers", fields.texts("accessControlExposeHeaders"));
    let credentials = fields.flag("accessControlAllowCredentials") == Some(true);
    if credentials && is_for_all {
        let message =
            "origins \"*\" without credentials, because browsers reject \"*\" with credentials";
        part.changed(message, report);
    } else if credentials {
        config.set("credentials", true);
    }
    config.set_some("max_age", fields.number("accessControlMaxAge").filter(|age| *age > 0));
    config.set("preflight_status", 200);
    origins::finish(config, &part.middleware.place, &part.name, report)
}

/// Headers that the middleware sets, or removes if their value is empty.
fn add_custom(
    transform: &mut Map,
    side: &str,
    field: &str,
    has_cors: bool,
    part: &Part<'_>,
    report: &mut Report,
) {
    let Some(entries) = part.fields.get(field) else { return };
    for (key, value) in entries.members() {
        let name = key.text().unwrap_or_default();
        let value = value.text().unwrap_or_default();
        let is_cors =
            side == "response" && name.to_ascii_lowercase().starts_with("access-control-");
        if is_cors && has_cors {
            // cors replaces these headers of the upstream.
            continue;
        }
        if !value.is_empty() && is_credential(&format!("{name}:{value}")) {
            let message = format!(
                "{field}: the value of {name} may be a credential; write the rule yourself"
            );
            part.left_out(&message, report);
            // The header of the client or the upstream must not replace it.
            set_header(transform, side, name, "");
            continue;
        }
        set_header(transform, side, name, value);
    }
}

fn set_header(transform: &mut Map, side: &str, name: &str, value: &str) {
    transform.edit(side, |rules| {
        headers::remove(rules, "headers", name);
        if !value.is_empty() {
            let value = value.replace("$(", "$$(");
            rules.edit("add", |add| add.push("headers", format!("{name}:{value}")));
        }
    });
}

/// Headers with a field of their own.
fn add_policies(transform: &mut Map, part: &Part<'_>) {
    for (field, header) in [
        ("contentSecurityPolicy", "Content-Security-Policy"),
        ("contentSecurityPolicyReportOnly", "Content-Security-Policy-Report-Only"),
        ("permissionsPolicy", "Permissions-Policy"),
        ("customBrowserXSSValue", "X-XSS-Protection"),
    ] {
        if let Some(value) = part.fields.text(field).filter(|value| !value.is_empty()) {
            set_header(transform, "response", header, value);
        }
    }
    if part.fields.flag("browserXssFilter") == Some(true) {
        set_header(transform, "response", "X-XSS-Protection", "1; mode=block");
    }
}

fn add_security(transform: &mut Map, part: &Part<'_>, report: &mut Report) {
    let fields = &part.fields;
    let age = fields.number("stsSeconds").filter(|age| *age > 0);
    let (subdomains, preload) = (fields.flag("stsIncludeSubdomains"), fields.flag("stsPreload"));
    let sts = age.map(|age| {
        let mut value = format!("max-age={age}");
        if subdomains == Some(true) {
            value.push_str("; includeSubDomains");
        }
        if preload == Some(true) {
            value.push_str("; preload");
        }
        value
    });
    let forces = fields.flag("forceSTSHeader") == Some(true);
    let sniff = fields.flag("contentTypeNosniff") == Some(true);
    let own_frame = fields.text("customFrameOptionsValue").map(str::to_owned);
    let deny = (fields.flag("frameDeny") == Some(true)).then(|| "DENY".to_owned());
    let frame = own_frame.or(deny);
    let referrer = fields.text("referrerPolicy").filter(|value| !value.is_empty());
    if sts.is_none() && !sniff && frame.is_none() && referrer.is_none() {
        return;
    }
    if sts.is_some() && !forces {
        part.changed("Strict-Transport-Security is also sent on connections without TLS", report);
    }
    let or_off = |value: Option<String>| value.map_or(Yaml::Bool(false), Yaml::Text);
    let security = Map::new()
        .with("strict_transport_security", or_off(sts))
        .with("x_content_type_options", or_off(sniff.then(|| "nosniff".to_owned())))
        .with("x_frame_options", or_off(frame))
        .with("referrer_policy", or_off(referrer.map(str::to_owned)))
        .with("override", true);
    transform.edit("response", |response| response.set("security_headers", security));
}
