//! The issuers with fetched keys.

use novasphere_core::{BuildContext, Endpoint};

use super::{field, identity};
use crate::{
    config::{Algorithm, JwksConfig},
    keys::remote::{issuers::Issuers, source::KeySetSource},
};

/// Appended to an issuer (OpenID Connect Discovery 1.0 section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

pub(super) fn build(configs: &[JwksConfig], cx: &mut BuildContext<'_>) -> Issuers {
    let mut issuers = Issuers::default();
    for (i, config) in configs.iter().enumerate() {
        let mut builder = SourceBuilder { config, path: format!("jwks[{i}]"), cx: &mut *cx };
        let algorithms = builder.algorithms();
        let Some(source) = builder.source(&algorithms) else { continue };
        let path = builder.path;
        let issuer_path = format!("{path}.issuer");
        if issuers.contains(&source.issuer) {
            cx.fault(&issuer_path, format!("{:?} already has an entry", source.issuer));
        }
        let identifier = Some((source.issuer.as_str(), issuer_path.as_str()));
        let consumer =
            identity::consumer(&config.consumer, &format!("{path}.consumer"), identifier, cx);
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

    /// The source. `None` after a fault in its location.
    fn source(&mut self, algorithms: &[Algorithm]) -> Option<KeySetSource> {
        self.check_numbers();
        let config = self.config;
        let issuer =
            field::required(config.issuer.as_deref(), &format!("{}.issuer", self.path), self.cx);
        if let Some(Err(fault)) = issuer.map(Endpoint::check_issuer) {
            self.fault("issuer", fault);
        }
        let endpoint = self.endpoint()?;
        let issuer = issuer?;
        let upstream = config.cluster.clone().unwrap_or_else(|| endpoint.host_and_port());
        Some(KeySetSource {
            id: KeySetSource::id(issuer, &upstream, &endpoint, config.discovery, algorithms),
            issuer: issuer.to_owned(),
            upstream,
            endpoint,
            discovery: config.discovery,
            refresh_ms: u64::from(config.refresh) * 1_000,
            timeout_ms: config.timeout.saturating_mul(1_000),
            cooldown_ms: u64::from(config.cooldown) * 1_000,
            max_waiting: usize::try_from(config.max_waiting).unwrap_or(usize::MAX),
        })
    }

    fn check_numbers(&mut self) {
        for (field, value, min, max, unit) in [
            ("refresh", self.config.refresh, 1, 86_400, " seconds"),
            ("timeout", self.config.timeout, 1, 60, " seconds"),
            ("cooldown", self.config.cooldown, 1, 3_600, " seconds"),
            ("max_waiting", self.config.max_waiting, 0, 10_000, ""),
        ] {
            if value < min || value > max {
                self.fault(field, format!("must be {min} to {max}{unit}, got {value}"));
            }
        }
    }

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
                None => self.fault("uri", "is required, because the issuer is not a URL"),
            },
            (None, None) => self.fault("uri", "is required, unless cluster and path are set"),
        }
        None
    }

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
        let (https, authority) = self
            .discovery_endpoint()
            .map_or((true, cluster.clone()), |endpoint| (endpoint.https, endpoint.authority));
        Some(Endpoint { https, authority, path: path.to_owned() })
    }

    /// The configuration document of the issuer. `None` if the issuer is not a URL.
    fn discovery_endpoint(&self) -> Option<Endpoint> {
        let issuer = self.config.issuer.as_deref()?;
        let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
        Endpoint::parse(&format!("{issuer}{WELL_KNOWN}"))
    }
}
