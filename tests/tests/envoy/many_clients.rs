//! A million clients: memory stops growing when the table is full, and limited clients stay
//! limited.

use std::{net::SocketAddr, thread};

use anyhow::{Context, Result, anyhow, ensure};
use novasphere_harness::{
    chain,
    client::{self, Connection, Request},
    envoy::WasmFilter,
    gateway::Gateway,
};

const CLIENTS: usize = 1_000_000;
/// Rounds of clients. Each round ends with a check of memory and of the limited clients.
const ROUNDS: usize = 10;
/// Rounds until every slot is in use: 500,000 clients miss one of 32,768 slots once in 130 runs.
const FULL_AFTER: usize = 5;
const SENDERS: usize = 10;
/// Requests sent before reading their responses: Envoy's own responses come in batches no larger.
const BATCH: usize = 2;
/// A year, so that no window ends. A client that has used less than half may be evicted.
const CONFIG: &str = r#"{"year": 4, "limit_by": "header", "header_name": "x-client"}"#;

/// Bytes that memory may still grow by. Covers the allocator and Envoy itself, but not 500,000
/// clients of 64 bytes each.
const SLACK: u64 = 8 << 20;

#[test]
fn memory_is_bounded_and_limited_clients_stay_limited() -> Result<()> {
    let filter = WasmFilter::new("rate-limit", CONFIG);
    let gateway = Gateway::configured(vec![filter], |mut config| {
        config.concurrency = 2;
        for listener in &mut config.listeners {
            listener.answers = true;
        }
        config
    })?;
    let limited: Vec<String> = (0..20).map(|n| format!("limited-{n}")).collect();
    for name in &limited {
        for _ in 0..4 {
            ensure!(status(gateway.addr, name)? == 200, "{name} is refused too early");
        }
    }
    let empty = gateway.envoy.rss()?;
    let mut full = 0;
    for round in 0..ROUNDS {
        send_all(gateway.addr, round)?;
        for name in &limited {
            ensure!(status(gateway.addr, name)? == 429, "{name} passes in round {round}");
        }
        if round + 1 == FULL_AFTER {
            full = gateway.envoy.rss()?;
        }
    }
    let end = gateway.envoy.rss()?;
    ensure!(end <= full + SLACK, "from {empty} to {full} bytes when full, then to {end}");
    let evicted = "wasmcustom.novasphere_events_total.filter=rate-limit.event=evicted";
    gateway.envoy.wait_for_stat(evicted, |n| n > 100_000)?;
    // 32,768 slots with 8 entries each, all in use.
    let clients = "wasmcustom.novasphere_table_clients.filter=rate-limit.max_clients=65536";
    gateway.envoy.wait_for_stat(clients, |n| (200_000..=262_144).contains(&n))?;
    chain::ensure_no_trap(&gateway.envoy)
}

fn status(addr: SocketAddr, name: &str) -> Result<u16> {
    Ok(client::send(addr, &Request::get("/").header("x-client", name))?.head.status)
}

/// Sends one request from each of many new clients, several at the same time.
fn send_all(addr: SocketAddr, round: usize) -> Result<()> {
    thread::scope(|scope| {
        let sender = |sender| scope.spawn(move || send(addr, round, sender));
        let senders: Vec<_> = (0..SENDERS).map(sender).collect();
        for sender in senders {
            sender.join().map_err(|_| anyhow!("a sender panicked"))??;
        }
        Ok(())
    })
}

fn send(addr: SocketAddr, round: usize, sender: usize) -> Result<()> {
    let mut connection = Connection::open(addr)?;
    for batch in 0..CLIENTS / ROUNDS / SENDERS / BATCH {
        let mut bytes = Vec::with_capacity(256);
        for n in 0..BATCH {
            let name = format!("{round}-{sender}-{batch}-{n}");
            bytes.extend(Request::get("/").header("x-client", name).to_bytes());
        }
        connection.write(&bytes)?;
        for n in 0..BATCH {
            // A new client in a full slot may share a count with other clients and be rejected.
            let head = connection.read_answer().with_context(|| format!("{batch} {n}"))?;
            ensure!(matches!(head.status, 200 | 429), "status {}", head.status);
        }
    }
    Ok(())
}
