//! The filters of a route.

use super::{
    body, cors, flag, header_mutation, items, jwt_authn, kind, local_ratelimit, rbac,
    routes::{Input, Scopes},
    text,
};
use crate::{
    convert::{
        model::{Gateway, PathMatch, Route},
        report::Report,
    },
    found::Place,
    source::Node,
};

/// Filters that reject no request.
const HARMLESS: [&str; 13] = [
    "Buffer",
    "Compressor",
    "Decompressor",
    "FilterConfig",
    "GrpcWeb",
    "GrpcStats",
    "HealthCheck",
    "OnDemand",
    "Router",
    "SetMetadataFilterConfig",
    "StatefulSession",
    "Tap",
    "HeaderToMetadata",
];

/// A filter of the connection manager that runs for a route.
pub(super) struct Filter<'n> {
    /// `filter envoy.filters.http.cors`.
    pub(super) name: String,
    /// Its configuration.
    pub(super) base: &'n Node,
    /// The nearest override of the route.
    pub(super) own: Option<&'n Node>,
    pub(super) place: Place,
    /// See [`Scopes::excluded`].
    pub(super) excluded: &'n [PathMatch],
}

impl<'n> Filter<'n> {
    /// The providers of `jwt_authn`, by name.
    pub(super) fn providers(&self) -> &'n [(Node, Node)] {
        self.base.field("providers").map(Node::members).unwrap_or_default()
    }
}

/// Adds the filters that run for a route.
///
/// # Errors
/// The filter that protects the route and cannot be converted.
pub(super) fn add(
    route: &mut Route,
    input: &Input<'_>,
    scopes: Scopes<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) -> Result<(), String> {
    let mut missing = None;
    for entry in items(input.manager, "http_filters") {
        let name = text(entry, "name").unwrap_or_default();
        let Some(base) = entry.field("typed_config") else {
            let message = format!("filter {name}: its configuration is not in the input");
            report.left_out(&input.document.place(entry), message);
            missing = missing.or(Some(format!("filter {name}")));
            continue;
        };
        let own = scopes.override_of(name);
        let is_off = match own {
            Some(own) => flag(own, "disabled"),
            None => flag(entry, "disabled"),
        };
        let filter = Filter {
            name: format!("filter {name}"),
            base: body(base),
            own: own.map(inner),
            place: input.document.place(entry),
            excluded: scopes.excluded,
        };
        if is_off {
            report.not_needed(
                &filter.place,
                format!("{}: is off for route {}", filter.name, route.name),
            );
        } else if !add_one(route, kind(base), &filter, input, gateway, report) {
            missing = missing.or(Some(filter.name));
        }
    }
    header_mutation::add_of_route(route, input, scopes, report);
    missing.map_or(Ok(()), Err)
}

/// The message of an override, also inside a `FilterConfig`.
pub(super) fn inner(own: &Node) -> &Node {
    match (kind(own), own.field("config")) {
        ("FilterConfig", Some(config)) => body(config),
        _ => body(own),
    }
}

/// Adds one filter. Returns whether the route is as protected as before.
fn add_one(
    route: &mut Route,
    kind: &str,
    filter: &Filter<'_>,
    input: &Input<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) -> bool {
    match kind {
        "Router" => {}
        "JwtAuthentication" => return jwt_authn::add(route, filter, input, gateway, report),
        "Fault"
            if [Some(filter.base), filter.own]
                .iter()
                .flatten()
                .all(|c| c.field("abort").is_none()) =>
        {
            report.left_out(&filter.place, format!("{}: delays", filter.name));
        }
        "LocalRateLimit" => return local_ratelimit::add(route, filter, report),
        "Cors" => cors::add(route, filter, report),
        "HeaderMutation" => header_mutation::add(route, filter, report),
        "RBAC" => return rbac::add(route, filter, input.manager, report),
        "Buffer" => {
            let message = format!("{}: filters do not see bodies; keep it in Envoy", filter.name);
            report.left_out(&filter.place, message);
        }
        kind if HARMLESS.contains(&kind) => {
            report.left_out(
                &filter.place,
                format!("{}: no filter does this; keep it in Envoy", filter.name),
            );
        }
        _ => {
            let message =
                format!("{}: no filter does this, and it may reject requests", filter.name);
            report.left_out(&filter.place, message);
            return false;
        }
    }
    true
}
