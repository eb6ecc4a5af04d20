//! SecurityPolicy.

use crate::{
    chains::facts::admits_without_token,
    convert::{
        from::{
            input::fields::{Fields, texts},
            input::kubernetes::Object,
            policy::buckets,
            policy::origins,
            policy::providers::{self, Keys, Provider},
        },
        model::{Addresses, Chain},
        report::Report,
        yaml::Map,
    },
    source::{Node, Reader},
};

/// Adds the filters of a policy.
///
/// # Errors
/// The part that cannot be converted and that protects routes.
pub(super) fn add(
    chain: &mut Chain,
    policy: &Object<'_>,
    report: &mut Report,
) -> Result<(), String> {
    let place = policy.place();
    let name = policy.describe();
    let fields = Fields::new(policy.root.get("spec"), Reader::Kubernetes);
    fields.ignore(&["targetRef", "targetRefs", "targetSelectors"]);
    if let Some(node) = fields.get("cors") {
        chain.cors = cors(node, policy, report);
    }
    if let Some(node) = fields.get("jwt") {
        chain.jwt_auth = Some(jwt(node, policy, report)?);
    }
    if let Some(node) = fields.get("authorization") {
        authorization(chain, node).map_err(|reason| {
            report
                .left_out(&policy.document.place(node), format!("{name}: authorization: {reason}"));
            name.clone()
        })?;
        report.converted(&policy.document.place(node), format!("{name}: authorization"));
    }
    let mut missing = None;
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        let message = format!("{name}: {field}: no filter does this, and it may reject requests");
        report.left_out(&policy.document.place(key), message);
        missing = Some(name.clone());
    }
    if missing.is_none() {
        report.converted(&place, name);
    }
    missing.map_or(Ok(()), Err)
}

fn cors(node: &Node, policy: &Object<'_>, report: &mut Report) -> Option<Map> {
    let fields = Fields::new(Some(node), Reader::Kubernetes);
    let origins: Vec<String> = fields.texts("allowOrigins");
    let is_for_all = origins.is_empty() || origins.iter().any(|origin| origin == "*");
    let credentials = fields.flag("allowCredentials") == Some(true);
    let name = policy.describe();
    let place = policy.document.place(node);
    let mut config = Map::new();
    if is_for_all {
        config.set("origins", vec!["*"]);
    } else {
        // A wildcard of Envoy Gateway covers several labels.
        let wide = origins.iter().map(|origin| origin.replace("://*.", "://**."));
        config.set("origins", wide.collect::<Vec<_>>());
    }
    if is_for_all && credentials {
        config.set("reflect_any_origin", true);
        let message = format!(
            "{name}: origins \"*\" with credentials lets every site act as the user; list the origins"
        );
        report.note(&place, message);
    }
    let methods = fields.texts("allowMethods");
    let simple = || ["GET", "HEAD", "POST"].map(str::to_owned).to_vec();
    config.set("methods", if methods.is_empty() { simple() } else { methods });
    config.set("headers", fields.texts("allowHeaders"));
    config.set_list("exposed_headers", fields.texts("exposeHeaders"));
    if credentials {
        config.set("credentials", true);
    }
    config.set_some("max_age", fields.text("maxAge").and_then(buckets::seconds));
    config.set("preflight_status", 200);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&policy.document.place(key), format!("{name}: cors.{field}"));
    }
    origins::finish(config, &place, &name, report)
}

fn jwt(node: &Node, policy: &Object<'_>, report: &mut Report) -> Result<Map, String> {
    let name = policy.describe();
    let place = policy.document.place(node);
    let nodes = node.get("providers").map(Node::items).unwrap_or_default();
    let all: Vec<Provider> = nodes.iter().map(|node| provider(node, policy, report)).collect();
    let mut config = providers::section(&all, report).ok_or_else(|| name.clone())?;
    config.set("leeway", 60);
    config.set("claims_to_verify", Vec::<String>::new());
    if node.get_text("optional") == Some("true") {
        config.set("optional", true);
    }
    providers::finish(config, &place, &name, report).ok_or(name)
}

