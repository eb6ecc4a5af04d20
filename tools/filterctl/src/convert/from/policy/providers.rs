//! [`Provider`]: an issuer of tokens, as Envoy, Istio and Envoy Gateway describe it.

use super::key_set;
use crate::{
    convert::{
        model::prune,
        report::Report,
        yaml::{Map, Yaml},
    },
    found::Place,
};
use novasphere_explain::{FilterKind, ProxyKind};

/// An issuer of tokens.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The name for messages.
    pub name: String,
    /// The `iss` of its tokens. Without one, any.
    pub issuer: Option<String>,
    /// Accepted audiences. Empty for all.
    pub audiences: Vec<String>,
    /// Its keys.
    pub keys: Keys,
    /// Headers with a token, each with the scheme in front of it.
    pub from_headers: Vec<(String, String)>,
    /// Query parameters with a token.
    pub from_params: Vec<String>,
    /// Cookies with a token.
    pub from_cookies: Vec<String>,
    /// Whether the upstream gets the token.
    pub forward: bool,
    /// Claims and the headers that they become.
    pub claims_to_headers: Vec<(String, String)>,
    /// Its place in the input.
    pub place: Place,
}

impl Provider {
    /// Where requests have its tokens: headers, query parameters and cookies.
    fn sources(&self) -> (&[(String, String)], &[String], &[String]) {
        (&self.from_headers, &self.from_params, &self.from_cookies)
    }
}

/// The keys of a provider.
#[derive(Clone, Debug)]
pub enum Keys {
    /// A key set to fetch.
    Remote {
        /// The URL.
        uri: String,
        /// The proxy's upstream for it.
        cluster: Option<String>,
        /// The lifetime of the key set, in seconds.
        refresh: Option<i64>,
    },
    /// A key set, as JSON text, which may contain secrets.
    Inline(String),
    /// Another form.
    Unknown,
}

/// The configuration of jwt-auth for the tokens of all providers. `None` if a provider cannot be
/// converted.
pub fn section(providers: &[Provider], report: &mut Report) -> Option<Map> {
    let by_issuer = providers.iter().all(|provider| provider.issuer.is_some());
    if !by_issuer && providers.len() > 1 {
        for provider in providers.iter().filter(|provider| provider.issuer.is_none()) {
            let message =
                format!("provider {}: it has no issuer, but there are others", provider.name);
            report.left_out(&provider.place, message);
        }
        return None;
    }
    if let Some((place, message)) = difference(providers) {
        report.left_out(&place, message);
        return None;
    }
    let mut config = Map::new();
    if !by_issuer {
        config.set("key_claim_name", "alg");
        config.comment("key_claim_name", "Tokens of any issuer.");
    }
    let (mut credentials, mut jwks, mut has_secrets) = (Vec::new(), Vec::new(), false);
    for provider in providers {
        match &provider.keys {
            Keys::Remote { uri, cluster, refresh } => {
                let Some(issuer) = &provider.issuer else {
                    let message =
                        format!("provider {}: fetched keys need an issuer", provider.name);
                    report.left_out(&provider.place, message);
                    return None;
                };
                let mut entry =
                    Map::new().with("issuer", issuer.as_str()).with("uri", uri.as_str());
                entry.set_some("cluster", cluster.as_deref());
                entry
                    .set_some("refresh", refresh.filter(|r| (1..=86_400).contains(r) && *r != 300));
                jwks.push(entry);
            }
            Keys::Inline(text) => {
                let (entries, secrets) = key_set::credentials(provider, text, report)?;
                has_secrets = has_secrets || secrets;
                credentials.extend(entries);
            }
            Keys::Unknown => {
                let message = format!("provider {}: its keys are not in the input", provider.name);
                report.left_out(&provider.place, message);
                return None;
            }
        }
    }
    config.set_list("credentials", credentials);
    config.set_list("jwks", jwks);
    if has_secrets {
        config.set("secret_is_base64", true);
    }
    add_sources(&mut config, providers);
    add_claims(&mut config, providers);
    Some(config)
}

/// A provider that differs from the others in a setting that jwt-auth has for all providers.
fn difference(providers: &[Provider]) -> Option<(Place, String)> {
    let (first, rest) = providers.split_first()?;
    rest.iter().find_map(|provider| {
        let difference = match () {
            () if provider.audiences != first.audiences => "audiences",
            () if provider.sources() != first.sources() => "token sources",
            () => return None,
        };
        let message = format!(
            "provider {}: jwt-auth has the same {difference} for all providers",
            provider.name
        );
        Some((provider.place.clone(), message))
    })
}

