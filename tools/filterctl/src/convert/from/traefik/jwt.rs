//! Plugins that verify tokens. Their settings have many names, which are compared without case and
//! separators.

use super::part::Part;
use crate::{
    convert::{
        from::{
            input::fields::{Fields, texts},
            input::secrets::Secret,
        },
        model::prune,
        report::Report,
        yaml::Map,
    },
    source::Node,
};
use novasphere_explain::{FilterKind, ProxyKind};

/// The variable for a single secret.
const VARIABLE: &str = "NOVASPHERE_JWT_SECRET";

/// The configuration of jwt-auth. `None` if the plugin has no key that can be converted.
pub(super) fn section(part: &Part<'_>, node: &Node, report: &mut Report) -> Option<Map> {
    if !is_understood(part, node, report) {
        return None;
    }
    let mut config = Map::new();
    let issuers = lists(node, &["iss", "issuer", "issuers"]);
    let audiences = lists(node, &["aud", "audience", "audiences"]);
    // Without a single issuer, the algorithm selects the key: any issuer passes.
    let by_issuer = match issuers.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    if by_issuer.is_none() {
        config.set("key_claim_name", "alg");
    }
    let (credentials, is_weak) = credentials(part, node, by_issuer.as_deref(), report);
    if credentials.is_empty() {
        part.left_out("it has no secret and no public key", report);
        return None;
    }
    config.set("credentials", credentials);
    if is_weak {
        config.set("allow_weak_secret", true);
        let comment =
            "A secret is shorter than RFC 7518 section 3.2 requires. Replace it, then remove this.";
        config.comment("allow_weak_secret", comment);
        part.changed(
            "a secret is shorter than its algorithm requires (32 bytes for HS256); \
             allow_weak_secret accepts it until you replace it",
            report,
        );
    }
    add_sources(&mut config, node);
    config.set_list("issuers", if by_issuer.is_some() { Vec::new() } else { issuers });
    config.set_list("audiences", audiences);
    add_claims(&mut config, node);
    finish(config, part, report)
}

/// The credentials, and whether a secret is too short.
fn credentials(
    part: &Part<'_>,
    node: &Node,
    issuer: Option<&str>,
    report: &mut Report,
) -> (Vec<Map>, bool) {
    let algorithm = named(node, &["algorithm", "alg"]).and_then(Node::text);
    let mut is_weak = false;
    let mut credentials = Vec::new();
    for (kid, secret) in secrets(node) {
        let algorithm = algorithm.filter(|name| name.starts_with("HS")).unwrap_or("HS256");
        let size = match algorithm {
            "HS512" => 64,
            "HS384" => 48,
            _ => 32,
        };
        is_weak = is_weak || secret.key_bytes(false).is_some_and(|bytes| bytes < size);
        let meaning = format!("the secret of {}", part.name);
        let suffix = kid.as_deref().unwrap_or_default();
        let variable = report.variable(VARIABLE, suffix, meaning, Some(&part.middleware.place));
        let mut credential = Map::new()
            .with("key", issuer.unwrap_or(algorithm))
            .with("algorithm", algorithm)
            .with("secret", Map::new().with("env", variable));
        credential.set_some("kid", kid);
        credentials.push(credential);
    }
    for key in lists(node, &["keys", "publickey", "certificate"]) {
        if !key.contains("-----BEGIN") || key.contains("PRIVATE KEY") {
            part.left_out(
                "a key that is not a public key in PEM; jwt-auth fetches keys with jwks",
                report,
            );
            continue;
        }
        let algorithm = algorithm.unwrap_or("RS256");
        let own = issuer.unwrap_or(algorithm);
        credentials
            .push(Map::new().with("key", own).with("algorithm", algorithm).with("public_key", key));
    }
    (credentials, is_weak)
}

fn finish(mut config: Map, part: &Part<'_>, report: &mut Report) -> Option<Map> {
    let removable = ["credentials[", "claims_to_headers["];
    match prune(FilterKind::JwtAuth, &mut config, ProxyKind::Envoy, &removable) {
        Ok(pruned) => {
            for fault in pruned {
                part.left_out(&format!("{}: {}", fault.path, fault.message), report);
            }
            part.converted("jwt_auth", report);
            Some(config)
        }
        Err(fault) => {
            part.left_out(&format!("jwt-auth rejects it: {fault}"), report);
            None
        }
    }
}

