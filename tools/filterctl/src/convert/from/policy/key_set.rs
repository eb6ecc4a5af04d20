//! Key sets in the configuration, as credentials.

use serde_json::Value;

use super::providers::Provider;
use crate::convert::{report::Report, yaml::Map};

/// The variable for a single secret.
const VARIABLE: &str = "NOVASPHERE_JWT_SECRET";

/// The credentials of a key set, and whether one of them is a secret.
pub(super) fn credentials(
    provider: &Provider,
    text: &str,
    report: &mut Report,
) -> Option<(Vec<Map>, bool)> {
    let name = &provider.name;
    let set: Option<Value> = serde_json::from_str(text).ok();
    let keys = set.as_ref().and_then(|set| set.get("keys")).and_then(Value::as_array);
    let Some(keys) = keys else {
        report.left_out(
            &provider.place,
            format!("provider {name}: its key set is not JSON with keys"),
        );
        return None;
    };
    let (mut entries, mut has_secrets) = (Vec::new(), false);
    for (n, key) in (1_usize..).zip(keys) {
        let member = |member: &str| key.get(member).and_then(Value::as_str);
        let kid = member("kid");
        let shown = kid.unwrap_or("without kid");
        // Different secrets need different variables.
        let is_alone = keys.iter().filter(|other| other.get("kid") == key.get("kid")).count() == 1;
        let shown = if is_alone { shown.to_owned() } else { format!("number {n}") };
        let is_secret = member("kty") == Some("oct");
        if !is_secret && key.get("d").is_some() {
            report
                .left_out(&provider.place, format!("provider {name}: the key {shown} is private"));
            continue;
        }
        let default = match member("kty") {
            Some("oct") => "HS256",
            Some("EC") => "ES256",
            Some("OKP") => "EdDSA",
            _ => "RS256",
        };
        let algorithm = member("alg").unwrap_or(default);
        let own = provider.issuer.as_deref().unwrap_or(algorithm);
        let mut entry = Map::new().with("key", own).with("algorithm", algorithm);
        if is_secret {
            has_secrets = true;
            let meaning = format!("the member k of key {shown} of provider {name}");
            let suffix = kid.unwrap_or_default();
            let variable = report.variable(VARIABLE, suffix, meaning, Some(&provider.place));
            entry.set_some("kid", kid);
            entry.set("secret", Map::new().with("env", variable));
        } else {
            entry.set("jwk", public(key));
        }
        entries.push(entry);
    }
    Some((entries, has_secrets))
}

/// The members of a public key.
fn public(key: &Value) -> Map {
    let names = ["kty", "crv", "kid", "alg", "use", "n", "e", "x", "y"];
    let mut map = Map::new();
    for name in names {
        map.set_some(name, key.get(name).and_then(Value::as_str));
    }
    map
}
