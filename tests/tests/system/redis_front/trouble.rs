//! Redis is full, gone, stalled, empty or busy; clients disconnect; the front end is killed.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use novasphere_harness::{
    client::{self, Connection},
    clock::instant,
    wait::until,
};
use novasphere_tests::redis::{Fault, FaultyFront, Front, FrontOptions, Redis};
use serde_json::json;

use super::{COUNT, SLACK, both, echo, ensure_refused, ensure_response};

#[test]
fn full_redis_returns_503_and_keeps_counts() -> Result<()> {
    let (redis, front) = both()?;
    let count = json!(["EVAL", COUNT, 1, "novasphere:a", "n"]);
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n", 1]}))?;
    redis.cli(&["CONFIG", "SET", "maxmemory", "1"])?;
    ensure_refused(&front.command(&count)?, 503, "OOM")?;
    redis.cli(&["CONFIG", "SET", "maxmemory", "0"])?;
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n", 2]}))
}

#[test]
fn returns_503_immediately_while_redis_is_down() -> Result<()> {
    let (mut redis, front) = both()?;
    ensure!(front.command(&echo("n0"))?.head.status == 200);
    ensure!(front.get("/health")?.head.status == 200);
    redis.kill()?;
    // The first request may still use a broken connection from the pool.
    ensure!(matches!(front.command(&echo("n1"))?.head.status, 502 | 503));
    let start = instant();
    ensure_refused(&front.command(&echo("n2"))?, 503, "Redis is not there")?;
    ensure!(start.elapsed() < SLACK, "{:?}", start.elapsed());
    ensure!(front.get("/health")?.head.status == 503 && front.get("/live")?.head.status == 200);
    redis.restart_empty()?;
    ensure_response(&front.command(&echo("n3"))?, 200, &json!({"result": "n3"}))?;
    ensure!(redis.size()? == 0 && front.outcomes("unavailable")? >= 2);
    Ok(())
}

#[test]
fn counts_survive_a_restart() -> Result<()> {
    let (mut redis, front) = both()?;
    let count = json!(["EVAL", COUNT, 1, "novasphere:a", "n"]);
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n", 1]}))?;
    // A killed Redis loses at most the last second of writes.
    until("the count to be written to disk", || {
        let info = redis.cli(&["INFO", "persistence"])?;
        Ok(info.contains("aof_pending_bio_fsync:0").then_some(()))
    })?;
    redis.restart()?;
    let response = until("the front to reach Redis again", || {
        let response = front.command(&count)?;
        Ok(Some(response).filter(|response| response.head.status == 200))
    })?;
    ensure_response(&response, 200, &json!({"result": ["n", 2]}))?;
    redis.restart_empty()?;
    ensure!(redis.size()? == 0);
    Ok(())
}

#[test]
fn late_response_never_reaches_another_request() -> Result<()> {
    let redis = Redis::start()?;
    // Longer than a busy machine takes for a response.
    let timeout = Duration::from_secs(3);
    let front = Front::start_with(FrontOptions { timeout, ..FrontOptions::new(&redis) })?;
    let ask = |nonce: &str| client::send(front.addr, &front.request(&echo(nonce)));
    for round in 0..5 {
        // Fills the connection pool.
        let warm = format!("warm{round}");
        ensure_response(&ask(&warm)?, 200, &json!({"result": warm}))?;
        redis.pause()?;
        let stalled = thread::scope(|scope| {
            let ask = &ask;
            let calls: Vec<_> = (0..8)
                .map(|n| {
                    scope.spawn(move || {
                        let start = instant();
                        (ask(&format!("late{round}-{n}")), start.elapsed())
                    })
                })
                .collect();
            calls.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        // Resume before any check can fail.
        redis.resume()?;
        for call in stalled {
            let (response, took) = call.map_err(|_| anyhow!("a client panicked"))?;
            ensure_refused(&response?, 504, "in time")?;
            ensure!(took < timeout + SLACK, "{took:?}");
        }
        // Redis now responds to the timed-out requests; no client receives those responses.
        for n in 0..40 {
            let nonce = format!("own{round}-{n}");
            ensure_response(&ask(&nonce)?, 200, &json!({"result": nonce}))?;
        }
    }
    ensure!(front.outcomes("timeout")? == 40);
    Ok(())
}

#[test]
fn timeout_covers_the_whole_response() -> Result<()> {
    let redis = Redis::start()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?.to_string();
    let timeout = Duration::from_millis(200);
    let password = String::new();
    let options = FrontOptions { redis: address, password, timeout, ..FrontOptions::new(&redis) };
    let front = Front::start_with(options)?;
    thread::scope(|scope| {
        // Each piece arrives within the timeout; all 40 take ten times as long.
        scope.spawn(move || -> Result<()> {
            let (mut stream, _) = listener.accept()?;
            let read = stream.read(&mut [0; 1024])?;
            ensure!(read > 0);
            stream.write_all(b"*40\r\n")?;
            for _ in 0..40 {
                thread::sleep(Duration::from_millis(50));
                // This write fails once the front has closed the connection.
                stream.write_all(b":1\r\n")?;
            }
            Ok(())
        });
        let start = instant();
        ensure_refused(&front.command(&json!(["PING"]))?, 504, "in time")?;
        ensure!(start.elapsed() < timeout + SLACK, "{:?}", start.elapsed());
        Ok(())
    })
}

#[test]
fn connection_limit_of_redis_is_not_reported_as_wrong_password() -> Result<()> {
    let (redis, front) = both()?;
    ensure!(front.command(&echo("n0"))?.head.status == 200);
    // The first front's pool holds the only allowed connection.
    redis.cli(&["CONFIG", "SET", "maxclients", "1"])?;
    let other = Front::start(&redis)?;
    let mut sent = 0;
    // Redis sends the reason and closes. A front that writes later may only see the close.
    until("the reason of Redis", || {
        let response = other.command(&echo(&format!("n{sent}")))?;
        ensure!(matches!(response.head.status, 502 | 503), "{response:?} {}", response.text());
        sent += 1;
        Ok((other.outcomes("unavailable")? > 0).then_some(()))
    })?;
    ensure!(other.outcomes("unavailable")? + other.outcomes("broken")? == sent);
    Ok(())
}

#[test]
fn each_request_gets_its_own_response() -> Result<()> {
    let (redis, front) = both()?;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|client| {
                let front = &front;
                scope.spawn(move || -> Result<()> {
                    let mut connection = Connection::open(front.addr)?;
                    for n in 0..100 {
                        let nonce = format!("{client}-{n}");
                        let command =
                            json!(["EVAL", COUNT, 1, format!("novasphere:{client}"), nonce]);
                        let response = connection.exchange(&front.request(&command))?;
                        ensure_response(&response, 200, &json!({"result": [nonce, n + 1]}))?;
                    }
                    Ok(())
                })
            })
            .collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().map_err(|_| anyhow!("a client panicked"))?)
    })?;
    ensure!(redis.size()? == 64 && front.outcomes("ok")? == 6400);
    // At most 64 for each of two workers, plus the connection of this INFO command.
    let clients = redis.cli(&["INFO", "clients"])?;
    let connected = clients.lines().find_map(|line| line.strip_prefix("connected_clients:"));
    let connected: u32 = connected.unwrap_or_default().parse()?;
    ensure!(connected <= 129, "{connected}");
    Ok(())
}

