//! The first requests of a client arrive all at once.

use std::{collections::BTreeMap, net::SocketAddr, sync::Barrier, thread};

use anyhow::{Result, anyhow, bail, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    clock,
    envoy::WasmFilter,
    gateway::Gateway,
};

use super::{CONNECTIONS, WORKERS, ensure_several_workers_took_part};

const LIMIT: usize = 8;
const CONFIG: &str = r#"{"hour": 8, "limit_by": "header", "header_name": "x-client"}"#;

/// Clients that send at the same time, each over 16 of the connections.
const AT_ONCE: usize = 4;
/// Bursts in a round: 48 new clients.
const BURSTS: usize = 12;
const ROUNDS: usize = 10;
/// Rounds that may be discarded because an hour ended.
const MAX_DISCARDED: usize = 2;
/// Proxies to start. The first requests of each proxy create its shared data.
const STARTS: usize = 3;

/// The count of each status of each client.
type Tally = BTreeMap<(String, u16), usize>;

#[test]
fn limit_is_exact_across_workers() -> Result<()> {
    for _ in 0..STARTS {
        let filter = WasmFilter::new("rate-limit", CONFIG);
        let gateway = Gateway::configured(vec![filter], |mut config| {
            config.concurrency = WORKERS;
            config
        })?;
        check(&gateway)?;
        chain::ensure_no_trap(&gateway.envoy)?;
        ensure_several_workers_took_part(&gateway.envoy)?;
    }
    Ok(())
}

fn check(gateway: &Gateway) -> Result<()> {
    let (mut done, mut started) = (0, 0);
    while done < ROUNDS {
        started += 1;
        ensure!(started <= ROUNDS + MAX_DISCARDED, "an hour ended in too many rounds");
        let hour = clock::unix_seconds() / 3600;
        let tally = round(gateway.addr, started)?;
        if clock::unix_seconds() / 3600 == hour {
            check_tally(&tally)?;
            done += 1;
        }
    }
    Ok(())
}

fn round(addr: SocketAddr, number: usize) -> Result<Tally> {
    let barrier = Barrier::new(CONNECTIONS);
    let mut tally = Tally::new();
    thread::scope(|scope| {
        let start = |index| {
            let barrier = &barrier;
            scope.spawn(move || run_connection(addr, number, index, barrier))
        };
        let connections: Vec<_> = (0..CONNECTIONS).map(start).collect();
        for connection in connections {
            let statuses = connection.join().map_err(|_| anyhow!("a client panicked"))??;
            for status in statuses {
                *tally.entry(status).or_default() += 1;
            }
        }
        Ok(tally)
    })
}

/// Runs one connection. In every burst it sends one request, at the same time as all others.
fn run_connection(
    addr: SocketAddr,
    round: usize,
    index: usize,
    barrier: &Barrier,
) -> Result<Vec<(String, u16)>> {
    let mut connection = Connection::open(addr);
    let mut statuses = Vec::new();
    for burst in 0..BURSTS {
        let client = format!("r{round}-m{burst}-c{}", index % AT_ONCE);
        let request = Request::get("/api/v1/wukongs").header("x-client", &client);
        // A failed connection must also reach the barrier, or the others would wait forever.
        barrier.wait();
        let response = match &mut connection {
            Ok(connection) => connection.exchange(&request),
            Err(_) => continue,
        };
        match response {
            Ok(response) => statuses.push((client, response.head.status)),
            Err(error) => connection = Err(error),
        }
    }
    connection.map(|_| statuses)
}

fn check_tally(tally: &Tally) -> Result<()> {
    let clients: BTreeMap<&str, ()> = tally.keys().map(|(c, _)| (c.as_str(), ())).collect();
    ensure!(clients.len() == AT_ONCE * BURSTS, "{} clients", clients.len());
    let count =
        |client: &str, status| tally.get(&(client.to_owned(), status)).copied().unwrap_or(0);
    let wrong: Vec<String> = clients
        .keys()
        .map(|client| (client, count(client, 200), count(client, 429)))
        .filter(|(_, passed, refused)| {
            *passed != LIMIT || passed + refused != CONNECTIONS / AT_ONCE
        })
        .map(|(client, passed, refused)| format!("{client}: {passed} passed, {refused} refused"))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("exactly {LIMIT} requests of each client should pass:\n{}", wrong.join("\n"))
}
