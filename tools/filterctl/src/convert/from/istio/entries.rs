//! `rules` of jwt-auth for the rules of AuthorizationPolicies.

use super::rules::{Condition, Grant};
use crate::convert::yaml::{Map, Yaml};

/// Sets `rules` and the general checks.
///
/// In Istio a request passes if any rule with ALLOW grants it. Here the first entry decides, so that
/// those without tokens come first.
///
/// # Errors
/// The policies that cannot be converted together.
pub(super) fn set(
    config: &mut Map,
    grants: &[Grant],
    requires: &[Vec<Condition>],
) -> Result<(), String> {
    if !requires.is_empty() && grants.iter().any(|grant| !grant.needs_token) {
        return Err("a DENY of requests without tokens beside an ALLOW of such requests".to_owned());
    }
    let mut general = grants.iter().filter(|grant| grant.conditions.is_empty());
    let rest = general.next();
    if general.next().is_some() {
        return Err("several rules for all requests".to_owned());
    }
    let mut entries = Entries { rest: rest_effect(config, grants, rest), ..Entries::default() };
    for grant in grants {
        for condition in &grant.conditions {
            entries.add(condition, &effect(config, grant));
        }
    }
    if grants.is_empty() {
        add_exceptions(&mut entries, requires)?;
    }
    if !requires.is_empty() {
        config.push("required_claims", subject());
    }
    match rest {
        // A token on a path that needs none must be valid, but may lack these claims.
        Some(grant) if grant.needs_token && entries.has_optional() => {
            let mut last = all();
            last.extend(&effect(config, grant));
            entries.last.push(last);
        }
        Some(grant) if grant.needs_token => {
            for claim in &grant.claims {
                config.push("required_claims", claim.clone());
            }
            if !grant.issuers.is_empty() {
                config.set("issuers", grant.issuers.clone());
            }
        }
        Some(_) => entries.last.push(all().with("optional", true)),
        None if grants.is_empty() => {}
        None => {
            let mut last = all();
            last.extend(&never());
            last.comment("path_prefix", "No policy allows other requests.");
            entries.last.push(last);
        }
    }
    config.set_list("rules", entries.all());
    Ok(())
}

/// The paths for which a DENY needs no token.
fn add_exceptions(entries: &mut Entries, requires: &[Vec<Condition>]) -> Result<(), String> {
    match requires {
        [] => Ok(()),
        [paths] => {
            let optional = Map::new().with("optional", true);
            paths.iter().for_each(|path| entries.add(path, &optional));
            Ok(())
        }
        several if several.iter().all(Vec::is_empty) => Ok(()),
        _ => Err("several DENY rules with notPaths".to_owned()),
    }
}

fn all() -> Map {
    Map::new().with("path_prefix", "/")
}

/// A token without a subject has no principal.
fn subject() -> Map {
    Map::new().with("claim", "sub")
}

/// No token has this issuer.
fn never() -> Map {
    let claim = Map::new().with("claim", "iss").with("equals", "no policy allows this request");
    Map::new().with("required_claims", vec![claim])
}

/// What a grant asks for. RequestAuthentication rejects an invalid token in any case.
fn effect(config: &Map, grant: &Grant) -> Map {
    if !grant.needs_token {
        return Map::new().with("optional", true);
    }
    let issuers = match grant.issuers.is_empty() {
        true => config.texts("issuers"),
        false => grant.issuers.clone(),
    };
    let mut effect = Map::new();
    effect.set_list("issuers", issuers);
    effect.set_list("required_claims", grant.claims.clone());
    effect
}

/// What requests need that meet no condition.
fn rest_effect(config: &Map, grants: &[Grant], rest: Option<&Grant>) -> Map {
    match rest {
        Some(grant) if grant.needs_token => effect(config, grant),
        Some(_) => Map::new().with("optional", true),
        None if grants.is_empty() => Map::new().with("required_claims", vec![subject()]),
        None => never(),
    }
}

/// Entries of `rules`, in the order in which they apply.
#[derive(Default)]
struct Entries {
    exact: Vec<Map>,
    /// Requests that a later entry covers, but not its condition.
    excluded: Vec<Map>,
    optional: Vec<Map>,
    token: Vec<Map>,
    last: Vec<Map>,
    /// What the excluded requests need.
    rest: Map,
}

impl Entries {
    fn add(&mut self, condition: &Condition, effect: &Map) {
        let mut entry = condition.fields.clone();
        entry.extend(effect);
        let is_optional = effect.is_true("optional");
        match condition.fields.get("path") {
            Some(_) if is_optional => self.exact.insert(0, entry),
            Some(_) => self.exact.push(entry),
            None if is_optional => self.optional.push(entry),
            None => self.token.push(entry),
        }
        let mut excluded: Vec<Map> = Vec::new();
        if let Some(path) = &condition.excluded {
            let mut exact = Map::new().with("path", path.as_str());
            exact.set_some("methods", condition.fields.get("methods").cloned());
            excluded.push(exact);
        }
        let methods = condition.fields.texts("methods");
        let has = |name: &str| methods.iter().any(|method| method == name);
        if has("GET") && !has("HEAD") && !is_optional {
            // GET of jwt-auth includes HEAD, unless the entry is less strict than the filter.
            let mut head = condition.fields.clone();
            head.set("methods", vec!["HEAD"]);
            excluded.push(head);
        }
        for mut entry in excluded {
            entry.extend(&self.rest);
            if !self.excluded.contains(&entry) {
                self.excluded.push(entry);
            }
        }
    }

    fn has_optional(&self) -> bool {
        let is_optional = |entry: &Map| entry.is_true("optional");
        !self.optional.is_empty() || self.exact.iter().any(is_optional)
    }

    /// Exact paths with HEAD must not come before the exclusion of HEAD.
    fn all(self) -> Vec<Yaml> {
        let (head, paths): (Vec<Map>, Vec<Map>) =
            self.excluded.into_iter().partition(|entry| entry.texts("methods") == ["HEAD"]);
        let groups = [head, self.exact, paths, self.optional, self.token, self.last];
        groups.into_iter().flatten().map(Yaml::from).collect()
    }
}
