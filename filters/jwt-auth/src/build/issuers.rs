//! The issuers with fetched keys.

use std::collections::BTreeMap;

use novasphere_core::{BuildContext, Endpoint, with_separators};

use super::{field, identity};
use crate::{
    config::{Algorithm, Config, JwksConfig},
    keys::remote::{
        SLOTS,
        issuer::{self, Issuer},
        issuers::Issuers,
        source::{KeySetSource, MAX_TIMEOUT_S},
    },
};

/// Maximum number of entries. Further sources would never get keys.
const MAX_ENTRIES: usize = SLOTS as usize;

/// Appended to an issuer (OpenID Connect Discovery 1.0 section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

#[cold]
pub(super) fn build(config: &Config, cx: &mut BuildContext<'_>) -> Issuers {
    if config.jwks.len() > MAX_ENTRIES {
        let message = format!(
            "must have at most {MAX_ENTRIES} entries, got {}: a proxy keeps no more key sets",
            config.jwks.len()
        );
        cx.fault("jwks", message);
    }
    let mut issuers = Issuers::default();
    for (i, entry) in config.jwks.iter().enumerate() {
        let mut builder = SourceBuilder { config: entry, path: format!("jwks[{i}]"), cx: &mut *cx };
        let algorithms = builder.algorithms();
        let issuer = builder.issuer(config.audiences.is_some());
        let Some(source) = builder.source(issuer, &algorithms) else { continue };
        let path = builder.path;
        let issuer_path = format!("{path}.issuer");
        let text = source.issuer.text();
        if issuers.contains(&source.issuer) {
            cx.fault(&issuer_path, format!("{text:?} already has an entry"));
        }
        let identifier = Some((text, issuer_path.as_str()));
        let consumer =
            identity::consumer(&entry.consumer, &format!("{path}.consumer"), identifier, cx);
        issuers.add(source, algorithms, consumer);
    }
    issuers
}

/// Builds the source of one entry.
struct SourceBuilder<'b, 'h> {
    config: &'b JwksConfig,
    path: String,
    cx: &'b mut BuildContext<'h>,
}

