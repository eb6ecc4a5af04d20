//! The filters of a router, from its middlewares.

use novasphere_explain::ProxyKind;

use super::{
    forward_auth, headers, jwt, limits, own,
    routers::{Configuration, Middleware},
};
use crate::{
    convert::{
        from::{
            input::fields::Fields,
            policy::headers::{finish, merge},
        },
        model::{Addresses, Route},
        report::Report,
        yaml::Map,
    },
    source::Node,
};

/// Middlewares that reject no request.
const HARMLESS: [&str; 16] = [
    "addPrefix",
    "buffering",
    "circuitBreaker",
    "compress",
    "contentType",
    "errors",
    "grpcWeb",
    "inFlightReq",
    "passTLSClientCert",
    "redirectRegex",
    "redirectScheme",
    "replacePath",
    "replacePathRegex",
    "retry",
    "stripPrefixRegex",
    "encodedCharacters",
];

/// A middleware that is being converted.
pub struct Part<'m> {
    /// `middleware auth`.
    pub name: String,
    pub middleware: &'m Middleware,
    /// The settings of its kind.
    pub settings: &'m Node,
    /// Their members.
    pub fields: Fields<'m>,
}

impl Part<'_> {
    /// Reports the settings that were not read.
    pub fn report_rest(&self, report: &mut Report) {
        for (key, _) in self.fields.rest() {
            let field = key.text().unwrap_or_default();
            let place =
                crate::found::Place { file: self.middleware.place.file, span: key.span.clone() };
            report.left_out(&place, format!("{}: {field}", self.name));
        }
    }

    pub fn converted(&self, what: &str, report: &mut Report) {
        report.converted(&self.middleware.place, format!("{}: {what}", self.name));
    }

    pub fn changed(&self, what: &str, report: &mut Report) {
        report.changed(&self.middleware.place, format!("{}: {what}", self.name));
    }

    pub fn left_out(&self, what: &str, report: &mut Report) {
        report.left_out(&self.middleware.place, format!("{}: {what}", self.name));
    }
}

/// Adds the filters of all middlewares.
///
/// # Errors
/// The middleware that protects the router and cannot be converted.
pub(super) fn add(
    route: &mut Route,
    names: &[String],
    configuration: &Configuration,
    report: &mut Report,
) -> Result<(), String> {
    let mut missing = None;
    for name in names {
        let Some(middleware) = configuration.middlewares.get(name) else {
            let message =
                format!("router {}: its middleware {name} is not in the input", route.name);
            report.left_out(&route.place, message);
            missing = missing.or(Some(format!("middleware {name}")));
            continue;
        };
        for (key, settings) in middleware.node.members() {
            let kind = key.text().unwrap_or_default();
            let part = Part {
                name: format!("middleware {name}"),
                middleware,
                settings,
                fields: Fields::new(Some(settings), middleware.reader),
            };
            if !add_one(route, kind, settings, &part, report) {
                missing = missing.or(Some(part.name));
            }
        }
    }
    missing.map_or(Ok(()), Err)
}

/// Adds the filter of one middleware. Returns whether the route is as protected as before.
fn add_one(
    route: &mut Route,
    kind: &str,
    settings: &Node,
    part: &Part<'_>,
    report: &mut Report,
) -> bool {
    match kind {
        "chain" => part.converted("its middlewares", report),
        "headers" => headers::add(&mut route.chain, part, report),
        "rateLimit" => limits::add(route, part, report),
        "ipAllowList" | "ipWhiteList" => return add_addresses(route, part, report),
        "forwardAuth" => return set_jwt(route, forward_auth::section(part, report), part, report),
        "plugin" => return add_plugin(route, settings, part, report),
        "stripPrefix" => strip_prefix(route, part, report),
        kind if HARMLESS.contains(&kind) => {
            part.left_out(
                &format!("{kind}: no filter does this; use the proxy's own settings"),
                report,
            );
        }
        kind => {
            part.left_out(
                &format!("{kind}: no filter does this, and it may reject requests"),
                report,
            );
            return false;
        }
    }
    true
}

fn set_jwt(route: &mut Route, section: Option<Map>, part: &Part<'_>, report: &mut Report) -> bool {
    let Some(section) = section else { return false };
    if route.chain.jwt_auth.is_some() {
        part.left_out("a chain verifies tokens once", report);
        return false;
    }
    route.chain.jwt_auth = Some(section);
    true
}

fn add_plugin(route: &mut Route, settings: &Node, part: &Part<'_>, report: &mut Report) -> bool {
    let mut is_protected = true;
    for (key, config) in settings.members() {
        let name = key.text().unwrap_or_default();
        if name.ends_with("novasphere-header-transform") {
            if let Some(config) = own::header_transform(config, part, report) {
                let before = route.chain.header_transform.take().unwrap_or_default();
                let merged = merge(before, &config);
                let (place, name) = (&part.middleware.place, &part.name);
                route.chain.header_transform =
                    finish(merged, ProxyKind::Envoy, place, name, report);
            }
        } else if name.ends_with("novasphere-jwt-auth") {
            let section = own::jwt_auth(config, part, report);
            is_protected = set_jwt(route, section, part, report) && is_protected;
        } else if name.to_ascii_lowercase().contains("jwt") {
            let part = Part {
                name: format!("{}: plugin {name}", part.name),
                middleware: part.middleware,
                settings: config,
                fields: Fields::new(Some(config), part.middleware.reader),
            };
            let section = jwt::section(&part, config, report);
            is_protected = set_jwt(route, section, &part, report) && is_protected;
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

/// Removing the router's own prefix is a setting of the route.
fn strip_prefix(route: &mut Route, part: &Part<'_>, report: &mut Report) {
    let prefixes = part.fields.texts("prefixes");
    let is_own = |prefix: &String| {
        !route.paths.is_empty()
            && route
                .paths
                .iter()
                .all(|path| !path.is_regex() && path.text().trim_end_matches('/') == prefix)
    };
    if let [prefix] = prefixes.as_slice()
        && is_own(prefix)
    {
        route.strip_path = true;
        part.converted("the route removes its prefix", report);
    } else {
        part.left_out(
            "stripPrefix: is not the path of the router; rewrite the path in the proxy",
            report,
        );
    }
}
