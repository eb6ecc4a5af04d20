//! The cost of each host call.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{
    objects::{Objects, Part},
    probe::CALLS,
    profile::{Calls, Function, Profile},
};

/// Which function of Envoy is which host call.
pub(crate) struct HostCalls {
    /// The function of V8's interface that all calls pass.
    door: Function,
    names: BTreeMap<Function, &'static str>,
}

/// The host calls of one row, for each request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CallCosts {
    /// By name, the most expensive one first.
    pub(crate) named: Vec<(&'static str, PerRequest)>,
    /// All calls together, with V8's way out of the module.
    pub(crate) all: PerRequest,
}

/// Calls of a request and their instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PerRequest {
    pub(crate) count: f64,
    pub(crate) cost: f64,
}

impl HostCalls {
    /// Finds the functions in a profile of the probe after `requests` requests.
    ///
    /// A call from a module passes three functions that only translate: one for all calls, and two for
    /// all calls with the same types of parameters. The function of the host call comes after them.
    ///
    /// # Errors
    /// If a host call is not found, for example because another build of Envoy is different.
    pub(crate) fn find(profile: &Profile, objects: &Objects, requests: u64) -> Result<Self> {
        let doors = from_module(profile, objects);
        let door = doors.iter().max_by_key(|(_, calls)| calls.count);
        let (door, _) = door.context("the probe makes no host calls")?;
        let mut callers = vec![*door];
        for _ in 0..2 {
            let next = profile.calls_between(|from| callers.contains(&from), |_| true);
            callers = next.into_keys().collect();
        }
        let found = profile.calls_between(|from| callers.contains(&from), |_| true);
        let mut names = BTreeMap::new();
        for call in &CALLS {
            let wanted = u64::from(call.count) * requests;
            let same = found.iter().filter(|(_, calls)| calls.count == wanted);
            // Functions such as the allocator's can have the same count by chance. They cost less.
            let function = same.max_by_key(|(_, calls)| calls.cost);
            let (function, _) =
                function.with_context(|| format!("no function is {}", call.name))?;
            names.insert((*function).clone(), call.name);
        }
        Ok(Self { door: (*door).clone(), names })
    }

    /// The host calls in a profile of `requests` requests.
    pub(crate) fn costs(&self, profile: &Profile, objects: &Objects, requests: u64) -> CallCosts {
        let through = from_module(profile, objects);
        let all = through.get(&self.door).copied().unwrap_or_default();
        let named = profile.calls_between(|_| true, |to| self.names.contains_key(to));
        let mut named: Vec<_> = named
            .into_iter()
            .filter_map(|(function, calls)| {
                Some((*self.names.get(function)?, per_request(calls, requests)))
            })
            .collect();
        named.sort_by(|(_, a), (_, b)| b.cost.total_cmp(&a.cost));
        CallCosts { named, all: per_request(all, requests) }
    }
}

/// The functions of Envoy that modules call.
fn from_module<'p>(profile: &'p Profile, objects: &Objects) -> BTreeMap<&'p Function, Calls> {
    let is = |part| move |function: &Function| objects.part(function) == part;
    profile.calls_between(is(Part::Module), is(Part::Envoy))
}

#[allow(clippy::cast_precision_loss)] // far below 2^52
fn per_request(calls: Calls, requests: u64) -> PerRequest {
    let each = |sum: u64| sum as f64 / requests as f64;
    PerRequest { count: each(calls.count), cost: each(calls.cost) }
}
