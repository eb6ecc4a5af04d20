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

use super::{CONNECTIONS, WORKERS, several_workers_took_part};

const LIMIT: usize = 8;
const CONFIG: &str = r#"{"hour": 8, "limit_by": "header", "header_name": "x-client"}"#;

/// Clients that send at the same moment; each has 16 of the connections.
const AT_ONCE: usize = 4;
/// Moments in a round: 48 fresh clients.
const MOMENTS: usize = 12;
const ROUNDS: usize = 10;
/// Rounds that may be spoilt by the end of an hour.
const SPOILT: usize = 2;
/// Fresh proxies: what they share is made when the first requests come.
const STARTS: usize = 3;

/// How often each client got each status.
type Tally = BTreeMap<(String, u16), usize>;

#[test]
fn the_limit_is_exact_across_workers() -> Result<()> {
    for _ in 0..STARTS {
        let filter = WasmFilter::new("rate-limit", CONFIG);
        let gateway = Gateway::configured(vec![filter], |mut config| {
            config.concurrency = WORKERS;
            config
        })?;
        check(&gateway)?;
        chain::ensure_no_trap(&gateway.envoy)?;
        several_workers_took_part(&gateway.envoy)?;
    }
    Ok(())
}

fn check(gateway: &Gateway) -> Result<()> {
    let (mut done, mut started) = (0, 0);
    while done < ROUNDS {
        started += 1;
        ensure!(started <= ROUNDS + SPOILT, "hours pass too fast");
        let hour = clock::unix_seconds() / 3600;
        let tally = round(gateway.addr, started)?;
        if clock::unix_seconds() / 3600 == hour {
            judge(&tally)?;
            done += 1;
        }
    }
    Ok(())
}

fn round(addr: SocketAddr, number: usize) -> Result<Tally> {
    let barrier = Barrier::new(CONNECTIONS);
    let mut tally = Tally::new();
    thread::scope(|scope| {
        let start = |seat| {
            let barrier = &barrier;
            scope.spawn(move || sit(addr, number, seat, barrier))
        };
        let seats: Vec<_> = (0..CONNECTIONS).map(start).collect();
        for seat in seats {
            let answers = seat.join().map_err(|_| anyhow!("a client panicked"))??;
            for answer in answers {
                *tally.entry(answer).or_default() += 1;
            }
        }
        Ok(tally)
    })
}

/// One connection: at every moment it sends one request, together with all others.
fn sit(
    addr: SocketAddr,
    round: usize,
    seat: usize,
    barrier: &Barrier,
) -> Result<Vec<(String, u16)>> {
    let mut connection = Connection::open(addr);
    let mut answers = Vec::new();
    for moment in 0..MOMENTS {
        let client = format!("r{round}-m{moment}-c{}", seat % AT_ONCE);
        let request = Request::get("/api/v1/wukongs").header("x-client", &client);
        // Everybody comes to the barrier, whatever has happened before: the others wait there.
        barrier.wait();
        let answer = match &mut connection {
            Ok(connection) => connection.exchange(&request),
            Err(_) => continue,
        };
        match answer {
            Ok(answer) => answers.push((client, answer.head.status)),
            Err(error) => connection = Err(error),
        }
    }
    connection.map(|_| answers)
}

fn judge(tally: &Tally) -> Result<()> {
    let clients: BTreeMap<&str, ()> = tally.keys().map(|(c, _)| (c.as_str(), ())).collect();
    ensure!(clients.len() == AT_ONCE * MOMENTS, "{} clients", clients.len());
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
    bail!("of each client exactly {LIMIT} requests should pass:\n{}", wrong.join("\n"))
}
