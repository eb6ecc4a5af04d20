//! The filters of a router, from its middlewares.

use novasphere_explain::ProxyKind;

use super::{
    configuration::Configuration,
    forward_auth, headers, jwt, limits, own,
    part::{Part, Target},
    paths,
};
use crate::convert::{
    from::{
        input::fields::Fields,
        policy::headers::{finish, merge},
        unchecked,
    },
    model::{Addresses, Chain, Route, Service},
    report::Report,
    yaml::Map,
};

/// Middlewares that reject no request, and change neither its path nor its identity.
const HARMLESS: [&str; 6] =
    ["circuitBreaker", "compress", "contentType", "errors", "grpcWeb", "retry"];

/// Adds the filters of all middlewares.
///
/// # Errors
/// Why the route cannot be converted: a middleware protects it that no filter replaces.
pub(super) fn add(
    route: &mut Route,
    service: &mut Service,
    names: &[String],
    is_tls: bool,
    configuration: &Configuration,
    report: &mut Report,
) -> Result<(), String> {
    let mut target = Target { route, service, is_tls };
    let mut missing = None;
    for name in names {
        let Some(middleware) = configuration.middlewares.get(name) else {
            let message =
                format!("router {}: its middleware {name} is not in the input", target.route.name);
            report.left_out(&target.route.place, message);
            missing = missing.or(Some(format!("middleware {name}")));
            continue;
        };
        if middleware.node.members().is_empty() {
            missing = missing.or(Some(format!("middleware {name}, which is empty")));
        }
        for (key, settings) in middleware.node.members() {
            let kind = key.text().unwrap_or_default();
            let part = Part {
                name: format!("middleware {name}"),
                middleware,
                settings,
                fields: Fields::new(Some(settings), middleware.reader),
            };
            if !add_one(&mut target, kind, &part, report) {
                missing = missing.or(Some(part.name));
            }
        }
    }
    if missing.is_none() && has_two_addresses(&target.route.chain) {
        let reason =
            "ipAllowList compares the peer's address, and rateLimit one of X-Forwarded-For";
        return Err(reason.to_owned());
    }
    missing.map_or(Ok(()), |name| Err(unchecked(&name)))
}

/// Whether rate-limit, which has one address for both, would take that of the allowed clients from
/// X-Forwarded-For.
fn has_two_addresses(chain: &Chain) -> bool {
    let client_ip = chain.rate_limit.as_ref().and_then(|limit| limit.map("client_ip"));
    chain.addresses.is_some() && client_ip.is_some_and(|client| client.get("from").is_some())
}

/// Adds the filter of one middleware. Returns whether the route is as protected as before.
fn add_one(target: &mut Target<'_>, kind: &str, part: &Part<'_>, report: &mut Report) -> bool {
    let route = &mut *target.route;
    match kind {
        "chain" => part.converted("its middlewares", report),
        "headers" => return headers::add(target, part, report),
        "rateLimit" => return limits::add(route, part, report),
        "ipAllowList" | "ipWhiteList" => return add_addresses(route, part, report),
        "forwardAuth" => {
            let section = forward_auth::section(part, report);
            return set_jwt(&mut route.chain, section, part, report);
        }
        "plugin" => return add_plugin(&mut route.chain, part, report),
        "stripPrefix" => paths::strip_prefix(route, part, report),
        "addPrefix" => return paths::add_prefix(target, part, report),
        "redirectScheme" => return redirect_scheme(target.is_tls, part, report),
        "buffering" if part.fields.number("maxRequestBodyBytes").unwrap_or(0) <= 0 => {
            part.left_out("buffering: filters do not read bodies", report);
        }
        kind if HARMLESS.contains(&kind) => {
            part.left_out(
                &format!("{kind}: no filter does this; use the proxy's own settings"),
                report,
            );
        }
        kind => {
            part.left_out(
                &format!("{kind}: no filter does this, and it may reject or change requests"),
                report,
            );
            return false;
        }
    }
    true
}

/// A redirect to TLS does nothing for requests that use it.
fn redirect_scheme(is_tls: bool, part: &Part<'_>, report: &mut Report) -> bool {
    let is_to_tls = part.fields.text("scheme") == Some("https");
    if is_tls && is_to_tls && part.fields.text("port").is_none() {
        let message = format!("{}: redirectScheme: the router is for TLS", part.name);
        report.not_needed(&part.middleware.place, message);
        return true;
    }
    part.left_out("redirectScheme: redirect requests in front of the output", report);
    false
}

fn set_jwt(chain: &mut Chain, section: Option<Map>, part: &Part<'_>, report: &mut Report) -> bool {
    let Some(section) = section else { return false };
    if chain.jwt_auth.is_some() {
        part.left_out("a chain verifies tokens once", report);
        return false;
    }
    chain.jwt_auth = Some(section);
    true
}

fn add_plugin(chain: &mut Chain, part: &Part<'_>, report: &mut Report) -> bool {
    let mut is_protected = true;
    for (key, config) in part.settings.members() {
        let name = key.text().unwrap_or_default();
        if name.ends_with("novasphere-header-transform") {
            if let Some(config) = own::header_transform(config, part, report) {
                let before = chain.header_transform.take().unwrap_or_default();
                let merged = merge(before, &config);
                let (place, name) = (&part.middleware.place, &part.name);
                chain.header_transform = finish(merged, ProxyKind::Envoy, place, name, report);
            }
        } else if name.ends_with("novasphere-jwt-auth") {
            let section = own::jwt_auth(config, part, report);
            is_protected = set_jwt(chain, section, part, report) && is_protected;
        } else if name.to_ascii_lowercase().contains("jwt") {
            let part = Part {
                name: format!("{}: plugin {name}", part.name),
                middleware: part.middleware,
                settings: config,
                fields: Fields::new(Some(config), part.middleware.reader),
            };
            let section = jwt::section(&part, config, report);
            is_protected = set_jwt(chain, section, &part, report) && is_protected;
        } else {
            part.left_out(&format!("plugin {name}: is unknown, and may reject requests"), report);
            is_protected = false;
        }
    }
    is_protected
}

fn add_addresses(route: &mut Route, part: &Part<'_>, report: &mut Report) -> bool {
    if part.fields.get("ipStrategy").is_some() {
        part.left_out("ipStrategy: addresses from X-Forwarded-For", report);
        return false;
    }
    let texts = part.fields.texts("sourceRange");
    let networks: Option<Vec<_>> = texts.iter().map(|text| Addresses::parse(text)).collect();
    let Some(allow) = networks.filter(|networks| !networks.is_empty()) else {
        part.left_out("sourceRange: is not a list of addresses and networks", report);
        return false;
    };
    let new = Addresses { allow, deny: Vec::new() };
    let both = route.chain.addresses.as_ref().map_or(new.clone(), |addresses| addresses.and(&new));
    route.chain.addresses = Some(both);
    part.fields.ignore(&["rejectStatusCode"]);
    part.report_rest(report);
    part.converted("rate_limit.deny", report);
    true
}
