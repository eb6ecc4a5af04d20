//! AuthorizationPolicy.

use super::{
    entries,
    rules::{Condition, Denial, Grant, denial, grant},
};
use crate::{
    convert::{
        from::{input::kubernetes::Object, policy::providers},
        model::{Addresses, Chain},
        report::Report,
        yaml::Map,
    },
    found::Place,
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
    let (grants, requires) = read(chain, policies, report)?;
    let place = policies.first().map(|policy| (policy.place(), policy.describe()));
    let Some(mut config) = jwt else {
        let needs_token = grants.iter().any(|grant| grant.needs_token) || !requires.is_empty();
        let result = add_networks(chain, &grants);
        return if needs_token { Err("a RequestAuthentication".to_owned()) } else { result };
    };
    if grants.is_empty() && requires.is_empty() {
        config.set("optional", true);
    }
    entries::set(&mut config, &grants, &requires)?;
    if let Some((place, name)) = place {
        report_changes(&place, &name, &grants, report);
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

/// The rules of all policies: those with ALLOW, and the exceptions of those that require a token.
fn read(
    chain: &mut Chain,
    policies: &[&Object<'_>],
    report: &mut Report,
) -> Result<(Vec<Grant>, Vec<Vec<Condition>>), String> {
    let mut grants = Vec::new();
    let mut requires: Vec<Vec<Condition>> = Vec::new();
    for policy in policies {
        let failed = |reason: String, report: &mut Report| {
            report.left_out(&policy.place(), format!("{}: {reason}", policy.describe()));
            policy.describe()
        };
        let rules = policy.items(&["spec", "rules"]);
        report_addresses(policy, report);
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
    Ok((grants, requires))
}

/// Istio takes the addresses of remoteIpBlocks from X-Forwarded-For if proxies are trusted.
fn report_addresses(policy: &Object<'_>, report: &mut Report) {
    let mut has_remote = false;
    policy.root.walk(&mut |node| has_remote = has_remote || node.get("remoteIpBlocks").is_some());
    if has_remote {
        let message = format!(
            "{}: remoteIpBlocks are compared with the address of the peer; behind load balancers, \
             make the proxy trust their addresses",
            policy.describe()
        );
        report.changed(&policy.place(), message);
    }
}

/// Reports the differences of policies beside jwt-auth.
fn report_changes(place: &Place, name: &str, grants: &[Grant], report: &mut Report) {
    let message = format!("{name}: a missing token and a wrong audience get 401 instead of 403");
    report.changed(place, message);
    let of_paths = |grant: &Grant| grant.needs_token && !grant.conditions.is_empty();
    if grants.iter().any(of_paths) && grants.iter().any(|grant| grant.conditions.is_empty()) {
        let message = format!(
            "{name}: a request that meets the conditions of a rule must satisfy this rule, even if a \
             rule without conditions allows it"
        );
        report.changed(place, message);
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
