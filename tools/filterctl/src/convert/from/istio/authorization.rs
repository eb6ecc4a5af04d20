//! AuthorizationPolicy.

use super::rules::{Denial, Grant, denial, grant};
use crate::{
    convert::{
        from::{input::kubernetes::Object, policy::providers},
        model::{Addresses, Chain},
        report::Report,
        yaml::{Map, Yaml},
    },
    source::Node,
};

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
        let needs_token = grants.iter().any(|grant| grant.needs_token) || !requires.is_empty();
        let result = add_networks(chain, &grants);
        return if needs_token { Err("a RequestAuthentication".to_owned()) } else { result };
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
    if !requires.is_empty() && grants.iter().any(|grant| !grant.needs_token) {
        return Err("a DENY of requests without tokens beside an ALLOW of such requests".to_owned());
    }
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
