//! Settings that only Kong has, in an output for another proxy.

use crate::convert::{model::Gateway, report::Report, yaml::Map};

/// Reports the settings that have an effect.
pub(super) fn report(gateway: &Gateway, report: &mut Report) {
    for route in gateway.routes.iter().filter(|route| !route.is_blocked()) {
        if route.kong.get("protocols").is_some() && route.requires_tls {
            let message = format!(
                "route {}: requests without TLS are redirected; give the output's listener a \
                 certificate, or let it trust X-Forwarded-Proto of a proxy in front",
                route.name
            );
            report.changed(&route.place, message);
        }
        for name in effective(&route.kong) {
            let message = format!("route {}: {name}; set it in the proxy", route.name);
            report.left_out(&route.place, message);
        }
        let Some(service) = gateway.services.get(route.service) else { continue };
        for name in effective(&service.kong) {
            let message = format!("service {}: {name}; set it in the proxy", service.name);
            report.left_out(&route.place, message);
        }
    }
}

/// The names of settings without their default values. Other proxies have no counterpart of tags,
/// and do not buffer.
fn effective(settings: &Map) -> impl Iterator<Item = &str> {
    settings.names().filter(|name| match *name {
        "tags" | "request_buffering" | "response_buffering" | "tls_verify_depth" => false,
        "https_redirect_status_code" => false,
        "retries" => settings.int(name) != Some(5),
        "write_timeout" => settings.int(name) != Some(60_000),
        "path_handling" => settings.text(name) != Some("v0"),
        // The other outputs verify certificates.
        "tls_verify" => false,
        // Part of the model: `requires_tls`.
        "protocols" => false,
        _ => true,
    })
}
