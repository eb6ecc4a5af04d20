//! The proxy that injects the faults.

use std::{
    io::{ErrorKind, Read},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use novasphere_harness::{
    client::{self, Connection, Request, Response},
    clock::instant,
};
use novasphere_tests::{
    faults::{Link, LinkFault, Part},
    key_server::{JWKS_PATH, KeyServer},
    test_key::TestKey,
};

fn both() -> Result<(KeyServer, Link)> {
    let server = KeyServer::start("https://issuer.test", vec![TestKey::es256("k1")?.jwk()])?;
    let link = Link::start(server.addr)?;
    Ok((server, link))
}

fn get(link: &Link) -> Result<Response> {
    client::send(link.addr, &Request::get(JWKS_PATH).header("connection", "close"))
}

/// All bytes until the connection ends, and how it ends.
fn read(link: &Link) -> Result<(Vec<u8>, std::io::Result<usize>)> {
    let mut connection = Connection::open(link.addr)?;
    connection.write(&Request::get(JWKS_PATH).to_bytes())?;
    let mut bytes = Vec::new();
    let end = connection.into_stream().read_to_end(&mut bytes);
    Ok((bytes, end))
}

#[test]
fn passes_requests_on_before_and_after_each_fault() -> Result<()> {
    let (server, link) = both()?;
    ensure!(get(&link)?.json()?.pointer("/keys/0/kid").is_some());
    for fault in [LinkFault::Killed, LinkFault::Stalled, LinkFault::Garbage] {
        let mut open = Connection::open(link.addr)?;
        ensure!(open.exchange(&Request::get(JWKS_PATH))?.head.status == 200);
        link.inject(fault)?;
        let end = open.into_stream().read_to_end(&mut Vec::new());
        ensure!(matches!(end, Ok(0) | Err(_)), "{fault:?}: the connection stays open");
        link.inject(LinkFault::None)?;
        ensure!(get(&link)?.head.status == 200, "after {fault:?}");
    }
    ensure!(server.requests(JWKS_PATH) == 7 && link.hits() == 0);
    Ok(())
}

#[test]
fn refuses_connections_when_killed() -> Result<()> {
    let (_server, link) = both()?;
    link.inject(LinkFault::Killed)?;
    ensure!(Connection::open(link.addr).is_err());
    Ok(())
}

#[test]
fn sends_nothing_when_stalled() -> Result<()> {
    let (server, link) = both()?;
    link.inject(LinkFault::Stalled)?;
    thread::scope(|scope| {
        let stalled = scope.spawn(|| get(&link));
        let met =
            novasphere_harness::wait::until("the request", || Ok((link.hits() == 1).then_some(())));
        let early = stalled.is_finished();
        link.inject(LinkFault::None)?;
        let response = stalled.join().map_err(|_| anyhow!("the client panicked"))?;
        met?;
        ensure!(!early && response.is_err() && server.all_requests() == 0);
        Ok(())
    })
}

#[test]
fn drips_whole_responses() -> Result<()> {
    let (_server, link) = both()?;
    let whole = get(&link)?.body;
    link.inject(LinkFault::Drip { bytes: 64, pause: Duration::from_millis(20) })?;
    let start = instant();
    ensure!(get(&link)?.body == whole && link.hits() >= 1);
    // The head alone takes two pieces.
    let pieces = u32::try_from(whole.len() / 64)?;
    ensure!(start.elapsed() >= Duration::from_millis(20) * pieces, "{:?}", start.elapsed());
    Ok(())
}

#[test]
fn resets_connections_in_the_middle_of_a_response() -> Result<()> {
    let (server, link) = both()?;
    for part in [Part::Head, Part::Body] {
        link.inject(LinkFault::Reset(part))?;
        let (bytes, end) = read(&link)?;
        let error = end.err().context("no reset")?;
        ensure!(error.kind() == ErrorKind::ConnectionReset, "{part:?}: {error}");
        let has_body = bytes.windows(4).any(|four| four == b"\r\n\r\n");
        ensure!(bytes.starts_with(b"HTTP/1.1 2") && has_body == (part == Part::Body), "{part:?}");
    }
    ensure!(server.requests(JWKS_PATH) == 2 && link.hits() == 2);
    Ok(())
}

#[test]
fn sends_bytes_that_are_not_http() -> Result<()> {
    let (server, link) = both()?;
    link.inject(LinkFault::Garbage)?;
    ensure!(get(&link).is_err() && link.hits() == 1 && server.all_requests() == 0);
    Ok(())
}
