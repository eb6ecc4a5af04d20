//! The measured filter chains. Each runs in a separate Envoy.

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{
    native::Native,
    wasm::{wasm, wasm_file},
};
use crate::filters::{cors, gateway, header_transform, jwt_auth, rate_limit, rate_limit_for_all};

/// A chain of filters.
pub(crate) struct Chain {
    pub(crate) id: &'static str,
    pub(crate) filters: Vec<Value>,
    /// The filters' per-route configurations, by name.
    pub(crate) per_route: Map<String, Value>,
}

impl Chain {
    pub(crate) fn wasm(id: &'static str, filters: Vec<Value>) -> Self {
        Self { id, filters, per_route: Map::new() }
    }

    pub(crate) fn native(id: &'static str, filters: &[Native]) -> Self {
        let per_route = filters.iter().filter_map(|filter| {
            let config = filter.per_route.clone()?;
            Some((filter.name.to_owned(), config))
        });
        Self {
            id,
            filters: filters.iter().map(Native::http_filter).collect(),
            per_route: per_route.collect(),
        }
    }
}

/// All chains. `modules` is the directory of the empty modules.
pub(crate) fn chains(keys: &[Value], modules: &Path) -> Result<Vec<Chain>> {
    let nothing =
        |id, file| Chain::wasm(id, vec![wasm_file(id, id, &modules.join(file), &json!({}))]);
    let mut chains = vec![
        Chain::wasm("none", Vec::new()),
        nothing("nothing", "novasphere-bench-nothing.wasm"),
        nothing("nothing-sdk", "novasphere_bench_nothing_sdk.wasm"),
        Chain::native("native-four", &native_four(keys, false)),
        Chain::native("native-four-cache", &native_four(keys, true)),
        Chain::wasm("four-vms", four_modules(keys)?),
        Chain::wasm("one-vm", four_in_one_vm(keys)?),
    ];
    let gateways = [
        ("gateway-for-all", rate_limit_for_all()),
        ("gateway-ietf", rate_limit("ietf")),
        ("gateway-kong", rate_limit("kong")),
    ];
    for (id, limit) in gateways {
        chains.push(Chain::wasm(id, vec![wasm("gateway", "gateway", &gateway(keys, limit))?]));
    }
    chains.extend(single(keys)?);
    Ok(chains)
}

/// A single filter and its native counterpart.
fn single(keys: &[Value]) -> Result<Vec<Chain>> {
    let mut chains = vec![
        Chain::native("native-cors", &[Native::cors()]),
        Chain::native("native-rate-limit", &[Native::local_ratelimit()]),
        Chain::native("native-header-transform", &[Native::header_mutation()]),
        Chain::native("native-jwt-auth", &[Native::jwt_authn(keys, false)]),
        Chain::native("native-jwt-auth-cache", &[Native::jwt_authn(keys, true)]),
    ];
    let filters = [
        ("cors", "cors", cors()),
        ("rate-limit-for-all", "rate-limit", rate_limit_for_all()),
        ("rate-limit", "rate-limit", rate_limit("ietf")),
        ("header-transform", "header-transform", header_transform()),
        ("jwt-auth", "jwt-auth", jwt_auth(keys)),
    ];
    for (id, filter, config) in filters {
        chains.push(Chain::wasm(id, vec![wasm(filter, filter, &config)?]));
    }
    Ok(chains)
}

pub(crate) fn native_four(keys: &[Value], cache: bool) -> [Native; 4] {
    [
        Native::cors(),
        Native::jwt_authn(keys, cache),
        Native::local_ratelimit(),
        Native::header_mutation(),
    ]
}

/// Separate files are separate VMs, whatever their `vm_id`.
fn four_modules(keys: &[Value]) -> Result<Vec<Value>> {
    Ok(vec![
        wasm("cors", "novasphere", &cors())?,
        wasm("jwt-auth", "novasphere", &jwt_auth(keys))?,
        wasm("rate-limit", "novasphere", &rate_limit("ietf"))?,
        wasm("header-transform", "novasphere", &header_transform())?,
    ])
}

/// The gateway's module four times, each time with one filter. The four share one VM.
fn four_in_one_vm(keys: &[Value]) -> Result<Vec<Value>> {
    let parts = [
        json!({"cors": cors()}),
        json!({"jwt_auth": jwt_auth(keys)}),
        json!({"rate_limit": rate_limit("ietf")}),
        json!({"header_transform": header_transform()}),
    ];
    parts.iter().map(|config| wasm("gateway", "novasphere", config)).collect()
}
