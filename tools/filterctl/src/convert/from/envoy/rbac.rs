//! The filter `rbac`, as far as it checks addresses or one claim.

use ipnet::IpNet;

use super::{body, chain::Filter, flag, items, kind, number, text};
use crate::{
    chains::facts::admits_without_token,
    convert::{
        model::{Addresses, Route},
        report::Report,
        yaml::Map,
    },
    source::Node,
};

/// The principals of all policies.
enum Principals {
    Addresses(Vec<IpNet>),
    Claim(Map),
}

/// Adds the check. Returns whether the route is as protected as before.
pub(super) fn add(
    route: &mut Route,
    filter: &Filter<'_>,
    manager: &Node,
    report: &mut Report,
) -> bool {
    let own = filter.own.map(|own| own.field("rbac").unwrap_or(own));
    let config = own.unwrap_or(filter.base);
    if config.field("matcher").is_some() {
        report.left_out(&filter.place, format!("{}: a matcher is not supported", filter.name));
        return false;
    }
    let Some(rules) = config.field("rules") else {
        report.not_needed(&filter.place, format!("{}: has no rules", filter.name));
        return true;
    };
    let is_deny = match text(rules, "action") {
        None | Some("ALLOW" | "0") => false,
        Some("DENY" | "1") => true,
        Some(other) => {
            report.left_out(&filter.place, format!("{}: action {other}", filter.name));
            return matches!(other, "LOG" | "2");
        }
    };
    let Some(principals) = principals(rules, manager) else {
        let message = format!(
            "{}: only policies for all requests are converted, by the address of the peer or by one \
             claim",
            filter.name
        );
        report.left_out(&filter.place, message);
        return false;
    };
    match principals {
        Principals::Addresses(networks) => {
            let new = match is_deny {
                true => Addresses { allow: Vec::new(), deny: networks },
                false => Addresses { allow: networks, deny: Vec::new() },
            };
            let both = route.chain.addresses.as_ref().map_or(new.clone(), |old| old.and(&new));
            route.chain.addresses = Some(both);
            report.converted(&filter.place, format!("{}: rate_limit.deny", filter.name));
            true
        }
        Principals::Claim(claim) => require_claim(route, claim, is_deny, filter, report),
    }
}

/// Adds a claim that tokens must have. Returns whether the route is as protected as before.
fn require_claim(
    route: &mut Route,
    claim: Map,
    is_deny: bool,
    filter: &Filter<'_>,
    report: &mut Report,
) -> bool {
    match route.chain.jwt_auth.as_mut() {
        Some(config) if !is_deny && !admits_without_token(&config.to_json()) => {
            config.push("required_claims", claim);
            report.converted(&filter.place, format!("{}: jwt_auth.required_claims", filter.name));
            true
        }
        _ => {
            let message = format!(
                "{}: a claim with DENY, or without a jwt_authn before that requires tokens",
                filter.name
            );
            report.left_out(&filter.place, message);
            false
        }
    }
}

fn principals(rules: &Node, manager: &Node) -> Option<Principals> {
    let mut networks = Vec::new();
    let mut claims = Vec::new();
    for (_, policy) in rules.field("policies")?.members() {
        // Other fields are further conditions.
        let mut names = policy.members().iter().filter_map(|(key, _)| key.text());
        if names.any(|name| name != "permissions" && name != "principals") {
            return None;
        }
        if !items(policy, "permissions").iter().all(|permission| flag(permission, "any")) {
            return None;
        }
        for principal in items(policy, "principals") {
            match network(principal, manager) {
                Some(network) => networks.push(network),
                None => claims.push(claim(principal, manager)?),
            }
        }
    }
    match (networks.is_empty(), claims.len()) {
        (false, 0) => Some(Principals::Addresses(networks)),
        (true, 1) => claims.pop().map(Principals::Claim),
        _ => None,
    }
}

fn network(principal: &Node, manager: &Node) -> Option<IpNet> {
    let names = ["remote_ip", "direct_remote_ip", "source_ip"];
    if principal.field("remote_ip").is_some() && !is_peer_address(manager) {
        return None;
    }
    let range = names.into_iter().find_map(|name| principal.field(name))?;
    let address = text(range, "address_prefix")?;
    let length = number(range, "prefix_len").unwrap_or(0);
    Addresses::parse(&format!("{address}/{length}"))
}

/// Whether the remote address is that of the peer, as in the output.
fn is_peer_address(manager: &Node) -> bool {
    flag(manager, "use_remote_address")
        && number(manager, "xff_num_trusted_hops").unwrap_or(0) == 0
        && manager.field("original_ip_detection_extensions").is_none()
}

/// Whether all providers of `jwt_authn` put their claims under this key of its metadata.
fn is_payload_key(manager: &Node, name: &str) -> bool {
    let configs = items(manager, "http_filters").iter().filter_map(|f| f.field("typed_config"));
    let mut providers = configs
        .filter(|config| kind(config) == "JwtAuthentication")
        .filter_map(|config| body(config).field("providers"))
        .flat_map(Node::members);
    providers.all(|(_, provider)| text(provider, "payload_in_metadata") == Some(name))
}

/// A claim in the metadata of `jwt_authn`.
fn claim(principal: &Node, manager: &Node) -> Option<Map> {
    let metadata = principal.field("metadata")?;
    if text(metadata, "filter") != Some("envoy.filters.http.jwt_authn") || flag(metadata, "invert")
    {
        return None;
    }
    let keys: Vec<&str> =
        items(metadata, "path").iter().filter_map(|k| k.get_text("key")).collect();
    let (first, names) = keys.split_first()?;
    if !is_payload_key(manager, first) || names.is_empty() {
        return None;
    }
    let value = metadata.get("value")?;
    let exact = |node: &Node| Some(node.field("string_match")?.get_text("exact")?.to_owned());
    let claim = match names {
        [one] => Map::new().with("claim", *one),
        names => Map::new().with("claim", names.to_vec()),
    };
    if let Some(one) = exact(value) {
        return Some(claim.with("equals", one));
    }
    let item = value.fields(&["list_match", "one_of"])?;
    Some(claim.with("contains", exact(item)?))
}
