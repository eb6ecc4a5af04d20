//! Rules of an AuthorizationPolicy.

use ipnet::IpNet;

use crate::{
    convert::{from::input::fields::texts, model::Addresses, yaml::Map},
    source::Node,
};

/// A condition about the path and the method.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    /// The fields of a rule of jwt-auth.
    pub(super) fields: Map,
    /// A path that `path_prefix` covers, but not the condition: `/a` for `/a/*`.
    pub(super) excluded: Option<String>,
}

/// A rule of a policy with the action ALLOW.
#[derive(Debug, Default)]
pub(super) struct Grant {
    /// The conditions, one of which must hold. Empty for all requests.
    pub(super) conditions: Vec<Condition>,
    /// Whether a token is required.
    pub(super) needs_token: bool,
    pub(super) issuers: Vec<String>,
    pub(super) claims: Vec<Map>,
    pub(super) networks: Vec<IpNet>,
}

/// The requests that a rule with the action DENY rejects.
pub(super) enum Denial {
    /// Requests without a token, unless they meet one of these conditions.
    WithoutToken(Vec<Condition>),
    Addresses(Vec<IpNet>),
}

/// Reads a rule of a policy with the action DENY.
///
/// # Errors
/// The part that cannot be converted.
pub(super) fn denial(rule: &Node) -> Result<Denial, String> {
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
    if operations(rule).count() > 1 {
        return Err("DENY with several operations".to_owned());
    }
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

/// Reads a rule of a policy with the action ALLOW.
///
/// # Errors
/// The part that cannot be converted.
pub(super) fn grant(rule: &Node) -> Result<Grant, String> {
    let mut grant = Grant::default();
    for source in sources(rule) {
        for (key, value) in source.members() {
            match key.text().unwrap_or_default() {
                "requestPrincipals" => {
                    grant.needs_token = true;
                    // A token without a subject has no principal.
                    grant.claims.push(Map::new().with("claim", "sub"));
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
fn conditions(operation: &Node) -> Result<Vec<Condition>, String> {
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
        paths.push(Condition::default());
    }
    for path in &mut paths {
        path.fields.set_list("methods", methods.clone());
    }
    Ok(paths.into_iter().filter(|condition| !condition.fields.is_empty()).collect())
}

/// `/a` is exact, and `/a*` a prefix, which becomes one of whole segments.
fn path_condition(path: &str) -> Result<Condition, String> {
    if path.contains(['{', '}']) || path.starts_with('*') && path != "*" {
        return Err(format!("the path {path}"));
    }
    let Some(prefix) = path.strip_suffix('*') else {
        let fields = Map::new().with("path", path);
        return Ok(Condition { fields, excluded: None });
    };
    let whole = prefix.trim_end_matches('/');
    let excluded = (whole != prefix && !whole.is_empty()).then(|| whole.to_owned());
    let prefix = if whole.is_empty() { "/" } else { whole };
    Ok(Condition { fields: Map::new().with("path_prefix", prefix), excluded })
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
