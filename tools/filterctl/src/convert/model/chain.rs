//! [`Chain`]: the filters of a route.

use super::Addresses;
use crate::{convert::yaml::Map, found::Place};

/// The filters of a route, each with its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// cors.
    pub cors: Option<Map>,
    /// jwt-auth.
    pub jwt_auth: Option<Map>,
    /// rate-limit.
    pub rate_limit: Option<Map>,
    /// header-transform.
    pub header_transform: Option<Map>,
    /// The client addresses that may pass.
    pub addresses: Option<Addresses>,
    /// Traefik's own limits, which an output for Traefik keeps.
    pub buckets: Vec<Bucket>,
}

/// A token bucket of Traefik.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The settings of `rateLimit`.
    pub settings: Map,
    /// The middleware.
    pub place: Place,
    /// The windows that replace it elsewhere.
    pub message: String,
}

/// A limit that no client reaches. rate-limit needs one, also if it only rejects addresses.
const NO_LIMIT: i64 = 1_000_000_000;

impl Chain {
    /// Whether the route has no filter.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The configuration of the gateway filter. Without addresses, if the host checks them.
    pub fn gateway(&self) -> Map {
        let mut gateway = Map::new();
        gateway.set_some("cors", self.cors.clone());
        gateway.set_some("jwt_auth", self.jwt_auth.clone());
        gateway.set_some("rate_limit", self.rate_limit_with_addresses());
        gateway.set_some("header_transform", self.header_transform.clone());
        gateway
    }

    /// rate-limit, which also rejects addresses.
    fn rate_limit_with_addresses(&self) -> Option<Map> {
        let Some(addresses) = &self.addresses else { return self.rate_limit.clone() };
        let mut rate_limit = self.rate_limit.clone().unwrap_or_else(|| {
            let mut unlimited = Map::new()
                .with("second", NO_LIMIT)
                .with("limit_by", "constant")
                .with("headers", "none");
            unlimited.comment(
                "second",
                "No client reaches this limit: the filter only rejects addresses.",
            );
            unlimited
        });
        let denied: Vec<String> = addresses.denied().iter().map(ToString::to_string).collect();
        rate_limit.edit("deny", |deny| deny.set("cidrs", denied));
        if !addresses.allow.is_empty() {
            let allowed: Vec<String> = addresses.allow.iter().map(ToString::to_string).collect();
            rate_limit.comment("deny", &format!("All addresses except {}.", allowed.join(", ")));
        }
        Some(rate_limit)
    }

    /// The names of the environment variables that the filters read.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        let sections = [&self.cors, &self.jwt_auth, &self.rate_limit, &self.header_transform];
        for section in sections.into_iter().flatten() {
            collect(&section.to_json(), &mut names);
        }
        names
    }
}

fn collect(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(name) = members.get("env").and_then(serde_json::Value::as_str)
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
            members.values().for_each(|value| collect(value, names));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}
