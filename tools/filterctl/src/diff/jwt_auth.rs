//! Changes of jwt-auth.

use serde_json::Value;

use super::{
    changes::{Changes, Effect},
    values::{Both, items, sets},
};
use crate::chains::{
    Step,
    facts::{is_false, is_true, items as list, text},
};

pub(super) fn compare(old: &Step<'_>, new: &Step<'_>, changes: &mut Changes) {
    let both = Both::new(old, new);
    credentials(&both, changes);
    issuers(&both, changes);
    sources(&both, changes);
    checks(&both, changes);
    openness(&both, changes);
    rules(&both, changes);
    identity(&both, changes);
    // Another claim may let a token choose another key.
    both.changed(&["key_claim_name"], Effect::Looser, changes);
    both.neutral(
        &[
            "secret_is_base64",
            "forward_token",
            "cache_tokens",
            "max_token_bytes",
            "max_claim_header_bytes",
            "realm",
            "error_format",
        ],
        changes,
    );
}

/// A key without its material: `shop (kid 2026, ES256)`.
fn key_name(credential: &Value) -> String {
    let key = text(credential, "key").unwrap_or_default();
    let kid = text(credential, "kid").map(|kid| format!("kid {kid}"));
    let variable = ["secret", "public_key"]
        .iter()
        .find_map(|field| text(credential.get(*field)?, "env"))
        .map(|name| format!("variable {name}"));
    let algorithm = text(credential, "algorithm").map(str::to_owned);
    let details: Vec<String> = [kid, algorithm, variable].into_iter().flatten().collect();
    if details.is_empty() { key.to_owned() } else { format!("{key} ({})", details.join(", ")) }
}

/// A credential without its consumer.
fn material(credential: &Value) -> Value {
    let mut material = credential.clone();
    if let Some(members) = material.as_object_mut() {
        members.remove("consumer");
    }
    material
}

fn credentials(both: &Both<'_>, changes: &mut Changes) {
    let at = (both.subject, "credentials");
    let (old, new) = (list(both.old, "credentials"), list(both.new, "credentials"));
    let same = |all: &[Value], one: &Value| -> Option<Value> {
        all.iter().find(|other| material(other) == material(one)).cloned()
    };
    for credential in new {
        match same(old, credential) {
            None => {
                let message = format!("the key {} is new", key_name(credential));
                changes.add(Effect::Looser, at, message);
            }
            Some(before) if before.get("consumer") != credential.get("consumer") => {
                let message = format!(
                    "tokens of {} have another consumer: its limits start again",
                    key_name(credential)
                );
                changes.add(Effect::Neutral, at, message);
            }
            Some(_) => {}
        }
    }
    for credential in old.iter().filter(|credential| same(new, credential).is_none()) {
        let message = format!("the key {} is gone: its tokens are rejected", key_name(credential));
        changes.add(Effect::Stricter, at, message);
    }
}

fn issuers(both: &Both<'_>, changes: &mut Changes) {
    let at = (both.subject, "jwks");
    let name = |issuer: &Value| text(issuer, "issuer").unwrap_or_default().to_owned();
    let (old, new) = (list(both.old, "jwks"), list(both.new, "jwks"));
    for issuer in new {
        let Some(before) = old.iter().find(|other| name(other) == name(issuer)) else {
            changes.add(Effect::Looser, at, format!("the issuer {} is new", name(issuer)));
            continue;
        };
        let trusted = ["uri", "cluster", "path", "discovery", "issuer_values", "any_value"];
        if trusted.iter().any(|field| before.get(field) != issuer.get(field)) {
            let message = format!("the keys of {} come from another place", name(issuer));
            changes.add(Effect::Looser, at, message);
        }
        let field = |name: &str| [before.get(name), issuer.get(name)];
        if let [Some(before), Some(after)] = field("algorithms") {
            sets(&items(before), &items(after), at, Effect::Looser, changes);
        } else if before.get("algorithms") != issuer.get("algorithms") {
            let message = format!("the algorithms of {} have changed", name(issuer));
            changes.add(Effect::Neutral, at, message);
        }
        if before.get("consumer") != issuer.get("consumer") {
            let message =
                format!("tokens of {} have another consumer: its limits start again", name(issuer));
            changes.add(Effect::Neutral, at, message);
        }
    }
    for issuer in old.iter().filter(|one| !new.iter().any(|other| name(other) == name(one))) {
        let message = format!("the issuer {} is gone: its tokens are rejected", name(issuer));
        changes.add(Effect::Stricter, at, message);
    }
}

fn sources(both: &Both<'_>, changes: &mut Changes) {
    both.list("header_names", &["authorization"], Effect::Looser, changes);
    both.list("uri_param_names", &["jwt"], Effect::Looser, changes);
    both.list("cookie_names", &[], Effect::Looser, changes);
    both.list("websocket_protocols", &[], Effect::Looser, changes);
    both.switch("accept_padding", Effect::Looser, changes);
}

