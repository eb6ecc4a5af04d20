//! The measured chains. Each is a listener; a few of them share one Envoy.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    filters::{
        cors, gateway, header_transform, jwt_auth, rate_limit, rate_limit_by_forwarded,
        rate_limit_for_all, without_lease,
    },
    proxy::{
        chain::{Chain, native_four},
        native::Native,
        wasm::{native_module_filter, wasm, wasm_file},
    },
};

/// A line of the report.
pub(crate) struct Row {
    pub(crate) label: &'static str,
    pub(crate) table: Table,
    /// The chain. Its id is the name of the listener.
    pub(crate) chain: Chain,
}

/// The tables of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// The whole job.
    Chain,
    /// A single filter.
    Single,
}

/// The row that all others are compared with.
pub(crate) const BASE: &str = "none";

/// The row whose added instructions are the unit A.
pub(crate) const UNIT: &str = "native-four-cache";

/// The row that a test guards. It has no leases: after each timer event, a client's first requests count
/// without one, so on a slow machine more of them do.
const GUARDED: &str = "gateway-counted";

impl Row {
    fn new(label: &'static str, table: Table, chain: Chain) -> Self {
        Self { label, table, chain }
    }

    pub(crate) fn id(&self) -> &'static str {
        self.chain.id
    }

    pub(crate) fn is_native(&self) -> bool {
        self.id().starts_with("native")
    }
}

/// The rows that a test measures: the base, the unit and the gateway.
///
/// # Errors
/// If the gateway is not built.
#[cfg(all(test, feature = "system"))]
pub(crate) fn guarded(keys: &[Value]) -> Result<Vec<Row>> {
    let mut rows = Vec::from(compared_with(keys));
    rows.push(counted(keys)?);
    Ok(rows)
}

/// The rows of the test of the native module.
///
/// # Errors
/// If the module is not built.
#[cfg(all(test, feature = "system"))]
pub(crate) fn native_module(keys: &[Value]) -> Result<Vec<Row>> {
    let mut rows = Vec::from(compared_with(keys));
    rows.push(module_of_envoy(keys)?);
    Ok(rows)
}

/// The gateway as a native module, which takes no leases.
fn module_of_envoy(keys: &[Value]) -> Result<Row> {
    const ID: &str = "module-ietf";
    let filter = native_module_filter(ID, &gateway(keys, rate_limit_by_forwarded("ietf")))?;
    let label = "gateway as a native module, ietf headers";
    Ok(Row::new(label, Table::Chain, Chain::wasm(ID, vec![filter])))
}

/// The rows that all others are compared with.
fn compared_with(keys: &[Value]) -> [Row; 2] {
    [
        Row::new("no filter", Table::Chain, Chain::wasm(BASE, Vec::new())),
        Row::new(
            "native four, token cache",
            Table::Chain,
            Chain::native(UNIT, &native_four(keys, true)),
        ),
    ]
}

fn counted(keys: &[Value]) -> Result<Row> {
    let limit = without_lease(rate_limit_by_forwarded("ietf"));
    gateway_row(GUARDED, "gateway, ietf headers, without leases", keys, limit)
}

/// All rows, in the order of the report. `modules` is the directory of the modules that do nothing.
///
/// # Errors
/// If a module is not built.
pub(crate) fn all(keys: &[Value], modules: &Path) -> Result<Vec<Row>> {
    let nothing = |id, label, file| {
        let filter = wasm_file(id, id, &modules.join(file), &json!({}));
        Row::new(label, Table::Chain, Chain::wasm(id, vec![filter]))
    };
    let mut rows = Vec::from(compared_with(keys));
    rows.extend([
        nothing("nothing", "a module that does nothing", "novasphere-bench-nothing.wasm"),
        nothing(
            "nothing-sdk",
            "a module of the Rust SDK that does nothing",
            "novasphere_bench_nothing_sdk.wasm",
        ),
        Row::new(
            "native four, no token cache",
            Table::Chain,
            Chain::native("native-four", &native_four(keys, false)),
        ),
    ]);
    let gateways = [
        ("gateway-ietf", "gateway, ietf headers", rate_limit_by_forwarded("ietf")),
        ("gateway-kong", "gateway, Kong's headers", rate_limit_by_forwarded("kong")),
        ("gateway-for-all", "gateway, ietf headers, one limit for all", rate_limit_for_all()),
        (
            "gateway-two-limits",
            "gateway, ietf headers, two limits, without leases",
            without_lease(rate_limit("ietf")),
        ),
    ];
    for (id, label, limit) in gateways {
        rows.push(gateway_row(id, label, keys, limit)?);
    }
    rows.push(counted(keys)?);
    rows.push(module_of_envoy(keys)?);
    let one_vm = Chain::wasm("one-vm", four_in_one_vm(keys)?);
    rows.push(Row::new("four filters in one VM, ietf headers", Table::Chain, one_vm));
    rows.extend(single(keys)?);
    // The base first, then the modules that do nothing, then the native filters, then the gateway.
    rows.sort_by_key(|row| match row.id() {
        BASE => 0,
        id if id.starts_with("nothing") => 1,
        _ if row.table == Table::Single => 4,
        _ if row.is_native() => 2,
        _ => 3,
    });
    Ok(rows)
}

fn gateway_row(id: &'static str, label: &'static str, keys: &[Value], limit: Value) -> Result<Row> {
    let filter = wasm("gateway", id, &gateway(keys, limit))?;
    Ok(Row::new(label, Table::Chain, Chain::wasm(id, vec![filter])))
}

/// The gateway's module four times, each time with one filter. The four share one VM.
fn four_in_one_vm(keys: &[Value]) -> Result<Vec<Value>> {
    let parts = [
        json!({"cors": cors()}),
        json!({"jwt_auth": jwt_auth(keys)}),
        json!({"rate_limit": rate_limit_by_forwarded("ietf")}),
        json!({"header_transform": header_transform()}),
    ];
    parts.iter().map(|config| wasm("gateway", "one-vm", config)).collect()
}

/// Each filter behind its native counterpart.
fn single(keys: &[Value]) -> Result<Vec<Row>> {
    let native = |id, label, filter| Row::new(label, Table::Single, Chain::native(id, &[filter]));
    let ours = |id, config: Value| -> Result<Row> {
        Ok(Row::new(id, Table::Single, Chain::wasm(id, vec![wasm(id, id, &config)?])))
    };
    Ok(vec![
        native("native-cors", "native cors", Native::cors()),
        ours("cors", cors())?,
        native("native-jwt-auth", "native jwt_authn, token cache", Native::jwt_authn(keys, true)),
        ours("jwt-auth", jwt_auth(keys))?,
        native("native-rate-limit", "native local_ratelimit", Native::local_ratelimit()),
        ours("rate-limit", rate_limit_by_forwarded("ietf"))?,
        native("native-header-transform", "native header_mutation", Native::header_mutation()),
        ours("header-transform", header_transform())?,
    ])
}