impl SourceBuilder<'_, '_> {
    fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.cx.fault(format!("{}.{field}", self.path), message);
    }

    #[cold]
    fn algorithms(&mut self) -> Vec<Algorithm> {
        let Some(algorithms) = &self.config.algorithms else {
            return Algorithm::DEFAULT_FOR_KEY_SETS.to_vec();
        };
        if algorithms.is_empty() {
            let message =
                "must not be empty, because no key could be used; omit it for the default";
            self.fault("algorithms", message);
        }
        for algorithm in algorithms.iter().filter(|algorithm| algorithm.secret_size().is_some()) {
            let name = algorithm.name();
            self.fault("algorithms", format!("{name} needs a secret, but key sets are public"));
        }
        algorithms.clone()
    }

    /// The issuer. `None` after a fault.
    #[cold]
    fn issuer(&mut self, has_audiences: bool) -> Option<Issuer> {
        let config = self.config;
        let path = format!("{}.issuer", self.path);
        let text = field::required(config.issuer.as_deref(), &path, self.cx)?;
        if let Err(fault) = Endpoint::check_issuer(text) {
            self.fault("issuer", fault);
            return None;
        }
        let mut issuer = match Issuer::parse(text) {
            Ok(issuer) => issuer,
            Err(invalid) => {
                self.fault("issuer", invalid.to_string());
                return None;
            }
        };
        if issuer.is_template() && !has_audiences {
            let message = "needs audiences, because it has a {name}: other tenants get tokens for \
                           their own applications from the same issuer";
            self.fault("issuer", message);
        }
        match (&config.issuer_values, config.any_value) {
            (None, false) if !issuer.is_template() => {}
            (None, true) if issuer.is_template() => {}
            (Some(values), false) if issuer.is_template() => {
                self.check_values(&issuer, values);
                issuer.restrict(values.clone());
            }
            (Some(_), true) => {
                self.fault("any_value", "contradicts issuer_values; remove one of the two")
            }
            (None, false) => {
                let name = issuer.claims().next().unwrap_or_default();
                let message = format!(
                    "needs the accepted values of {{{name}}}: issuer_values: {{{name}: [\"one\", \"two\"]}}, or \
                     any_value: true to accept the tokens of any tenant"
                );
                self.fault("issuer", message);
            }
            (Some(_), false) => {
                self.fault("issuer_values", "has no effect, because issuer has no {name}")
            }
            (None, true) => self.fault("any_value", "has no effect, because issuer has no {name}"),
        }
        Some(issuer)
    }

    #[cold]
    fn check_values(&mut self, issuer: &Issuer, values: &BTreeMap<String, Vec<String>>) {
        for name in issuer.claims().filter(|name| !values.contains_key(*name)) {
            self.fault(
                "issuer_values",
                format!("needs a list for {name}, because issuer has {{{name}}}"),
            );
        }
        for (name, accepted) in values {
            let field = format!("issuer_values.{name}");
            if !issuer.claims().any(|claim| claim == name) {
                self.fault(&field, format!("has no effect, because issuer has no {{{name}}}"));
            }
            if accepted.is_empty() {
                self.fault(&field, "must not be empty; list the accepted values");
            }
            for (i, value) in accepted.iter().enumerate().filter(|(_, v)| !issuer::is_value(v)) {
                let message = format!("must be 1 to 256 letters, digits, ., _ or -, got {value:?}");
                self.fault(&format!("{field}[{i}]"), message);
            }
        }
    }

    /// The source. `None` after a fault in its issuer or location.
    #[cold]
    fn source(&mut self, issuer: Option<Issuer>, algorithms: &[Algorithm]) -> Option<KeySetSource> {
        self.check_numbers();
        let config = self.config;
        let endpoint = self.endpoint()?;
        let issuer = issuer?;
        let upstream = config.cluster.clone().unwrap_or_else(|| endpoint.host_and_port());
        Some(KeySetSource {
            id: KeySetSource::id(issuer.text(), &upstream, &endpoint, config.discovery, algorithms),
            issuer,
            upstream,
            endpoint,
            discovery: config.discovery,
            refresh_ms: u64::from(config.refresh) * 1_000,
            timeout_ms: config.timeout.saturating_mul(1_000),
            cooldown_ms: u64::from(config.cooldown) * 1_000,
            max_waiting: usize::try_from(config.max_waiting).unwrap_or(usize::MAX),
        })
    }

    #[cold]
    fn check_numbers(&mut self) {
        for (field, value, min, max, unit) in [
            ("refresh", self.config.refresh, 1, 86_400, " seconds"),
            ("timeout", self.config.timeout, 1, MAX_TIMEOUT_S, " seconds"),
            ("cooldown", self.config.cooldown, 1, 3_600, " seconds"),
            ("max_waiting", self.config.max_waiting, 0, 10_000, ""),
        ] {
            if value < min || value > max {
                let max = with_separators(max);
                self.fault(field, format!("must be {min} to {max}{unit}, got {value}"));
            }
        }
    }

    #[cold]
    fn endpoint(&mut self) -> Option<Endpoint> {
        let config = self.config;
        if let Some(Err(fault)) = config.cluster.as_deref().map(Endpoint::check_upstream) {
            self.fault("cluster", fault);
        }
        match (&config.uri, &config.path) {
            (Some(_), Some(_)) => {
                self.fault("path", "has no effect with uri; remove one of the two")
            }
            (Some(uri), None) => match Endpoint::parse(uri) {
                Some(endpoint) => return Some(endpoint),
                None => self.fault("uri", Endpoint::fault("https://issuer.example/keys")),
            },
            (None, Some(path)) => return self.endpoint_at_cluster(path),
            (None, None) if config.discovery => match self.discovery_endpoint() {
                Some(endpoint) => return Some(endpoint),
                None => self
                    .fault("uri", "is required, because the issuer is not a URL, or has a {name}"),
            },
            (None, None) => self.fault("uri", "is required, unless cluster and path are set"),
        }
        None
    }

    #[cold]
    fn endpoint_at_cluster(&mut self, path: &str) -> Option<Endpoint> {
        let Some(cluster) = &self.config.cluster else {
            self.fault("cluster", "is required with path");
            return None;
        };
        if !path.starts_with('/') {
            self.fault("path", "must be a path and start with /, such as /keys");
            return None;
        }
        // The issuer's host name, for servers with several names.
        let issuer = self.config.issuer.as_deref().and_then(Endpoint::parse);
        let (https, authority) =
            issuer.map_or((true, cluster.clone()), |endpoint| (endpoint.https, endpoint.authority));
        Some(Endpoint { https, authority, path: path.to_owned() })
    }

    /// The configuration document of the issuer. `None` if the issuer is not a URL, or is a
    /// template.
    fn discovery_endpoint(&self) -> Option<Endpoint> {
        let issuer = self.config.issuer.as_deref().filter(|issuer| !issuer.contains('{'))?;
        let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
        Endpoint::parse(&format!("{issuer}{WELL_KNOWN}"))
    }
}
