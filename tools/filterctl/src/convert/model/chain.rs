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
        let mut rate_limit = self.enforced_limits().cloned().unwrap_or_else(|| {
            let mut unlimited = Map::new()
                .with("second", NO_LIMIT)
                .with("limit_by", if addresses.allow.is_empty() { "constant" } else { "ip" })
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
            if needs_address(&rate_limit) {
                // A client without an address is in no network of the list.
                rate_limit.set("on_unresolved", "deny");
            }
        }
        Some(rate_limit)
    }

    /// Whether clients without an address pass, although only some addresses may pass.
    pub fn admits_unknown_addresses(&self) -> bool {
        let allows_some = self.addresses.as_ref().is_some_and(|a| !a.allow.is_empty());
        allows_some && self.enforced_limits().is_some_and(|limits| !needs_address(limits))
    }

    /// Whether the limits only report, which they would not do beside addresses.
    pub fn loses_reports(&self) -> bool {
        self.addresses.is_some() && self.rate_limit.is_some() && self.enforced_limits().is_none()
    }

    /// The limits that reject requests. With `report_only`, the filter would reject no address.
    fn enforced_limits(&self) -> Option<&Map> {
        self.rate_limit.as_ref().filter(|limits| !limits.is_true("report_only"))
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

/// Whether `on_unresolved` decides on all clients without an address, and on no others.
fn needs_address(rate_limit: &Map) -> bool {
    rate_limit.text("limit_by") == Some("ip") && rate_limit.items("rules").is_empty()
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
