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
/// Looks at memory, and at those that are at their limit, come after so many clients each.
const ROUNDS: usize = 10;
/// By then every slot has been used: 500,000 clients leave a slot of 32,768 out once in 130 runs.
const FULL_AFTER: usize = 5;
const SENDERS: usize = 10;
/// Requests sent before their answers are read: Envoy itself answers no more in one go.
const BATCH: usize = 2;
/// A year, so that no window ends; others may come while a client has used less than half.
const CONFIG: &str = r#"{"year": 4, "limit_by": "header", "header_name": "x-client"}"#;

/// Bytes that memory may still grow by: the allocator's and Envoy's own, not 500,000 clients of 64
/// bytes each.
const SLACK: u64 = 8 << 20;

#[test]
fn memory_is_bounded_and_the_limited_stay_limited() -> Result<()> {
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
    let evicted = "wasmcustom.novasphere.filter=rate-limit.event=evicted.events";
    gateway.envoy.wait_for_stat(evicted, |n| n > 100_000)?;
    // 8 entries in each of 32,768 slots, all of them in use.
    let clients = "wasmcustom.novasphere.filter=rate-limit.max_clients=65536.table_clients";
    gateway.envoy.wait_for_stat(clients, |n| (200_000..=262_144).contains(&n))?;
    chain::ensure_no_trap(&gateway.envoy)
}

fn status(addr: SocketAddr, name: &str) -> Result<u16> {
    Ok(client::send(addr, &Request::get("/").header("x-client", name))?.head.status)
}

/// Requests of fresh clients, one each, several on their way at once.
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
            // A newcomer of a full slot may share its count with others, and be refused.
            let head = connection.read_answer().with_context(|| format!("{batch} {n}"))?;
            ensure!(matches!(head.status, 200 | 429), "status {}", head.status);
        }
    }
    Ok(())
}
