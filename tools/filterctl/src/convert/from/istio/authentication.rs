//! RequestAuthentication.

use crate::{
    convert::{
        from::{
            input::fields::Fields,
            input::kubernetes::Object,
            policy::providers::{self, Keys, Provider},
        },
        report::Report,
        yaml::Map,
    },
    source::{Node, Reader},
};

/// jwt-auth for the rules of all resources. `None` if there are none.
///
/// # Errors
/// The resource that cannot be converted.
pub(super) fn section(objects: &[&Object<'_>], report: &mut Report) -> Result<Option<Map>, String> {
    let mut all = Vec::new();
    for object in objects {
        for rule in object.items(&["spec", "jwtRules"]) {
            all.push(provider(object, rule, report));
        }
    }
    let Some(first) = objects.first().filter(|_| !all.is_empty()) else { return Ok(None) };
    let name = first.describe();
    let mut config = providers::section(&all, report).ok_or_else(|| name.clone())?;
    config.set("claims_to_verify", Vec::<String>::new());
    // Istio's clock skew.
    config.set("leeway", 60);
    let config = providers::finish(config, &first.place(), &name, report).ok_or(name)?;
    Ok(Some(config))
}

fn provider(object: &Object<'_>, rule: &Node, report: &mut Report) -> Provider {
    let fields = Fields::new(Some(rule), Reader::Kubernetes);
    let issuer = fields.text("issuer").map(str::to_owned);
    let name = issuer.clone().unwrap_or_else(|| object.name.to_owned());
    let keys = match (fields.text("jwksUri"), fields.text("jwks")) {
        (_, Some(text)) => Keys::Inline(text.to_owned()),
        (Some(uri), None) => Keys::Remote { uri: uri.to_owned(), cluster: None, refresh: None },
        (None, None) => match &issuer {
            Some(issuer) => Keys::Remote {
                uri: format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')),
                cluster: None,
                refresh: None,
            },
            None => Keys::Unknown,
        },
    };
    let mut from_headers: Vec<(String, String)> = fields
        .items("fromHeaders")
        .iter()
        .filter_map(|header| {
            let prefix = header.get_text("prefix").unwrap_or_default().trim().to_owned();
            Some((header.get_text("name")?.to_owned(), prefix))
        })
        .collect();
    let mut from_params = fields.texts("fromParams");
    let from_cookies = fields.texts("fromCookies");
    if from_headers.is_empty() && from_params.is_empty() && from_cookies.is_empty() {
        from_headers.push(("authorization".to_owned(), "Bearer".to_owned()));
        from_params.push("access_token".to_owned());
    }
    let claims = fields.items("outputClaimToHeaders").iter().filter_map(|entry| {
        Some((entry.get_text("claim")?.to_owned(), entry.get_text("header")?.to_owned()))
    });
    let claims_to_headers = claims.collect();
    let audiences = fields.texts("audiences");
    let forward = fields.flag("forwardOriginalToken") == Some(true);
    fields.ignore(&["timeout"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(&object.document.place(key), format!("{}: {field}", object.describe()));
    }
    Provider {
        name,
        issuer,
        audiences,
        keys,
        from_headers,
        from_params,
        from_cookies,
        forward,
        claims_to_headers,
        place: object.document.place(rule),
    }
}