/// Removes what jwt-auth rejects, and reports it. `None` if requests could pass unchecked.
pub fn finish(mut config: Map, place: &Place, name: &str, report: &mut Report) -> Option<Map> {
    let removable = ["credentials[", "claims_to_headers["];
    match prune(FilterKind::JwtAuth, &mut config, ProxyKind::Envoy, &removable) {
        Ok(pruned) => {
            for fault in pruned {
                report.left_out(place, format!("{name}: {}: {}", fault.path, fault.message));
            }
            Some(config)
        }
        Err(fault) => {
            report.left_out(place, format!("{name}: jwt-auth rejects it: {fault}"));
            None
        }
    }
}

fn add_sources(config: &mut Map, providers: &[Provider]) {
    let mut headers: Vec<Yaml> = Vec::new();
    for (name, scheme) in providers.iter().flat_map(|provider| &provider.from_headers) {
        let is_bearer = scheme == "Bearer";
        let entry: Yaml = match name.eq_ignore_ascii_case("authorization") && is_bearer {
            true => "authorization".into(),
            false => Map::new().with("name", name.as_str()).with("scheme", scheme.as_str()).into(),
        };
        if !headers.contains(&entry) {
            headers.push(entry);
        }
    }
    let distinct = |lists: Vec<&Vec<String>>| {
        let mut all: Vec<String> = Vec::new();
        for name in lists.into_iter().flatten() {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    };
    let params = distinct(providers.iter().map(|provider| &provider.from_params).collect());
    let cookies = distinct(providers.iter().map(|provider| &provider.from_cookies).collect());
    if headers != ["authorization".into()] {
        config.set("header_names", headers);
    }
    config.set("uri_param_names", params);
    config.set_list("cookie_names", cookies);
    if providers.iter().all(|provider| !provider.forward) {
        config.set("forward_token", false);
    }
}

fn add_claims(config: &mut Map, providers: &[Provider]) {
    let issuers = providers.iter().filter_map(|p| p.issuer.clone()).collect::<Vec<_>>();
    config.set_list("issuers", issuers);
    if let Some(first) = providers.first() {
        config.set_list("audiences", first.audiences.clone());
    }
    let mut headers = Vec::new();
    for (claim, header) in providers.iter().flat_map(|provider| &provider.claims_to_headers) {
        let entry = Map::new().with("claim", claim.as_str()).with("header", header.as_str());
        if !headers.contains(&entry) {
            headers.push(entry);
        }
    }
    config.set_list("claims_to_headers", headers);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(keys: Keys) -> Provider {
        Provider {
            name: "p".to_owned(),
            issuer: Some("https://id.io".to_owned()),
            audiences: Vec::new(),
            keys,
            from_headers: vec![("Authorization".to_owned(), "Bearer".to_owned())],
            from_params: Vec::new(),
            from_cookies: Vec::new(),
            forward: true,
            claims_to_headers: Vec::new(),
            place: Place { file: 0, span: 0..0 },
        }
    }

    #[test]
    fn secrets_of_key_sets_become_variables() {
        let mut report = Report::default();
        let text = r#"{"keys": [{"kty": "oct", "kid": "a", "k": "RE8tTk9U"}, {"kty": "OKP", "crv": "Ed25519", "x": "x", "d": "RE8tTk9U"}]}"#;
        let section = section(&[provider(Keys::Inline(text.to_owned()))], &mut report).unwrap();
        let shown = section.to_json().to_string();
        assert!(
            !shown.contains("RE8tTk9U") && shown.contains("NOVASPHERE_JWT_SECRET_A"),
            "{shown}"
        );
        assert!(section.is_true("secret_is_base64"));
        assert_eq!(report.entries[0].message, "provider p: the key without kid is private");
    }

    #[test]
    fn providers_without_issuer_stand_alone() {
        let mut report = Report::default();
        let mut other = provider(Keys::Inline("{\"keys\": []}".to_owned()));
        other.issuer = None;
        assert!(section(&[provider(Keys::Unknown), other], &mut report).is_none());
        assert!(report.entries[0].message.contains("has no issuer"));
    }
}
