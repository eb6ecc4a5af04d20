//! Two Envoys share counts in a real Redis, behind the shipped front end.

mod abandoned;
mod exact;
mod script;
mod trouble;

use std::{net::SocketAddr, sync::Barrier, thread};

use anyhow::{Result, anyhow};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    envoy::{Envoy, WasmFilter},
    gateway::Gateway,
};
use novasphere_tests::redis::{Front, Redis};
use serde_json::{Value, json};

const WORKERS: u32 = 2;

/// Redis and its front.
fn both() -> Result<(Redis, Front)> {
    let redis = Redis::start()?;
    let front = Front::start(&redis)?;
    Ok((redis, front))
}

/// An Envoy with limits counted in the Redis at `addr`. The tests set limits per year, so that no
/// window ends during a test.
fn gateway(front: &Front, addr: SocketAddr, redis: &Value, more: &Value) -> Result<Gateway> {
    let config = limits(front, redis, more);
    start_gateway(addr, WasmFilter::new("rate-limit", config.to_string()))
}

/// The configuration of the limits of [`gateway`].
fn limits(front: &Front, redis: &Value, more: &Value) -> Value {
    let mut config = json!({
        "limit_by": "header", "header_name": "x-client", "policy": "redis",
        "redis": {
            "uri": "http://redis.test/", "cluster": "redis", "token": front.token(),
            "secret": "only-for-tests-0123456789",
        },
    });
    extend(&mut config, more);
    if let Some(own) = config.get_mut("redis") {
        extend(own, redis);
    }
    config
}

fn start_gateway(addr: SocketAddr, filter: WasmFilter) -> Result<Gateway> {
    Gateway::configured(vec![filter], |mut config| {
        config.clusters.insert("redis".to_owned(), addr);
        config.concurrency = WORKERS;
        config
    })
}

fn extend(object: &mut Value, more: &Value) {
    if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
        object.extend(more.clone());
    }
}

fn request(client: &str) -> Request {
    Request::get("/api/v1/wukongs").header("x-client", client)
}

/// Sends `each` requests of one client over each of `connections` connections per gateway, all at
/// once. Returns the statuses.
fn storm(gateways: &[Gateway], connections: usize, each: usize) -> Result<Vec<u16>> {
    let barrier = Barrier::new(gateways.len() * connections);
    let send_each = |addr: SocketAddr| -> Result<Vec<u16>> {
        let connection = Connection::open(addr);
        barrier.wait();
        let mut connection = connection?;
        (0..each).map(|_| Ok(connection.exchange(&request("a"))?.head.status)).collect()
    };
    thread::scope(|scope| {
        let addrs = gateways.iter().flat_map(|gateway| vec![gateway.addr; connections]);
        let clients: Vec<_> = addrs.map(|addr| scope.spawn(move || send_each(addr))).collect();
        let mut statuses = Vec::new();
        for client in clients {
            statuses.extend(client.join().map_err(|_| anyhow!("a client panicked"))??);
        }
        Ok(statuses)
    })
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|known| **known == status).count()
}

/// The count of an event.
fn event(envoy: &Envoy, name: &str) -> Result<u64> {
    let name = format!("wasmcustom.novasphere_events_total.filter=rate-limit.event={name}");
    Ok(envoy.stat(&name)?.unwrap_or_default())
}

/// The count of a kind of failure.
fn failures(envoy: &Envoy, kind: &str) -> Result<u64> {
    let name = format!("wasmcustom.novasphere_redis_failures_total.filter=rate-limit.kind={kind}");
    Ok(envoy.stat(&name)?.unwrap_or_default())
}

fn ensure_no_traps(gateways: &[Gateway]) -> Result<()> {
    gateways.iter().try_for_each(|gateway| chain::ensure_no_trap(&gateway.envoy))
}
