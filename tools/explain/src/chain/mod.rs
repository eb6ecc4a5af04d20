//! A chain of filters in a proxy, without the proxy.
//!
//! [`Chain`] loads the configurations with the filters' own code and sends requests through them.
//! Everything that the proxy does for the filters happens here, in the order of that proxy:
//!
//! - Envoy: responses pass the filters in reverse order. A filter sees the local responses of the
//!   later filters only.
//! - Kong: responses pass the filters in the order of requests. nginx cannot remove a request
//!   header, so the upstream gets it empty.
//! - Traefik: responses do not pass the filters.
//!
//! In reading order:
//!
//! - `loaded`: a filter of any kind; `world`: the proxy's capabilities, in memory;
//! - `answers`, `keys`, `redis`: answers to fetches and callouts;
//! - `assumed_signature`: tokens whose key was not given;
//! - `travel`: a request's way through the chain; `dialect`: the proxies' own changes;
//! - `steps`, `changes`: the steps, from the notes of the filters.

mod answers;
mod assumed_signature;
mod changes;
mod dialect;
mod keys;
mod loaded;
mod redis;
mod steps;
mod travel;
mod world;

use novasphere_core::Fault;

pub use self::{
    changes::Change,
    keys::KeySets,
    steps::{Action, ResponseStep, Step},
    travel::{Explanation, Input},
    world::Facts,
};
use self::{
    keys::Issuers,
    loaded::{AnyFilter, load},
    redis::Redis,
    world::World,
};
use crate::{
    Environment, FilterKind, Proxy, ProxyKind,
    token::{self, FoundToken},
};

/// A filter with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The filter.
    pub kind: FilterKind,
    /// The configuration, JSON text.
    pub json: Vec<u8>,
    /// See [`novasphere_core::Host::values_are_text`].
    pub values_are_text: bool,
    /// See [`novasphere_core::Host::guesses_types`].
    pub guesses_types: bool,
}

/// Everything that a chain depends on, apart from requests.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The proxy.
    pub proxy: ProxyKind,
    /// The filters in the order in which requests pass them.
    pub filters: Vec<Configured>,
    /// The proxy's environment.
    pub environment: Environment,
    /// The keys of issuers.
    pub keys: KeySets,
    /// Whether Redis can be reached.
    pub redis: bool,
}

/// A configuration that its filter rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The index in [`Setup::filters`].
    pub index: usize,
    /// The filter.
    pub kind: FilterKind,
    /// The faults.
    pub faults: Vec<Fault>,
}

/// Loaded filters, and the memory of their proxy.
pub struct Chain {
    setup: Setup,
    filters: Vec<Box<dyn AnyFilter>>,
    world: World,
    issuers: Issuers,
    redis: Redis,
    /// The variables whose values are assumed.
    assumed: Vec<String>,
}

impl Chain {
    /// Loads the filters.
    ///
    /// # Errors
    /// The first configuration that its filter rejects.
    pub fn new(setup: Setup) -> Result<Self, Rejected> {
        let (mut filters, mut assumed) = (Vec::new(), Vec::new());
        let mut issuers = Issuers::new(setup.keys.clone());
        for (index, Configured { kind, json, values_are_text, guesses_types }) in
            setup.filters.iter().enumerate()
        {
            let mut proxy = Proxy::new(setup.proxy, &setup.environment);
            proxy.values_are_text = *values_are_text;
            proxy.guesses_types = *guesses_types;
            proxy.find_public_keys(json);
            let loaded = load(*kind, json, &proxy);
            let rejected = |errors: novasphere_core::ConfigErrors| {
                let faults = errors.faults().to_vec();
                Rejected { index, kind: *kind, faults }
            };
            filters.push(loaded.map_err(rejected)?);
            assumed.extend(proxy.assumed());
            issuers.add(*kind, json);
        }
        assumed.sort_unstable();
        assumed.dedup();
        let world = World::new(setup.proxy);
        Ok(Self { setup, filters, world, issuers, redis: Redis::default(), assumed })
    }

    /// The names of the variables whose values are assumed.
    pub fn assumed_variables(&self) -> &[String] {
        &self.assumed
    }

    /// Assumes keys for the tokens of a request, if the setup says so. Call it for all requests
    /// before the first one is sent, because the filters fetch keys at intervals only.
    pub fn expect(&mut self, request: &crate::Request) {
        for FoundToken { algorithm, kid, .. } in token::find(&request.lines()) {
            if !self.issuers.tokens.contains(&(algorithm.clone(), kid.clone())) {
                self.issuers.tokens.push((algorithm, kid));
            }
        }
    }

    /// A copy of the chain with an empty memory.
    fn fresh(&self) -> Option<Self> {
        let mut fresh = Self::new(self.setup.clone()).ok()?;
        fresh.issuers.tokens.clone_from(&self.issuers.tokens);
        Some(fresh)
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("setup", &self.setup.filters).finish_non_exhaustive()
    }
}
