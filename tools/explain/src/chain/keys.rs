//! Answers to the fetches of jwt-auth: OpenID Connect configurations and key sets.

use novasphere_core::{Endpoint, Fetch};
use serde_json::{Value, json};

use crate::{FilterKind, assumed_key};

/// The keys that the user gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySets {
    /// Key sets: the issuer, or `None` for every issuer without its own, and the JSON text.
    pub given: Vec<(Option<String>, Vec<u8>)>,
    /// Whether to assume keys that are not given, so that signatures are not checked.
    pub assume_missing: bool,
}

/// The configured issuers with fetched keys, and their keys.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    entries: Vec<Entry>,
    keys: KeySets,
    /// `alg` and `kid` of the tokens for which keys are assumed.
    pub(super) tokens: Vec<(String, Option<String>)>,
}

#[derive(Debug)]
struct Entry {
    issuer: String,
    /// Authority and path of the first request.
    location: (Option<String>, String),
    discovery: bool,
}

/// The answer to a fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Document(Vec<u8>),
    /// The keys of this issuer are not known.
    Missing(String),
}

/// The authority of the key sets in assumed OpenID Connect configurations.
const KEYS: &str = "keys.invalid";

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

impl Issuers {
    pub(super) fn new(keys: KeySets) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Adds the issuers of a filter's configuration.
    pub(super) fn add(&mut self, kind: FilterKind, json: &[u8]) {
        let Ok(config) = serde_json::from_slice::<Value>(json) else { return };
        let jwt_auth = match kind {
            FilterKind::JwtAuth => Some(&config),
            FilterKind::Gateway => config.get("jwt_auth"),
            _ => None,
        };
        let entries = jwt_auth.and_then(|config| config.get("jwks")?.as_array());
        self.entries.extend(entries.into_iter().flatten().filter_map(Entry::new));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The answer to a fetch.
    pub(super) fn answer(&self, fetch: &Fetch) -> Answer {
        if fetch.authority == KEYS {
            let index = fetch.path.trim_start_matches('/').parse::<usize>().ok();
            return self.key_set(index.and_then(|index| self.entries.get(index)));
        }
        let place = |entry: &Entry| {
            let (authority, path) = &entry.location;
            path == &fetch.path && authority.as_ref().is_none_or(|own| *own == fetch.authority)
        };
        let index = self.entries.iter().position(place);
        match index.and_then(|index| Some((index, self.entries.get(index)?))) {
            Some((index, entry)) if entry.discovery => {
                let scheme = if fetch.https { "https" } else { "http" };
                let uri = format!("{scheme}://{KEYS}/{index}");
                let document = json!({"issuer": entry.issuer, "jwks_uri": uri});
                Answer::Document(document.to_string().into_bytes())
            }
            entry => self.key_set(entry.map(|(_, entry)| entry)),
        }
    }

    fn key_set(&self, entry: Option<&Entry>) -> Answer {
        let issuer = entry.map(|entry| entry.issuer.clone()).unwrap_or_default();
        let of = |wanted: Option<&str>| {
            let given = self.keys.given.iter().find(|(own, _)| own.as_deref() == wanted);
            given.map(|(_, set)| Answer::Document(set.clone()))
        };
        if let Some(given) = of(Some(&issuer)).or_else(|| of(None)) {
            return given;
        }
        if !self.keys.assume_missing {
            return Answer::Missing(issuer);
        }
        let keys = self.tokens.iter().filter_map(|(alg, kid)| {
            let mut key = assumed_key::jwk(alg)?;
            if let (Some(kid), Some(key)) = (kid, key.as_object_mut()) {
                key.insert("kid".to_owned(), kid.as_str().into());
            }
            Some(key)
        });
        let keys: Vec<Value> = keys.collect();
        // The filter rejects an empty set, and logs why.
        let keys = if keys.is_empty() { vec![assumed_key::jwk("RS256").into()] } else { keys };
        Answer::Document(json!({ "keys": keys }).to_string().into_bytes())
    }
}

impl Entry {
    fn new(config: &Value) -> Option<Self> {
        let text = |name| config.get(name).and_then(Value::as_str);
        let issuer = text("issuer")?.to_owned();
        let discovery = match config.get("discovery") {
            Some(Value::Bool(discovery)) => *discovery,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        let derived = format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'));
        let location = match (text("uri"), text("path")) {
            (_, Some(path)) => (None, path.to_owned()),
            (Some(uri), None) => of_url(uri)?,
            (None, None) => of_url(&derived)?,
        };
        Some(Self { issuer, location, discovery })
    }
}

fn of_url(uri: &str) -> Option<(Option<String>, String)> {
    let Endpoint { authority, path, .. } = Endpoint::parse(uri)?;
    Some((Some(authority), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(authority: &str, path: &str) -> Fetch {
        Fetch {
            purpose: 0,
            upstream: "idp".to_owned(),
            https: true,
            authority: authority.to_owned(),
            path: path.to_owned(),
            accept: "application/json",
            timeout_ms: 1_000,
            max_body: 1_000,
        }
    }

    fn issuers(assume_missing: bool, given: &[(Option<&str>, &str)]) -> Issuers {
        let given = given.iter().map(|(issuer, set)| (issuer.map(str::to_owned), (*set).into()));
        let mut issuers = Issuers::new(KeySets { given: given.collect(), assume_missing });
        let config = br#"{"jwks": [
            {"issuer": "https://a.test", "uri": "https://a.test/keys"},
            {"issuer": "https://b.test", "discovery": true}
        ]}"#;
        issuers.add(FilterKind::JwtAuth, config);
        issuers
    }

    #[test]
    fn discovery_names_the_key_set() {
        let issuers = issuers(false, &[(Some("https://b.test"), "B"), (None, "other")]);
        let document = issuers.answer(&fetch("b.test", WELL_KNOWN));
        let expected = r#"{"issuer":"https://b.test","jwks_uri":"https://keys.invalid/1"}"#;
        assert_eq!(document, Answer::Document(expected.into()));
        assert_eq!(issuers.answer(&fetch(KEYS, "/1")), Answer::Document(b"B".into()));
        assert_eq!(issuers.answer(&fetch("a.test", "/keys")), Answer::Document(b"other".into()));
    }

    #[test]
    fn keys_that_are_not_given_are_missing_or_assumed() {
        let missing = issuers(false, &[]).answer(&fetch("a.test", "/keys"));
        assert_eq!(missing, Answer::Missing("https://a.test".to_owned()));
        let mut issuers = issuers(true, &[]);
        issuers.tokens.push(("ES256".to_owned(), Some("k1".to_owned())));
        let Answer::Document(set) = issuers.answer(&fetch("a.test", "/keys")) else {
            panic!("not assumed")
        };
        let set: Value = serde_json::from_slice(&set).unwrap();
        assert_eq!(set["keys"][0]["kid"], "k1");
    }
}