fn checks(both: &Both<'_>, changes: &mut Changes) {
    both.list("claims_to_verify", &["exp"], Effect::Stricter, changes);
    for name in ["typ", "issuers", "audiences", "subjects"] {
        both.accepted(name, changes);
    }
    both.list("required_claims", &[], Effect::Stricter, changes);
    both.number("leeway", 0, Effect::Looser, changes);
    // 0 means no bound.
    let bound = |value: Option<&Value>| super::values::number(value).filter(|bound| *bound > 0);
    let [old, new] = both.field("maximum_expiration").map(bound);
    if old != new {
        let effect = match (old, new) {
            (Some(old), Some(new)) if new > old => Effect::Looser,
            (Some(_), None) => Effect::Looser,
            _ => Effect::Stricter,
        };
        let shown = |bound: Option<u64>| bound.map_or("no bound".to_owned(), |b| b.to_string());
        let message = format!("{} becomes {}", shown(old), shown(new));
        changes.add(effect, (both.subject, "maximum_expiration"), message);
    }
    let [old, new] = both.field("scopes");
    let scopes = |value: Option<&Value>, name: &str| {
        value.and_then(|scopes| scopes.get(name)).map(items).unwrap_or_default()
    };
    let at = |name: &'static str| (both.subject, name);
    let (before, after) = (scopes(old, "all_of"), scopes(new, "all_of"));
    sets(&before, &after, at("scopes.all_of"), Effect::Stricter, changes);
    let (before, after) = (scopes(old, "any_of"), scopes(new, "any_of"));
    match (before.is_empty(), after.is_empty()) {
        (true, false) => changes.add(Effect::Stricter, at("scopes.any_of"), "is required now"),
        (false, true) => {
            changes.add(Effect::Looser, at("scopes.any_of"), "is not required any more");
        }
        _ => sets(&before, &after, at("scopes.any_of"), Effect::Looser, changes),
    }
    for name in ["jti", "sub"] {
        let [before, after] = both.field("denied_tokens").map(|denied| scopes(denied, name));
        sets(&before, &after, at("denied_tokens"), Effect::Stricter, changes);
    }
}

fn openness(both: &Both<'_>, changes: &mut Changes) {
    for name in ["optional", "report_only", "allow_weak_secret", "verbose_errors"] {
        both.switch(name, Effect::Looser, changes);
    }
    let at = (both.subject, "run_on_preflight");
    match (is_false(both.old, "run_on_preflight"), is_false(both.new, "run_on_preflight")) {
        (false, true) => changes.add(Effect::Looser, at, "preflights need no token any more"),
        (true, false) => changes.add(Effect::Stricter, at, "preflights need a token now"),
        _ => {}
    }
    let at = (both.subject, "anonymous");
    match both.field("anonymous") {
        [None, Some(_)] => {
            changes.add(Effect::Looser, at, "requests without a valid token pass now");
        }
        [Some(_), None] => {
            let message = "requests without a valid token do not pass any more";
            changes.add(Effect::Stricter, at, message);
        }
        [old, new] if old != new => {
            changes.add(
                Effect::Neutral,
                at,
                "requests without a valid token have another consumer",
            );
        }
        _ => {}
    }
}

/// Rules that exempt requests, and rules that require more of them.
fn rules(both: &Both<'_>, changes: &mut Changes) {
    both.list("skip", &[], Effect::Looser, changes);
    let (old, new) = (list(both.old, "rules"), list(both.new, "rules"));
    let effect = |rule: &Value| {
        let opens = ["skip", "optional", "report_only"].iter().any(|name| is_true(rule, name));
        if opens { Effect::Looser } else { Effect::Stricter }
    };
    let at = (both.subject, "rules");
    for rule in new.iter().filter(|rule| !old.contains(rule)) {
        changes.add(effect(rule), at, format!("{rule} is new"));
    }
    for rule in old.iter().filter(|rule| !new.contains(rule)) {
        changes.add(effect(rule).opposite(), at, format!("{rule} is gone"));
    }
    let common = |rules: &[Value], others: &[Value]| -> Vec<Value> {
        rules.iter().filter(|rule| others.contains(rule)).cloned().collect()
    };
    if common(old, new) != common(new, old) {
        changes.add(Effect::Neutral, at, "the order of the rules has changed");
    }
}

/// The headers and attributes that the upstream and later filters get.
fn identity(both: &Both<'_>, changes: &mut Changes) {
    for (field, name) in [("claims_to_headers", "header"), ("claims_to_attributes", "attribute")] {
        let at = (both.subject, field);
        let (old, new) = (list(both.old, field), list(both.new, field));
        let find = |all: &[Value], one: &Value| -> Option<Value> {
            all.iter().find(|other| text(other, name) == text(one, name)).cloned()
        };
        for entry in new {
            let shown = text(entry, name).unwrap_or_default();
            let Some(before) = find(old, entry) else {
                changes.add(Effect::Neutral, at, format!("{shown} is new"));
                continue;
            };
            let keeps = [&before, entry].map(|entry| is_true(entry, "keep_inbound"));
            if keeps == [false, true] {
                let message = format!("clients may set {shown} if the token lacks the claim");
                changes.add(Effect::Looser, at, message);
            } else if keeps == [true, false] {
                let message = format!("clients cannot set {shown} any more");
                changes.add(Effect::Stricter, at, message);
            }
            if ["claim", "as"].iter().any(|part| before.get(part) != entry.get(part)) {
                let message = format!("{shown} holds another value: identities change");
                changes.add(Effect::Neutral, at, message);
            }
        }
        for entry in old.iter().filter(|entry| find(new, entry).is_none()) {
            let shown = text(entry, name).unwrap_or_default();
            changes.add(Effect::Neutral, at, format!("{shown} is not sent any more"));
        }
    }
    both.neutral(&["credential_header"], changes);
}
