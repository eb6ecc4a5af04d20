//! Facts about filters from their configurations: headers, identities, claims and variables.

use serde_json::Value;

use super::Step;

/// The headers that jwt-auth owns whatever its configuration.
pub(crate) const OWNED: [&str; 5] = [
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-anonymous-consumer",
];

/// The text of a field.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// Whether a field is true. Some hosts pass booleans as text.
pub(crate) fn is_true(value: &Value, name: &str) -> bool {
    matches!(value.get(name), Some(Value::Bool(true)))
        || matches!(value.get(name), Some(Value::String(text)) if text == "true")
}

/// Whether a field is false.
pub(crate) fn is_false(value: &Value, name: &str) -> bool {
    matches!(value.get(name), Some(Value::Bool(false)))
        || matches!(value.get(name), Some(Value::String(text)) if text == "false")
}

/// Whether this configuration of jwt-auth admits some requests without a token, which pass all checks
/// of claims.
pub(crate) fn admits_without_token(config: &Value) -> bool {
    let is_open = |part: &Value| is_true(part, "optional") || is_true(part, "report_only");
    let exempts = |rule: &Value| is_open(rule) || is_true(rule, "skip");
    is_open(config)
        || config.get("anonymous").is_some()
        || !items(config, "skip").is_empty()
        || items(config, "rules").iter().any(exempts)
}

