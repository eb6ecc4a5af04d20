//! The configuration as users write it, and how it becomes a [`Gateway`].

#[cfg(feature = "schema")]
pub(crate) mod schema;

use novasphere_core::{Capability, ConfigErrors, Host, Json, decode};
use serde::Deserialize;

use crate::{
    link::{Kind, Link},
    policy::Gateway,
};

/// Configuration of the gateway: any of the filters, each with its own configuration.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = schema::one_of_them())))]
struct Config {
    /// Configuration of the cors filter.
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_cors::schema"))]
    cors: Option<Json>,
    /// Configuration of the jwt-auth filter.
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_jwt_auth::schema"))]
    jwt_auth: Option<Json>,
    /// Configuration of the rate-limit filter.
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_rate_limit::schema"))]
    rate_limit: Option<Json>,
    /// Configuration of the header-transform filter.
    #[cfg_attr(feature = "schema", schemars(schema_with = "novasphere_header_transform::schema"))]
    header_transform: Option<Json>,
    /// The order in which requests pass the filters: each that is configured, once. Default: cors,
    /// jwt_auth, rate_limit, header_transform.
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true)))]
    order: Option<Vec<Kind>>,
}

/// Checks `config` and computes the chain.
pub(crate) fn configure(config: &[u8], host: &dyn Host) -> Result<Gateway, ConfigErrors> {
    let (config, mut errors) = decode::<Config>(config, host)?;
    let order = order(&config, &mut errors);
    let mut links: Vec<Link> = Vec::with_capacity(order.len());
    let mut before: Vec<Kind> = Vec::with_capacity(order.len());
    for kind in &order {
        let Some(part) = config.part(*kind) else { continue };
        let host = LinkHost { outer: host, kind: *kind, told: before.contains(&Kind::JwtAuth) };
        match kind.configure(part.to_string().as_bytes(), &host) {
            Ok(link) => links.push(link),
            Err(faults) => errors.add_part(kind.field(), faults),
        }
        before.push(*kind);
    }
    refuse_counting_twice(&links, &mut errors);
    refuse_forged_identities(&links, &mut errors);
    errors.into_result(Gateway::new(links))
}

impl Config {
    fn part(&self, kind: Kind) -> Option<&Json> {
        match kind {
            Kind::Cors => self.cors.as_ref(),
            Kind::JwtAuth => self.jwt_auth.as_ref(),
            Kind::RateLimit => self.rate_limit.as_ref(),
            Kind::HeaderTransform => self.header_transform.as_ref(),
        }
    }
}

fn order(config: &Config, errors: &mut ConfigErrors) -> Vec<Kind> {
    let configured: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| config.part(*kind).is_some()).collect();
    if configured.is_empty() {
        errors.add(
            "",
            "does nothing: give it at least one of cors, jwt_auth, rate_limit, header_transform",
        );
    }
    let Some(order) = &config.order else { return configured };
    for (i, kind) in order.iter().enumerate() {
        let at = format!("order[{i}]");
        if !configured.contains(kind) {
            errors.add(at, format!("{} is not configured: leave it out, or add it", kind.field()));
        } else if order.iter().take(i).any(|earlier| earlier == kind) {
            errors.add(at, format!("{} stands there twice", kind.field()));
        }
    }
    for kind in configured.iter().filter(|kind| !order.contains(kind)) {
        errors.add("order", format!("leaves out {}, which is configured", kind.field()));
    }
    order.clone()
}

/// A request that waits for keys passes the chain from its start again, and limits before that
/// would count it again.
fn refuse_counting_twice(links: &[Link], errors: &mut ConfigErrors) {
    let place = |kind| links.iter().position(|link| link.kind() == kind);
    let fetches = |link: &Link| link.kind() == Kind::JwtAuth && link.needs().timer;
    let (limit, auth) = (place(Kind::RateLimit), place(Kind::JwtAuth));
    if limit.is_some() && limit < auth && links.iter().any(fetches) {
        let message = "rate_limit cannot stand before a jwt_auth that fetches keys: requests that \
                       wait for keys would count twice. Put it behind, or use the two filters \
                       separately";
        errors.add("order", message);
    }
}

/// Identity headers are the client's own until jwt-auth has been asked.
fn refuse_forged_identities(links: &[Link], errors: &mut ConfigErrors) {
    let later = links.iter().rposition(|link| link.kind() == Kind::JwtAuth).unwrap_or(0);
    let believes = |link: &Link| match link {
        Link::RateLimit(policy) => policy.believes_identity_headers(),
        _ => false,
    };
    if links.iter().take(later).any(believes) {
        let message = "rate_limit before jwt_auth would believe the identity headers that clients \
                       send: put it behind, or limit by ip and without consumers in its lists";
        errors.add("order", message);
    }
}

/// The host as one filter of a chain sees it.
struct LinkHost<'a> {
    outer: &'a dyn Host,
    kind: Kind,
    /// Whether a filter before it tells claims.
    told: bool,
}

impl Host for LinkHost<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.outer.variable(name)
    }

    fn variable_remedy(&self, name: &str) -> String {
        self.outer.variable_remedy(name)
    }

    fn passes_attributes(&self) -> bool {
        self.told || self.outer.passes_attributes()
    }

    fn lacks(&self, capability: Capability) -> Option<&'static str> {
        self.outer.lacks(capability)
    }

    fn values_are_text(&self) -> bool {
        self.outer.values_are_text()
    }

    fn cache_bytes(&self) -> usize {
        self.outer.cache_bytes()
    }

    fn clears_identity_headers(&self) -> bool {
        self.told || self.outer.clears_identity_headers()
    }

    fn warn(&self, message: &str) {
        self.outer.warn(&format!("{}: {message}", self.kind.field()));
    }
}
