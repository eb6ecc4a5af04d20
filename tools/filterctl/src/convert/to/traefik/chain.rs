//! The middlewares of a route.

use novasphere_explain::{FilterKind, ProxyKind};

use super::{Http, limits, responses};
use crate::convert::{
    model::{Route, prune},
    report::Report,
    yaml::{Map, Yaml},
};

/// The names of the middlewares of a route, in order.
///
/// # Errors
/// The check of its requests that cannot be converted.
pub(super) fn middlewares(
    route: &Route,
    identity: &[String],
    http: &mut Http,
    report: &mut Report,
) -> Result<Vec<String>, String> {
    let chain = &route.chain;
    let mut names = Vec::new();
    if let Some(responses) = responses::middleware(route, report) {
        names.push(http.middleware("responses", responses));
    }
    if let Some(addresses) = &chain.addresses {
        let allowed = addresses.allowed();
        let ranges: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let list = Map::new().with("sourceRange", ranges);
        names.push(http.middleware("addresses", Map::new().with("ipAllowList", list)));
    }
    match &chain.jwt_auth {
        Some(config) => {
            let plugin = jwt_auth(route, config, report)?;
            names.push(http.middleware("jwt-auth", plugin));
        }
        // Only jwt-auth may set these headers.
        None if !identity.is_empty() => {
            let mut headers = Map::new();
            identity.iter().for_each(|name| headers.set(name, ""));
            let headers = Map::new().with("customRequestHeaders", headers);
            names.push(http.middleware("no-identity", Map::new().with("headers", headers)));
        }
        None => {}
    }
    for (name, limit) in limits::middlewares(route, report)? {
        names.push(http.middleware(&name, limit));
    }
    let request = chain.header_transform.as_ref().and_then(|config| config.map("request"));
    if let Some(request) = request
        && let Some(plugin) = header_transform(route, request, report)
    {
        names.push(http.middleware("header-transform", plugin));
    }
    Ok(names)
}

fn plugin(name: &str, config: Map) -> Map {
    Map::new().with("plugin", Map::new().with(name, config))
}

fn jwt_auth(route: &Route, config: &Map, report: &mut Report) -> Result<Map, String> {
    let mut config = config.clone();
    let removable = ["claims_to_attributes", "jwks["];
    let pruned = prune(FilterKind::JwtAuth, &mut config, ProxyKind::Traefik, &removable);
    match pruned {
        Ok(pruned) => {
            for part in pruned {
                let message = format!("route {}: {}: {}", route.name, part.path, part.message);
                report.left_out(&route.place, message);
            }
        }
        Err(fault) => return Err(format!("jwt-auth rejects {fault}")),
    }
    // Traefik turns the values of files into texts, but a token's claims have types.
    let rules = config.items("rules").iter().filter_map(Yaml::as_map);
    let has_types = config.get("required_claims").is_some()
        || rules.into_iter().any(|rule| rule.get("required_claims").is_some());
    if has_types {
        let json = config.to_json();
        let text = serde_json::to_string_pretty(&json).unwrap_or_else(|_| json.to_string());
        config = Map::new().with("json", format!("{}\n", text.replace("\n  ", "\n")));
    }
    Ok(plugin("novasphere-jwt-auth", config))
}

fn header_transform(route: &Route, request: &Map, report: &mut Report) -> Option<Map> {
    let config = Map::new().with("request", request.clone());
    let name = format!("route {}", route.name);
    let place = &route.place;
    let config =
        crate::convert::from::finish_headers(config, ProxyKind::Traefik, place, &name, report)?;
    Some(plugin("novasphere-header-transform", config))
}
