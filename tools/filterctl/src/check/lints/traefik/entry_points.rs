//! Entry points of routers.

use super::routers::Router;
use crate::{
    check::lints::report::Report,
    finding::codes,
    found::{Place, Project, StaticConfig},
};

/// The fields of `encodedCharacters`.
const CHARACTERS: [&str; 7] = [
    "allowEncodedSlash",
    "allowEncodedBackSlash",
    "allowEncodedNullCharacter",
    "allowEncodedSemicolon",
    "allowEncodedPercent",
    "allowEncodedQuestionMark",
    "allowEncodedHash",
];

/// Checks the entry points from which requests reach filters, or an upstream behind filters.
pub(super) fn check(
    project: &Project,
    routers: &[Router<'_>],
    config: &StaticConfig,
    report: &mut Report,
) {
    let routers: Vec<&Router<'_>> =
        routers.iter().filter(|router| router.reaches_protected(project)).collect();
    let used: Vec<String> = routers
        .iter()
        .flat_map(|router| router.entry_points.iter().map(|name| name.to_ascii_lowercase()))
        .collect();
    // Without entryPoints, a router listens on all.
    let all_used = routers.iter().any(|router| router.entry_points.is_empty());
    let internal: Vec<String> = ["ping", "metrics.prometheus", "providers.rest"]
        .iter()
        .filter_map(|user| config.get(&format!("{user}.entryPoint")))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    for (name, place) in config.names("entryPoints") {
        let is_internal =
            name == "traefik" || name == "metrics" || internal.iter().any(|i| i == name);
        let redirects =
            config.get(&format!("entryPoints.{name}.http.redirections.entryPoint.to")).is_some();
        let is_used =
            !redirects && (used.iter().any(|used| used == name) || all_used && !is_internal);
        if is_used {
            one(config, name, place, report);
        }
    }
}

fn one(config: &StaticConfig, name: &str, place: &Place, report: &mut Report) {
    let path = format!("entryPoints.{name}");
    let strategy = config.get(&format!("{path}.http.aliasHeadersStrategy"));
    if strategy.is_none_or(|(value, _)| !matches!(value, "delete" | "reject")) {
        let place = strategy.map_or(place, |(_, place)| place);
        let message = format!("{name}: set http.aliasHeadersStrategy: delete");
        report.add(&codes::ALIASES_PASS, place.clone(), message);
    }
    let allowed: Vec<&str> = CHARACTERS
        .into_iter()
        .filter(|field| {
            let value = config.get(&format!("{path}.http.encodedCharacters.{field}"));
            value.is_none_or(|(value, _)| value != "false")
        })
        .collect();
    if !allowed.is_empty() {
        let message = format!("{name}: set http.encodedCharacters: {}: false", allowed.join(", "));
        report.add(&codes::ENCODED_CHARACTERS_PASS, place.clone(), message);
    }
    let insecure = config.get(&format!("{path}.forwardedHeaders.insecure"));
    let everyone = config
        .all(&format!("{path}.forwardedHeaders.trustedIPs"))
        .find(|(address, _)| ["0.0.0.0/0", "::/0"].contains(address));
    if let Some((_, place)) = insecure.filter(|(value, _)| *value == "true").or(everyone) {
        let message = format!("{name}: clients can choose their address in X-Forwarded-For");
        report.add(&codes::FORWARDED_TRUSTED, place.clone(), message);
    }
}