/// The settings that are read, without case and separators.
const KNOWN: [&str; 37] = [
    "algorithm",
    "alg",
    "iss",
    "issuer",
    "issuers",
    "aud",
    "audience",
    "audiences",
    "secret",
    "jwtsecret",
    "hmacsecret",
    "signingsecret",
    "secrets",
    "keys",
    "publickey",
    "certificate",
    "claims",
    "requiredclaims",
    "payloadfields",
    "required",
    "require",
    "headermap",
    "jwtheaders",
    "claimstoheaders",
    "cookiename",
    "jwtcookiekey",
    "headername",
    "authheader",
    "parametername",
    "jwtquerykey",
    "optional",
    "forwardtoken",
    "usedynamicvalidation",
    "loglevel",
    "insecureskipverify",
    "freshness",
    "infotostdout",
];

/// Settings with lists of names and values.
const LISTS: [&str; 12] = [
    "iss",
    "issuer",
    "issuers",
    "aud",
    "audience",
    "audiences",
    "claims",
    "requiredclaims",
    "payloadfields",
    "required",
    "keys",
    "publickey",
];

/// Whether all settings are known. An unknown one may be a check.
fn is_understood(part: &Part<'_>, node: &Node, report: &mut Report) -> bool {
    let mut is_understood = true;
    for (key, value) in node.members() {
        let name = key.text().unwrap_or_default();
        let plain = plain(name);
        let is_known = KNOWN.contains(&plain.as_str());
        let is_list = !LISTS.contains(&plain.as_str()) || value.members().is_empty();
        let has_lists = plain != "require"
            || value.members().iter().all(|(_, values)| {
                let mut items = values.items().iter();
                values.members().is_empty() && items.all(|item| item.text().is_some())
            });
        if !is_known || !is_list || !has_lists {
            let place =
                crate::found::Place { file: part.middleware.place.file, span: key.span.clone() };
            let message = format!("{}: {name}: is not supported, and may be a check", part.name);
            report.left_out(&place, message);
            is_understood = false;
        }
    }
    is_understood
}

/// A name without case and separators.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn named<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    let is_named = |(key, _): &&(Node, Node)| {
        key.text().is_some_and(|name| names.contains(&plain(name).as_str()))
    };
    node.members().iter().find(is_named).map(|(_, value)| value).filter(|value| !value.is_null())
}

fn lists(node: &Node, names: &[&str]) -> Vec<String> {
    named(node, names).map(texts).unwrap_or_default()
}

/// The secrets, each with its key id.
fn secrets(node: &Node) -> Vec<(Option<String>, Secret)> {
    let single = named(node, &["secret", "jwtsecret", "hmacsecret", "signingsecret"]);
    let mut found: Vec<_> =
        single.and_then(Node::text).map(|text| (None, Secret::new(text))).into_iter().collect();
    for (key, value) in named(node, &["secrets"]).map(Node::members).unwrap_or_default() {
        if let (Some(kid), Some(text)) = (key.text(), value.text()) {
            found.push((Some(kid.to_owned()), Secret::new(text)));
        }
    }
    found
}

fn add_sources(config: &mut Map, node: &Node) {
    config.set_list("header_names", lists(node, &["headername", "authheader"]));
    config.set("uri_param_names", lists(node, &["parametername", "jwtquerykey"]));
    config.set_list("cookie_names", lists(node, &["cookiename", "jwtcookiekey"]));
    let fields = |name: &str| named(node, &[name]).and_then(Node::text) == Some("true");
    if fields("optional") {
        config.set("optional", true);
    }
    if named(node, &["forwardtoken"]).and_then(Node::text) == Some("false") {
        config.set("forward_token", false);
    }
}

fn add_claims(config: &mut Map, node: &Node) {
    let names = ["claims", "requiredclaims", "payloadfields", "required"];
    let (mut times, mut required) = (Vec::new(), Vec::new());
    for claim in lists(node, &names) {
        match claim.as_str() {
            "exp" | "nbf" | "iat" => times.push(claim),
            _ => required.push(Map::new().with("claim", claim)),
        }
    }
    for (key, value) in named(node, &["require"]).map(Node::members).unwrap_or_default() {
        let values = texts(value);
        match key.text().unwrap_or_default() {
            "iss" => config.set_list("issuers", values),
            "aud" => config.set_list("audiences", values),
            name if values.is_empty() => required.push(Map::new().with("claim", name)),
            name => required.push(Map::new().with("claim", name).with("one_of", values)),
        }
    }
    config.set("claims_to_verify", times);
    config.set_list("required_claims", required);
    let map = named(node, &["headermap", "jwtheaders", "claimstoheaders"]);
    let fields = Fields::new(map, crate::source::Reader::Yaml);
    let mut headers = Vec::new();
    for (header, claim) in fields.rest() {
        if let (Some(header), Some(claim)) = (header.text(), claim.text()) {
            headers.push(Map::new().with("claim", claim).with("header", header));
        }
    }
    config.set_list("claims_to_headers", headers);
}
