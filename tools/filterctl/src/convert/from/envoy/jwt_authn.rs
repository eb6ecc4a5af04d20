//! The filter `jwt_authn`.

use super::{
    chain::Filter,
    flag, items, number,
    requirement::{self, Requirement},
    routes::Input,
    text,
};
use crate::{
    convert::{
        from::{
            policy::buckets,
            policy::providers::{self, Keys, Provider},
        },
        model::{Gateway, Route},
        report::Report,
        yaml::Map,
    },
    source::Node,
};

/// Adds jwt-auth. Returns whether the route is as protected as before.
pub(super) fn add(
    route: &mut Route,
    filter: &Filter<'_>,
    input: &Input<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) -> bool {
    if let Some(name) = unsupported(filter) {
        report.left_out(&filter.place, format!("{}: {name} is not supported", filter.name));
        return false;
    }
    let Some((base, rules)) = requirement::of_route(route, filter, report) else { return false };
    if base == Requirement::None && rules.is_empty() {
        report.not_needed(
            &filter.place,
            format!("{}: requires no token on route {}", filter.name, route.name),
        );
        return true;
    }
    let names: Vec<&str> = std::iter::once(&base)
        .chain(rules.iter().map(|(_, requirement)| requirement))
        .flat_map(Requirement::providers)
        .collect();
    let used = filter
        .providers()
        .iter()
        .filter(|(key, _)| names.contains(&key.text().unwrap_or_default()));
    let used: Vec<(&Node, &Node)> = used.map(|(key, node)| (key, node)).collect();
    let all: Vec<Provider> =
        used.iter().map(|(key, node)| provider(key, node, input, gateway, report)).collect();
    if let Some(name) = names.iter().find(|name| !all.iter().any(|p| p.name == **name)) {
        report.left_out(&filter.place, format!("{}: the provider {name} is missing", filter.name));
        return false;
    }
    let requirements = std::iter::once(&base).chain(rules.iter().map(|(_, required)| required));
    if let Some(providers) = with_one_issuer(&all, requirements) {
        report.left_out(&filter.place, one_issuer(&filter.name, providers));
        return false;
    }
    let Some(mut config) = providers::section(&all, report) else { return false };
    add_times(&mut config, &used, filter, report);
    if flag(filter.base, "bypass_cors_preflight") {
        config.set("run_on_preflight", false);
    }
    requirement::set(&mut config, &base, &rules, &all);
    let Some(config) = providers::finish(config, &filter.place, &filter.name, report) else {
        return false;
    };
    route.chain.jwt_auth = Some(config);
    report.converted(&filter.place, format!("{}: jwt_auth", filter.name));
    report.changed(
        &filter.place,
        format!("{}: a wrong audience gets 401 instead of 403", filter.name),
    );
    true
}

fn one_issuer(filter: &str, (one, other): (&str, &str)) -> String {
    format!(
        "{filter}: providers {one} and {other} have one issuer, so rules of jwt-auth accept the tokens \
         of both"
    )
}

/// Two providers with one issuer, of which a requirement names only one.
fn with_one_issuer<'p, 'r>(
    all: &'p [Provider],
    mut requirements: impl Iterator<Item = &'r Requirement>,
) -> Option<(&'p str, &'p str)> {
    requirements.find_map(|requirement| {
        let is_named = |p: &&Provider| requirement.providers().any(|name| name == p.name);
        let (named, others): (Vec<_>, Vec<_>) = all.iter().partition(is_named);
        named.iter().find_map(|one| {
            let other = others.iter().find(|other| other.issuer == one.issuer)?;
            Some((one.name.as_str(), other.name.as_str()))
        })
    })
}

/// The name of a check that jwt-auth does not have.
fn unsupported(filter: &Filter<'_>) -> Option<&'static str> {
    if filter.base.field("filter_state_rules").is_some() {
        return Some("filter_state_rules");
    }
    let providers = filter.providers();
    let checks = ["subjects", "max_lifetime"];
    checks.into_iter().find(|check| providers.iter().any(|(_, p)| p.field(check).is_some()))
}

fn provider(
    key: &Node,
    node: &Node,
    input: &Input<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) -> Provider {
    let name = key.text().unwrap_or_default();
    let place = input.document.place(key);
    let list = |field: &str| -> Vec<String> {
        items(node, field).iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    };
    let mut from_headers: Vec<(String, String)> = items(node, "from_headers")
        .iter()
        .filter_map(|header| {
            let prefix = text(header, "value_prefix").unwrap_or_default().trim().to_owned();
            Some((text(header, "name")?.to_owned(), prefix))
        })
        .collect();
    let mut from_params = list("from_params");
    let from_cookies = list("from_cookies");
    if from_headers.is_empty() && from_params.is_empty() && from_cookies.is_empty() {
        from_headers.push(("authorization".to_owned(), "Bearer".to_owned()));
        from_params.push("access_token".to_owned());
    }
    let claims = items(node, "claim_to_headers").iter().filter_map(|entry| {
        Some((text(entry, "claim_name")?.to_owned(), text(entry, "header_name")?.to_owned()))
    });
    for field in ["forward_payload_header", "payload_in_metadata", "header_in_metadata"] {
        if let Some(node) = node.field(field) {
            let message = format!("provider {name}: {field}");
            report.left_out(&input.document.place(node), message);
        }
    }
    Provider {
        name: name.to_owned(),
        issuer: text(node, "issuer").map(str::to_owned),
        audiences: list("audiences"),
        keys: keys(node, input, gateway),
        from_headers,
        from_params,
        from_cookies,
        forward: flag(node, "forward"),
        claims_to_headers: claims.collect(),
        place,
    }
}

fn keys(node: &Node, input: &Input<'_>, gateway: &mut Gateway) -> Keys {
    if let Some(remote) = node.field("remote_jwks") {
        let Some(http) = remote.field("http_uri") else { return Keys::Unknown };
        let Some(uri) = text(http, "uri") else { return Keys::Unknown };
        let cluster = text(http, "cluster").map(str::to_owned);
        if let Some(service) = cluster.as_deref().and_then(|name| input.cluster(name)) {
            gateway.add_service(service);
        }
        let refresh = text(remote, "cache_duration").and_then(buckets::seconds);
        return Keys::Remote { uri: uri.to_owned(), cluster, refresh };
    }
    let inline = node.fields(&["local_jwks", "inline_string"]).and_then(Node::text);
    inline.map_or(Keys::Unknown, |text| Keys::Inline(text.to_owned()))
}

/// Clock skew and expiration, which are settings of the filter here.
fn add_times(config: &mut Map, used: &[(&Node, &Node)], filter: &Filter<'_>, report: &mut Report) {
    let skews: Vec<i64> =
        used.iter().map(|(_, node)| number(node, "clock_skew_seconds").unwrap_or(60)).collect();
    let leeway = skews.iter().copied().min().unwrap_or(60);
    if skews.iter().any(|skew| *skew != leeway) {
        let message =
            format!("{}: the smallest clock_skew_seconds applies to all providers", filter.name);
        report.changed(&filter.place, message);
    }
    config.set("leeway", leeway);
    let requires = used.iter().any(|(_, node)| flag(node, "require_expiration"));
    config.set("claims_to_verify", if requires { vec!["exp"] } else { Vec::new() });
}