#[test]
fn disconnected_clients_leak_no_connections() -> Result<()> {
    let (redis, front) = both()?;
    for n in 0..200 {
        let mut connection = Connection::open(front.addr)?;
        connection.write(&front.request(&echo(&format!("gone{n}"))).to_bytes())?;
    }
    until("Redis to run all commands", || Ok((redis.calls("eval")? == 200).then_some(())))?;
    ensure_response(&front.command(&echo("n1"))?, 200, &json!({"result": "n1"}))?;
    let connections = redis.cli(&["INFO", "stats"])?;
    let received = connections.lines().find_map(|l| l.strip_prefix("total_connections_received:"));
    // Two pools of 64, plus one connection per redis-cli command.
    let by_cli = 2 + redis.calls("info")?;
    let received: u64 = received.unwrap_or_default().parse()?;
    ensure!(received <= by_cli + 128, "{received} connections");
    Ok(())
}

#[test]
fn front_restarts_and_resumes_at_the_same_address() -> Result<()> {
    let (_redis, mut front) = both()?;
    let addr = front.addr;
    front.kill()?;
    ensure!(Connection::open(addr).is_err());
    front.restart()?;
    ensure!(front.addr == addr);
    ensure_response(&front.command(&echo("n1"))?, 200, &json!({"result": "n1"}))?;
    front.pause()?;
    let mut connection = Connection::open(addr)?;
    connection.write(&front.request(&echo("n2")).to_bytes())?;
    front.resume()?;
    ensure!(connection.read_answer()?.status == 200);
    Ok(())
}

#[test]
fn faulty_front_injects_each_fault() -> Result<()> {
    let (_redis, front) = both()?;
    let faulty = FaultyFront::start(front.addr)?;
    let ask = |nonce: &str| client::send(faulty.addr, &front.request(&echo(nonce)));
    ensure_response(&ask("n1")?, 200, &json!({"result": "n1"}))?;
    ensure!(faulty.requests() == 1 && faulty.last_command() == Some(echo("n1")));
    faulty.fail(Fault::Status(500));
    ensure!(ask("n2")?.head.status == 500 && front.outcomes("ok")? == 1);
    faulty.fail(Fault::Garbage);
    ensure!(ask("n3")?.json().is_err());
    faulty.fail(Fault::Answer("{}".to_owned()));
    ensure_response(&ask("n4")?, 200, &json!({}))?;
    faulty.fail(Fault::Huge(100_000));
    ensure!(ask("n5")?.body.len() > 100_000);
    faulty.fail(Fault::OthersAnswer);
    ensure_response(&ask("n6")?, 200, &json!({"result": "n1"}))?;
    ensure_response(&ask("n7")?, 200, &json!({"result": "n6"}))?;
    faulty.fail(Fault::Close);
    ensure!(ask("n8").is_err());
    faulty.fail(Fault::Slow(Duration::from_millis(300)));
    let start = instant();
    ensure_response(&ask("n9")?, 200, &json!({"result": "n9"}))?;
    ensure!(start.elapsed() >= Duration::from_millis(300));
    faulty.fail(Fault::Stall);
    let requests = faulty.requests();
    thread::scope(|scope| {
        let stalled = scope.spawn(|| ask("n10"));
        let came = faulty.wait_for_requests(requests + 1);
        let early = stalled.is_finished();
        faulty.fail(Fault::None);
        let response = stalled.join().map_err(|_| anyhow!("the client panicked"))??;
        came?;
        ensure!(!early);
        ensure_response(&response, 200, &json!({"result": "n10"}))
    })
}
