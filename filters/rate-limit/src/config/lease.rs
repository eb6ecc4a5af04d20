//! Leases.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// `true`, `false`, or an object with the size of a lease.
#[derive(Clone, Copy, Debug)]
pub enum Lease {
    Off,
    On(LeaseConfig),
}

/// The part of a client's remaining quota that a worker takes at a time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"share": 5, "max": 50}])))]
pub struct LeaseConfig {
    /// The percentage of the remaining quota of the tightest window, 1 to 50. Default: 10.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [5])))]
    pub share: u32,
    /// The maximum number of requests, 1 to 1,000,000. Default: 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [50])))]
    pub max: u32,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self { share: 10, max: 100 }
    }
}

/// The fields of [`LeaseConfig`], for error messages.
const FIELDS: &[&str] = &["share", "max"];

impl<'de> Deserialize<'de> for Lease {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Lease", FIELDS, LeaseVisitor)
    }
}

struct LeaseVisitor;

impl<'de> Visitor<'de> for LeaseVisitor {
    type Value = Lease;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or an object")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Lease, E> {
        Ok(if on { Lease::On(LeaseConfig::default()) } else { Lease::Off })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lease, A::Error> {
        LeaseConfig::deserialize(MapAccessDeserializer::new(map)).map(Lease::On)
    }
}
