//! Wire struct of keys that are fetched.

use novasphere_core::{BuildContext, Endpoint};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{ConsumerConfig, required};
use crate::{
    config::algorithm::Algorithm,
    keys::key_set::DEFAULT_ALGORITHMS,
    keys::remote::{Identity, Source},
};

/// The keys of one issuer, fetched and refetched by the proxy. Where from: `uri`, or `cluster` with
/// `path`, or with `discovery` the issuer itself.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["issuer"])))]
pub struct JwksConfig {
    /// The `iss` of the tokens these keys are for, exactly. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub issuer: Option<String>,
    /// The URL of the key set, or with `discovery` of the configuration document.
    pub uri: Option<String>,
    /// The proxy's upstream for it. Default: host and port of the URL.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub cluster: Option<String>,
    /// Path and query there, instead of `uri`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub path: Option<String>,
    /// Whether what is fetched is the OpenID Connect configuration, which names the key set.
    /// Without `uri` and `path` it is fetched from the issuer. Default false.
    pub discovery: bool,
    /// How long a key set is good for, in seconds, 1 to 86400; `Cache-Control: max-age` shortens it.
    /// Default 300.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub refresh: u32,
    /// How long a fetch may take, in seconds, 1 to 60; requests wait for it. Default 5.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub timeout: u32,
    /// The least time between two fetches that an unknown `kid` causes, in seconds, 1 to 3600.
    /// Default 30.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub cooldown: u32,
    /// How many requests may wait for keys in one worker, 0 to 10000. Default 100.
    #[cfg_attr(feature = "schema", schemars(range(max = 10_000)))]
    pub max_waiting: u32,
    /// Which algorithms keys may be used with. Default RS256, ES256, ES384, ES512, EdDSA.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub algorithms: Option<Vec<Algorithm>>,
    /// Whom the upstream is told the tokens are from. Default nobody.
    pub consumer: ConsumerConfig,
}

impl Default for JwksConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            uri: None,
            cluster: None,
            path: None,
            discovery: false,
            refresh: 300,
            timeout: 5,
            cooldown: 30,
            max_waiting: 100,
            algorithms: None,
            consumer: ConsumerConfig::default(),
        }
    }
}

/// Appended to an issuer (OpenID Connect Discovery 1.0 section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

impl JwksConfig {
    /// The source, if there is nothing wrong with where it is.
    pub(crate) fn source(
        &self,
        at: &str,
        algorithms: &[Algorithm],
        cx: &mut BuildContext<'_>,
    ) -> Option<Source> {
        self.check_numbers(at, cx);
        let issuer = required(self.issuer.as_deref(), &format!("{at}.issuer"), cx);
        let endpoint = self.endpoint(at, cx)?;
        let issuer = issuer?;
        let upstream = self.cluster.clone().unwrap_or_else(|| endpoint.host_and_port());
        Some(Source {
            identity: identity(&[
                issuer,
                &upstream,
                &endpoint.authority,
                &endpoint.path,
                if endpoint.https { "https" } else { "http" },
                if self.discovery { "discovery" } else { "key set" },
                // Whether a set is of use depends on them.
                &algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(","),
            ]),
            issuer: issuer.to_owned(),
            upstream,
            endpoint,
            discovery: self.discovery,
            refresh_ms: u64::from(self.refresh) * 1_000,
            timeout_ms: self.timeout.saturating_mul(1_000),
            cooldown_ms: u64::from(self.cooldown) * 1_000,
            max_waiting: usize::try_from(self.max_waiting).unwrap_or(usize::MAX),
        })
    }

    /// The algorithms its keys may be used with.
    pub(crate) fn algorithms(&self, at: &str, cx: &mut BuildContext<'_>) -> Vec<Algorithm> {
        let Some(algorithms) = &self.algorithms else { return DEFAULT_ALGORITHMS.to_vec() };
        let path = format!("{at}.algorithms");
        if algorithms.is_empty() {
            cx.fault(&path, "is empty: no key could be used; leave it out for the default");
        }
        for algorithm in algorithms.iter().filter(|algorithm| algorithm.secret_size().is_some()) {
            let name = algorithm.name();
            cx.fault(&path, format!("{name} is for secrets, and the keys of a set are public"));
        }
        algorithms.clone()
    }

    fn check_numbers(&self, at: &str, cx: &mut BuildContext<'_>) {
        for (field, value, least, most) in [
            ("refresh", self.refresh, 1, 86_400),
            ("timeout", self.timeout, 1, 60),
            ("cooldown", self.cooldown, 1, 3_600),
            ("max_waiting", self.max_waiting, 0, 10_000),
        ] {
            if value < least || value > most {
                cx.fault(
                    format!("{at}.{field}"),
                    format!("must be {least} to {most}, not {value}"),
                );
            }
        }
    }

    fn endpoint(&self, at: &str, cx: &mut BuildContext<'_>) -> Option<Endpoint> {
        if self.cluster.as_deref() == Some("") {
            cx.fault(format!("{at}.cluster"), "is empty");
        }
        let of_issuer = self.issuer.as_deref().and_then(|issuer| {
            let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
            Endpoint::parse(&format!("{issuer}{WELL_KNOWN}"))
        });
        match (&self.uri, &self.path) {
            (Some(_), Some(_)) => cx.fault(format!("{at}.path"), "has no effect beside uri"),
            (Some(uri), None) => match Endpoint::parse(uri) {
                Some(endpoint) => return Some(endpoint),
                None => {
                    // What stands before an @ may be a password.
                    let shown = if uri.contains('@') { "what holds an @" } else { uri };
                    let message =
                        format!("{shown:?} is no URL such as https://issuer.example/keys");
                    cx.fault(format!("{at}.uri"), message);
                }
            },
            (None, Some(path)) => match (&self.cluster, path.starts_with('/')) {
                (None, _) => cx.fault(format!("{at}.cluster"), "is required with path"),
                (_, false) => {
                    cx.fault(format!("{at}.path"), format!("must start with /, not {path:?}"));
                }
                (Some(cluster), true) => {
                    // The issuer's own name, for servers that have several.
                    let (https, authority) =
                        of_issuer.map_or((true, cluster.clone()), |e| (e.https, e.authority));
                    return Some(Endpoint { https, authority, path: path.clone() });
                }
            },
            (None, None) if self.discovery => match of_issuer {
                Some(endpoint) => return Some(endpoint),
                None => cx.fault(format!("{at}.uri"), "is required: the issuer is no URL"),
            },
            (None, None) => cx.fault(format!("{at}.uri"), "is required, or cluster and path"),
        }
        None
    }
}

/// A hash of parts, none of which can be mistaken for another.
fn identity(parts: &[&str]) -> Identity {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut identity = Identity::default();
    identity.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    identity
}