/// The items of a list.
pub(crate) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a list, or one text.
pub(crate) fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    match value.get(name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A header of `claims_to_headers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimHeader {
    /// The name in lower case.
    pub(crate) name: String,
    /// Whether the client's own header stays if the token lacks the claim.
    pub(crate) keeps_inbound: bool,
}

/// The headers of jwt-auth's `claims_to_headers`.
pub(crate) fn claim_headers(jwt_auth: &Step<'_>) -> Vec<ClaimHeader> {
    let entries = items(jwt_auth.config, "claims_to_headers").iter();
    entries
        .filter_map(|entry| {
            Some(ClaimHeader {
                name: text(entry, "header")?.to_ascii_lowercase(),
                keeps_inbound: is_true(entry, "keep_inbound"),
            })
        })
        .collect()
}

/// All headers whose client copies jwt-auth removes, in lower case.
pub(crate) fn owned_headers(jwt_auth: &Step<'_>) -> Vec<String> {
    let claims = claim_headers(jwt_auth).into_iter().filter(|header| !header.keeps_inbound);
    claims.map(|header| header.name).chain(OWNED.map(str::to_owned)).collect()
}

/// Something that identifies a client, in rate-limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// `X-Consumer-ID` and the others.
    Consumer,
    /// `X-Credential-Identifier`.
    Credential,
    /// A claim.
    Claim(String),
    /// A header, in lower case.
    Header(String),
}

/// The identities that rate-limit reads, with the paths of the fields that name them.
pub(crate) fn identities(rate_limit: &Step<'_>) -> Vec<(String, Identity)> {
    let config = rate_limit.config;
    let mut found = limit_by(config, "", &texts(config, "limit_by"));
    for (i, rule) in items(config, "rules").iter().enumerate() {
        let prefix = format!("rules[{i}].");
        found.extend(limit_by(rule, &prefix, &texts(rule, "limit_by")));
        for (field, new) in [
            ("claim", Identity::Claim as fn(String) -> Identity),
            ("header", |name| Identity::Header(name.to_ascii_lowercase())),
        ] {
            let name = rule.get(field).and_then(|condition| text(condition, "name"));
            found.extend(name.map(|name| (format!("{prefix}{field}.name"), new(name.to_owned()))));
        }
    }
    for list in ["allow", "deny"] {
        let consumers = config.get(list).map(|list| items(list, "consumers")).unwrap_or_default();
        if !consumers.is_empty() {
            found.push((format!("{list}.consumers"), Identity::Consumer));
        }
    }
    found
}

fn limit_by(config: &Value, prefix: &str, by: &[&str]) -> Vec<(String, Identity)> {
    let mut found = Vec::new();
    for by in by {
        let named = |field: &str, new: fn(String) -> Identity| {
            let name = text(config, field)?;
            Some((format!("{prefix}{field}"), new(name.to_owned())))
        };
        found.extend(match *by {
            "consumer" => Some((format!("{prefix}limit_by"), Identity::Consumer)),
            "credential" => Some((format!("{prefix}limit_by"), Identity::Credential)),
            "claim" => named("claim_name", Identity::Claim),
            "header" => named("header_name", |name| Identity::Header(name.to_ascii_lowercase())),
            _ => None,
        });
    }
    found
}

/// The entries of header-transform's rules, with their paths, such as `request.add.headers[0]`.
pub(crate) fn entries<'v>(transform: &Step<'v>) -> Vec<(String, &'v str)> {
    let mut found = Vec::new();
    for side in ["request", "response"] {
        for rule in ["remove", "rename", "replace", "add", "append"] {
            for part in ["headers", "querystring"] {
                let list = transform.config.get(side).and_then(|rules| rules.get(rule));
                let list = list.map(|list| items(list, part)).unwrap_or_default();
                for (i, entry) in list.iter().enumerate() {
                    let path = format!("{side}.{rule}.{part}[{i}]");
                    found.extend(entry.as_str().map(|entry| (path, entry)));
                }
            }
        }
    }
    found
}

/// The names in templates of one kind in an entry: `$(claims.sub | none)` names the claim `sub`.
pub(crate) fn templates<'e>(entry: &'e str, kind: &str) -> Vec<&'e str> {
    let start = format!("$({kind}.");
    let mut found = Vec::new();
    let mut rest = entry;
    while let Some((before, after)) = rest.split_once(&start) {
        // `$$(` is a literal `$(`.
        let name = after.split([')', '|', '[']).next().unwrap_or_default().trim();
        if !before.ends_with('$') && !name.is_empty() {
            found.push(name);
        }
        rest = after;
    }
    found
}

/// The claims that a filter uses, with the paths of the fields that name them.
pub(crate) fn used_claims(step: &Step<'_>) -> Vec<(String, String)> {
    let mut used = Vec::new();
    for (path, identity) in identities(step) {
        if let Identity::Claim(name) = identity {
            used.push((path, name));
        }
    }
    for (path, entry) in entries(step) {
        let names = templates(entry, "claims").into_iter();
        used.extend(names.map(|name| (path.clone(), name.to_owned())));
    }
    used
}

/// The environment variables that a configuration reads: `{env: NAME}` anywhere in it.
pub(crate) fn variables(config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    add_variables(config, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn add_variables(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| add_variables(item, found)),
        Value::Object(members) => {
            let is_reference = members.keys().all(|name| name == "env" || name == "trim");
            if let (true, Some(Value::String(name))) = (is_reference, members.get("env")) {
                found.push(name.clone());
            }
            members.values().for_each(|value| add_variables(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_names_in_templates() {
        assert_eq!(templates("X:$(claims.a)-$(claims.b | none)$$(claims.c)", "claims"), ["a", "b"]);
        assert_eq!(templates("X:$(headers.x-user[])", "headers"), ["x-user"]);
    }

    #[test]
    fn finds_variables_but_no_claims_named_env() {
        let config = serde_json::json!({
            "credentials": [{"secret": {"env": "B", "trim": false}}, {"secret": {"env": "A"}}],
            "required_claims": [{"claim": "env", "equals": "C"}],
        });
        assert_eq!(variables(&config), ["A", "B"]);
    }

    #[test]
    fn every_exception_admits_requests_without_a_token() {
        for config in [
            json!({"optional": true}),
            json!({"report_only": "true"}),
            json!({"anonymous": {"username": "a"}}),
            json!({"skip": [{"path": "/a"}]}),
            json!({"rules": [{"path": "/a", "skip": true}]}),
            json!({"rules": [{"path": "/a"}, {"path": "/b", "optional": true}]}),
        ] {
            assert!(admits_without_token(&config), "{config}");
        }
        for config in [
            json!({"skip": [], "optional": false}),
            json!({"rules": [{"path": "/a", "audiences": ["skip"]}]}),
        ] {
            assert!(!admits_without_token(&config), "{config}");
        }
    }
}
