//! AuthorizationPolicy.

use ipnet::IpNet;

use crate::{
    convert::{
        from::{input::fields::texts, input::kubernetes::Object, policy::providers},
        model::{Addresses, Chain},
        report::Report,
        yaml::{Map, Yaml},
    },
    source::Node,
};

/// A rule of a policy with the action ALLOW.
#[derive(Debug, Default)]
struct Grant {
    /// The fields of the condition: a path, methods. Empty for all requests.
    conditions: Vec<Map>,
    /// Whether a token is required.
    needs_token: bool,
    issuers: Vec<String>,
    claims: Vec<Map>,
    networks: Vec<IpNet>,
}

/// Adds the policies, and jwt-auth where they ask for a token.
///
/// # Errors
/// The policy that cannot be converted.
pub(super) fn add(
    chain: &mut Chain,
    jwt: Option<Map>,
    policies: &[&Object<'_>],
    report: &mut Report,
) -> Result<(), String> {
    let mut grants = Vec::new();
    let mut requires = Vec::new();
    for policy in policies {
        let failed = |reason: String, report: &mut Report| {
            report.left_out(&policy.place(), format!("{}: {reason}", policy.describe()));
            policy.describe()
        };
        let rules = policy.items(&["spec", "rules"]);
        let action = policy.root.at(&["spec", "action"]).and_then(Node::text).unwrap_or("ALLOW");
        match action {
            "ALLOW" => {
                for rule in rules {
                    grants.push(grant(rule).map_err(|reason| failed(reason, report))?);
                }
                if rules.is_empty() {
                    return Err(failed("allows no request".to_owned(), report));
                }
            }
            "DENY" => {
                for rule in rules {
                    match denial(rule) {
                        Ok(Denial::WithoutToken(skips)) => requires.push(skips),
                        Ok(Denial::Addresses(deny)) => {
                            add_addresses(chain, Addresses { allow: Vec::new(), deny })
                        }
                        Err(reason) => return Err(failed(reason, report)),
                    }
                }
            }
            other => return Err(failed(format!("action {other}"), report)),
        }
    }
    let place = policies.first().map(|policy| (policy.place(), policy.describe()));
    let Some(mut config) = jwt else {
        if grants.iter().any(|grant| grant.needs_token) || !requires.is_empty() {
            return Err("a RequestAuthentication".to_owned());
        }
        return add_networks(chain, &grants);
    };
    if grants.is_empty() && requires.is_empty() {
        config.set("optional", true);
    }
    set_rules(&mut config, &grants, &requires)?;
    if let Some((place, name)) = place {
        config = providers::finish(config, &place, &name, report).ok_or(name)?;
    }
    chain.jwt_auth = Some(config);
    if grants.iter().all(|grant| !grant.needs_token) && !grants.is_empty() {
        return add_networks(chain, &grants);
    }
    match grants.iter().any(|grant| !grant.networks.is_empty()) {
        true => Err("a policy with both addresses and tokens".to_owned()),
        false => Ok(()),
    }
}

fn add_addresses(chain: &mut Chain, new: Addresses) {
    let both = chain.addresses.as_ref().map_or(new.clone(), |old| old.and(&new));
    chain.addresses = Some(both);
}

/// Grants by address only.
fn add_networks(chain: &mut Chain, grants: &[Grant]) -> Result<(), String> {
    if grants.is_empty() || grants.iter().all(|g| g.networks.is_empty() && g.conditions.is_empty())
    {
        return Ok(());
    }
    if grants.iter().any(|grant| grant.networks.is_empty() || !grant.conditions.is_empty()) {
        return match grants.iter().all(|grant| grant.networks.is_empty())
            && chain.jwt_auth.is_some()
        {
            true => Ok(()),
            false => Err("a policy for some paths without tokens".to_owned()),
        };
    }
    let allow = grants.iter().flat_map(|grant| grant.networks.clone()).collect();
    add_addresses(chain, Addresses { allow, deny: Vec::new() });
    Ok(())
}

/// Sets `rules` and the general checks.
fn set_rules(config: &mut Map, grants: &[Grant], requires: &[Vec<Map>]) -> Result<(), String> {
    let mut rules: Vec<Yaml> = Vec::new();
    let mut general: Option<&Grant> = None;
    for grant in grants {
        if grant.conditions.is_empty() {
            if general.is_some() {
                return Err("several rules for all requests".to_owned());
            }
            general = Some(grant);
            continue;
        }
        for condition in &grant.conditions {
            let mut entry = condition.clone();
            match grant.needs_token {
                false => entry.set("skip", true),
                true => {
                    let issuers = match grant.issuers.is_empty() {
                        true => config.texts("issuers"),
                        false => grant.issuers.clone(),
                    };
                    entry.set_list("issuers", issuers);
                    entry.set_list("required_claims", grant.claims.clone());
                }
            }
            rules.push(entry.into());
        }
    }
    for skip in requires.iter().flatten() {
        rules.push(skip.clone().with("skip", true).into());
    }
    match general {
        Some(grant) if grant.needs_token => {
            config.set_list("required_claims", grant.claims.clone());
            if !grant.issuers.is_empty() {
                config.set("issuers", grant.issuers.clone());
            }
        }
        Some(_) => rules.push(Map::new().with("path_prefix", "/").with("optional", true).into()),
        None if grants.is_empty() => {}
        None => {
            // No token has this issuer.
            let never =
                Map::new().with("claim", "iss").with("equals", "no policy allows this request");
            let mut rest = Map::new().with("path_prefix", "/").with("required_claims", vec![never]);
            rest.comment("path_prefix", "No policy allows other requests.");
            rules.push(rest.into());
        }
    }
    config.set_list("rules", rules);
    Ok(())
}

/// What a rule of a policy with the action DENY denies.
enum Denial {
    /// Requests without a token, except those that meet one of these conditions.
    WithoutToken(Vec<Map>),
    Addresses(Vec<IpNet>),
}

fn denial(rule: &Node) -> Result<Denial, String> {
    let mut without_token = false;
    let mut networks = Vec::new();
    for source in sources(rule) {
        for (key, value) in source.members() {
            match key.text().unwrap_or_default() {
                "notRequestPrincipals" if texts(value) == ["*"] => without_token = true,
                "ipBlocks" | "remoteIpBlocks" => networks.extend(parse(value)?),
                other => return Err(format!("DENY with {other}")),
            }
        }
    }
    let mut skips = Vec::new();
    for operation in operations(rule) {
        for (key, value) in operation.members() {
            match key.text().unwrap_or_default() {
                "notPaths" => {
                    for path in texts(value) {
                        skips.push(path_condition(&path)?);
                    }
                }
                other => return Err(format!("DENY with {other}")),
            }
        }
    }
    if rule.get("when").is_some() {
        return Err("DENY with when".to_owned());
    }
    match (without_token, networks.is_empty()) {
        (true, true) => Ok(Denial::WithoutToken(skips)),
        (false, false) if skips.is_empty() => Ok(Denial::Addresses(networks)),
        _ => Err("DENY for these requests".to_owned()),
    }
}

fn grant(rule: &Node) -> Result<Grant, String> {
    let mut grant = Grant::default();
    for source in sources(rule) {
        for (key, value) in source.members() {
            match key.text().unwrap_or_default() {
                "requestPrincipals" => {
                    grant.needs_token = true;
                    for principal in texts(value).iter().filter(|principal| *principal != "*") {
                        let (issuer, subject) = principal
                            .rsplit_once('/')
                            .ok_or("requestPrincipals without a slash")?;
                        if subject != "*" || issuer.contains('*') {
                            return Err("requestPrincipals with a subject".to_owned());
                        }
                        grant.issuers.push(issuer.to_owned());
                    }
                }
                "ipBlocks" | "remoteIpBlocks" => grant.networks.extend(parse(value)?),
                other => return Err(format!("from {other}")),
            }
        }
    }
    for operation in operations(rule) {
        grant.conditions.extend(conditions(operation)?);
    }
    for condition in rule.get("when").map(Node::items).unwrap_or_default() {
        grant.needs_token = true;
        grant.claims.push(claim(condition)?);
    }
    Ok(grant)
}

/// The conditions of an operation: one for each path.
fn conditions(operation: &Node) -> Result<Vec<Map>, String> {
    let mut paths = Vec::new();
    let mut methods = Vec::new();
    for (key, value) in operation.members() {
        match key.text().unwrap_or_default() {
            "paths" => {
                for path in texts(value) {
                    paths.push(path_condition(&path)?);
                }
            }
            "methods" => methods = texts(value),
            other => return Err(format!("to {other}")),
        }
    }
    if paths.is_empty() {
        paths.push(Map::new());
    }
    for path in &mut paths {
        path.set_list("methods", methods.clone());
    }
    Ok(paths.into_iter().filter(|condition| !condition.is_empty()).collect())
}

/// `/a` is exact, and `/a*` a prefix, which becomes one of whole segments.
fn path_condition(path: &str) -> Result<Map, String> {
    if path == "*" {
        return Ok(Map::new().with("path_prefix", "/"));
    }
    if path.contains(['{', '}']) || path.starts_with('*') {
        return Err(format!("the path {path}"));
    }
    Ok(match path.strip_suffix('*') {
        None => Map::new().with("path", path),
        Some("/") => Map::new().with("path_prefix", "/"),
        Some(prefix) => Map::new().with("path_prefix", prefix.trim_end_matches('/')),
    })
}

/// A condition `request.auth.claims[a][b]`.
fn claim(condition: &Node) -> Result<Map, String> {
    let key = condition.get_text("key").unwrap_or_default();
    let names = key.strip_prefix("request.auth.claims[").and_then(|rest| rest.strip_suffix(']'));
    let names: Vec<&str> = names.ok_or(format!("when {key}"))?.split("][").collect();
    if condition.get("notValues").is_some() {
        return Err(format!("when {key} with notValues"));
    }
    let values = condition.get("values").map(texts).unwrap_or_default();
    if values.iter().any(|value| value.contains('*')) {
        return Err(format!("when {key} with a wildcard"));
    }
    Ok(Map::new().with("claim", names).with("contains_any", values))
}

fn sources(rule: &Node) -> impl Iterator<Item = &Node> {
    rule.get("from")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|from| from.get("source"))
}

fn operations(rule: &Node) -> impl Iterator<Item = &Node> {
    rule.get("to").map(Node::items).unwrap_or_default().iter().filter_map(|to| to.get("operation"))
}

fn parse(node: &Node) -> Result<Vec<IpNet>, String> {
    let parsed = texts(node).into_iter().map(|text| Addresses::parse(&text).ok_or(text));
    parsed.collect::<Result<_, _>>().map_err(|text| format!("{text:?} is not a network"))
}