fn provider(node: &Node, policy: &Object<'_>, report: &mut Report) -> Provider {
    let fields = Fields::new(Some(node), Reader::Kubernetes);
    let name = fields.text("name").unwrap_or_default().to_owned();
    let extract = fields.object("extractFrom");
    let mut from_headers: Vec<(String, String)> = extract
        .items("headers")
        .iter()
        .filter_map(|header| {
            let prefix = header.get_text("valuePrefix").unwrap_or_default().trim().to_owned();
            Some((header.get_text("name")?.to_owned(), prefix))
        })
        .collect();
    let from_params = extract.texts("params");
    let from_cookies = extract.texts("cookies");
    if from_headers.is_empty() && from_params.is_empty() && from_cookies.is_empty() {
        from_headers.push(("authorization".to_owned(), "Bearer".to_owned()));
    }
    let remote = fields.object("remoteJWKS");
    let local = fields.object("localJWKS");
    let keys = match (remote.text("uri"), local.text("inline")) {
        (Some(uri), _) => {
            let refresh = remote.text("cacheDuration").and_then(buckets::seconds);
            Keys::Remote { uri: uri.to_owned(), cluster: None, refresh }
        }
        (None, Some(text)) => Keys::Inline(text.to_owned()),
        (None, None) => Keys::Unknown,
    };
    let claims = fields.items("claimToHeaders").iter().filter_map(|entry| {
        Some((entry.get_text("claim")?.to_owned(), entry.get_text("header")?.to_owned()))
    });
    let claims_to_headers = claims.collect();
    let issuer = fields.text("issuer").map(str::to_owned);
    let audiences = fields.texts("audiences");
    fields.ignore(&["recomputeRoute"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&policy.document.place(key), format!("provider {name}: {field}"));
    }
    Provider {
        name,
        issuer,
        audiences,
        keys,
        from_headers,
        from_params,
        from_cookies,
        // Envoy Gateway always forwards the token.
        forward: true,
        claims_to_headers,
        place: policy.document.place(node),
    }
}

/// Rules that allow some addresses or claims, and deny everything else.
fn authorization(chain: &mut Chain, node: &Node) -> Result<(), String> {
    let is_deny = node.get_text("defaultAction") != Some("Allow");
    let (mut allow, mut deny, mut claims) = (Vec::new(), Vec::new(), Vec::new());
    for rule in node.get("rules").map(Node::items).unwrap_or_default() {
        if rule.get("operation").is_some() {
            return Err("a rule with an operation".to_owned());
        }
        let is_allow = rule.get_text("action") == Some("Allow");
        let Some(principal) = rule.get("principal") else {
            return Err("a rule without a principal".to_owned());
        };
        for (key, value) in principal.members() {
            match key.text().unwrap_or_default() {
                "clientCIDRs" => {
                    let parsed = texts(value).into_iter().map(|text| Addresses::parse(&text));
                    let networks: Option<Vec<_>> = parsed.collect();
                    let networks =
                        networks.ok_or("an entry of clientCIDRs that is not a network")?;
                    if is_allow { allow.extend(networks) } else { deny.extend(networks) }
                }
                "jwt" if is_allow => claims.push(value),
                other => return Err(format!("a rule with {other}")),
            }
        }
    }
    match (is_deny, allow.is_empty(), deny.is_empty(), claims.as_slice()) {
        (true, false, _, []) | (false, true, false, []) => {
            chain.addresses = Some(Addresses { allow, deny });
            Ok(())
        }
        (true, true, true, [one]) => {
            let config = chain.jwt_auth.as_mut().ok_or("claims without jwt")?;
            if admits_without_token(&config.to_json()) {
                return Err("claims beside optional tokens".to_owned());
            }
            let has_several = config.texts("issuers").len() > 1;
            if has_several && one.get("provider").is_some() {
                return Err("claims of one of several providers".to_owned());
            }
            add_claims(config, one)
        }
        _ => Err("rules that are not alternatives by address, or one rule by claims".to_owned()),
    }
}

fn add_claims(config: &mut Map, jwt: &Node) -> Result<(), String> {
    for claim in jwt.get("claims").map(Node::items).unwrap_or_default() {
        let name = claim.get_text("name").ok_or("a claim without a name")?;
        let values = claim.get("values").map(texts).unwrap_or_default();
        let test = if claim.get_text("valueType") == Some("StringArray") {
            "contains_any"
        } else {
            "one_of"
        };
        config.push("required_claims", Map::new().with("claim", name).with(test, values));
    }
    let scopes = jwt.get("scopes").map(texts).unwrap_or_default();
    if !scopes.is_empty() {
        config.set("scopes", Map::new().with("all_of", scopes));
    }
    Ok(())
}
