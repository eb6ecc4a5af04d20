//! Together the proxies let exactly the limit pass.

use anyhow::{Result, ensure};
use novasphere_harness::envoy::WasmFilter;
use serde_json::json;

use super::{
    WORKERS, both, count, ensure_no_traps, event, gateway, limits, request, start_gateway, storm,
};

const LIMIT: usize = 200;
const CONNECTIONS: usize = 16;
const EACH: usize = 25;
const EACH_GATEWAY: u64 = (CONNECTIONS * EACH) as u64;

#[test]
fn two_envoys_admit_exactly_the_limit() -> Result<()> {
    let (redis, front) = both()?;
    // A failed call to Redis is a 503, so no local decision can hide it.
    let own = json!({"on_error": "deny", "timeout_ms": 10_000});
    let limits = json!({"year": LIMIT, "month": LIMIT});
    let start = || gateway(&front, front.addr, &own, &limits);
    let gateways = [start()?, start()?];
    let statuses = storm(&gateways, CONNECTIONS, EACH)?;
    let (passed, refused) = (count(&statuses, 200), count(&statuses, 429));
    ensure!(passed == LIMIT && passed + refused == 2 * CONNECTIONS * EACH, "{passed} {refused}");
    ensure!(redis.size()? == 1, "a client must be one key");
    for gateway in &gateways {
        gateway.envoy.stats_after("rate-limit", EACH_GATEWAY)?;
        ensure!(event(&gateway.envoy, "refused_as_known")? > 0);
        let other = gateway.send(&request("b"))?;
        ensure!(other.head.status == 200, "another client: {other:?}");
    }
    ensure_no_traps(&gateways)
}

/// The platforms of the modules differ in the size of a pointer.
#[test]
fn webassembly_and_native_modules_share_one_count() -> Result<()> {
    let (redis, front) = both()?;
    let own = json!({"on_error": "deny", "timeout_ms": 10_000});
    let config = limits(&front, &own, &json!({"year": 3}));
    let chain = json!({"rate_limit": config}).to_string();
    let native = WasmFilter { native: true, ..WasmFilter::new("gateway", chain.clone()) };
    let filters = [
        WasmFilter::new("rate-limit", config.to_string()),
        WasmFilter::new("gateway", chain),
        native,
    ];
    for (filter, remaining) in filters.into_iter().zip(["2", "1", "0"]) {
        let gateway = start_gateway(front.addr, filter)?;
        let response = gateway.send(&request("a"))?;
        ensure!(response.head.status == 200, "{response:?}");
        let shown = response.head.first("x-ratelimit-remaining-year");
        ensure!(shown.as_deref() == Some(remaining), "{response:?}");
        ensure_no_traps(&[gateway])?;
    }
    ensure!(redis.size()? == 1, "a client must be one key");
    Ok(())
}

#[test]
fn two_envoys_with_leases_stay_within_the_bound() -> Result<()> {
    const MAX: usize = 10;
    let (redis, front) = both()?;
    let own = json!({"on_error": "deny", "timeout_ms": 10_000});
    let more = json!({"year": LIMIT, "lease": {"share": 10, "max": MAX}});
    let start = || gateway(&front, front.addr, &own, &more);
    let gateways = [start()?, start()?];
    let statuses = storm(&gateways, CONNECTIONS, EACH)?;
    let (passed, refused) = (count(&statuses, 200), count(&statuses, 429));
    let bound = gateways.len() * WORKERS as usize * MAX;
    ensure!((LIMIT - bound..=LIMIT).contains(&passed), "{passed} of {LIMIT}");
    ensure!(passed + refused == 2 * CONNECTIONS * EACH, "{passed} {refused}");
    let mut hits = 0;
    for gateway in &gateways {
        gateway.envoy.stats_after("rate-limit", EACH_GATEWAY)?;
        hits += event(&gateway.envoy, "lease_hit")?;
    }
    ensure!(hits > 0, "no lease was used");
    ensure!(redis.size()? == 1);
    ensure_no_traps(&gateways)
}
