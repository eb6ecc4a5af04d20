//! The members whose values are secrets, and the variables of environments.

use std::ops::Range;

use super::scalar;
use crate::source::{Content, Node};

/// Fields of the filters, of Kong's plugins, and of private JWKs.
const NAMES: [&str; 10] = ["secret", "token", "apikey", "k", "d", "p", "q", "dp", "dq", "qi"];

/// The fields that `check` may find misspelt.
const MISSPELT: [&str; 2] = ["secret", "apikey"];
const MAX_EDITS: usize = 2;

/// The ends of such names, also in Kong's settings: `pg_password`, `KONG_VAULT_HCV_TOKEN`.
const ENDS: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "api_key",
    "_secret",
    "_token",
    "session_conf",
    "license_data",
];

/// Whether values of a field with this name are secrets.
pub(super) fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let plain = lower.replace(['-', '_'], "");
    NAMES.contains(&lower.as_str())
        || ENDS.iter().any(|end| lower.ends_with(end))
        || MISSPELT.iter().any(|secret| strsim::osa_distance(&plain, secret) <= MAX_EDITS)
}

/// Whether a member is a secret. A reference to a variable is an object, and `forward_token` a boolean.
pub(super) fn is_secret(name: &str, value: &Node) -> bool {
    let is_switch = value.text().is_some_and(|text| ["true", "false"].contains(&text));
    is_secret_name(name) && !is_switch && !matches!(value.content, Content::Mapping(_))
}

/// The variables in a member that is an environment, with their values: `env` of containers and of
/// Istio, `customEnv` of Kong's charts, and `key_values` of Envoy.
pub(super) fn variables<'n>(name: &str, value: &'n Node) -> Vec<(&'n str, &'n Node)> {
    let is_object = ["customEnv", "key_values", "keyValues"].contains(&name);
    let members = if is_object { value.members() } else { &[] };
    let members = members.iter().filter_map(|(name, value)| Some((name.text()?, value)));
    let items = if name == "env" { value.items() } else { &[] };
    let items = items.iter().filter_map(|item| Some((item.get_text("name")?, item.get("value")?)));
    members.chain(items).filter(|(_, value)| value.text().is_some()).collect()
}

/// Whether the value of a variable is hidden. Most of Kong's own settings are not secrets.
pub(super) fn is_secret_variable(name: &str) -> bool {
    !name.starts_with("KONG_") || is_secret_name(name)
}

/// The values in Kong's setting `nginx_main_env`: `FIRST=value; env SECOND`.
pub(super) fn main_env(name: &str, value: &Node, text: &str) -> Vec<Range<usize>> {
    let name = name.to_ascii_lowercase();
    let secret = scalar::secret(value, text);
    let Some(all) =
        secret.filter(|_| name.strip_prefix("kong_").unwrap_or(&name) == "nginx_main_env")
    else {
        return Vec::new();
    };
    let mut start = all.span.start;
    let mut found = Vec::new();
    for entry in text.get(all.span).unwrap_or_default().split_inclusive(';') {
        if let Some(at) = entry.find('=') {
            let end = start.saturating_add(entry.trim_end_matches(';').len());
            found.push(start.saturating_add(at).saturating_add(1)..end);
        }
        start = start.saturating_add(entry.len());
    }
    found
}
