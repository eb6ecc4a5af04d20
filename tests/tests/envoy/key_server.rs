//! The key server behaves as configured by a test.

use std::{
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use novasphere_harness::{
    client::{self, Connection, Request, Response},
    clock::instant,
    envoy::{Envoy, EnvoyConfig},
};
use novasphere_tests::{
    key_server::{Behaviour, DISCOVERY_PATH, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::json;

const ISSUER: &str = "https://issuer.test";

fn server() -> Result<KeyServer> {
    KeyServer::start(ISSUER, vec![TestKey::es256("k1")?.jwk()])
}

fn get(server: &KeyServer, path: &str) -> Result<Response> {
    client::send(server.addr, &Request::get(path).header("connection", "close"))
}

#[test]
fn serves_keys_and_counts_requests() -> Result<()> {
    let server = server()?;
    let keys = get(&server, JWKS_PATH)?;
    ensure!(keys.json()?.pointer("/keys/0/kid") == Some(&json!("k1")), "{keys:?}");
    ensure!(keys.head.first("cache-control").is_none());
    let description = get(&server, DISCOVERY_PATH)?.json()?;
    ensure!(description == json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks.json")}));
    ensure!(server.requests(JWKS_PATH) == 1 && server.requests(DISCOVERY_PATH) == 1);
    server.set(|setup| {
        setup.keys.clear();
        setup.cache_control = Some("max-age=60".to_owned());
    });
    let keys = get(&server, JWKS_PATH)?;
    ensure!(keys.json()? == json!({"keys": []}));
    ensure!(keys.head.first("cache-control").as_deref() == Some("max-age=60"));
    ensure!(server.requests(JWKS_PATH) == 2 && server.all_requests() == 3);
    Ok(())
}

#[test]
fn injects_each_fault() -> Result<()> {
    let server = server()?;
    server.behave(Behaviour::Status(500));
    ensure!(get(&server, JWKS_PATH)?.head.status == 500);
    server.behave(Behaviour::Garbage);
    ensure!(get(&server, JWKS_PATH)?.json().is_err());
    server.behave(Behaviour::Huge(1_000_000));
    let huge = get(&server, JWKS_PATH)?;
    ensure!(huge.body.len() == 1_000_000 && huge.json()?.pointer("/keys/0").is_some());
    server.behave(Behaviour::WrongIssuer);
    let issuer = get(&server, DISCOVERY_PATH)?.json()?;
    ensure!(issuer.get("issuer").is_some_and(|issuer| issuer != ISSUER));
    server.behave(Behaviour::Slow(Duration::from_millis(300)));
    let start = instant();
    ensure!(get(&server, JWKS_PATH)?.head.status == 200);
    ensure!(start.elapsed() >= Duration::from_millis(300));
    Ok(())
}

#[test]
fn strict_server_needs_accept_and_user_agent() -> Result<()> {
    let server = server()?;
    server.behave(Behaviour::Strict);
    let get = |path: &str, lines: &[(&str, &str)]| -> Result<u16> {
        let request = Request::get(path).header("connection", "close");
        let request =
            lines.iter().fold(request, |request, (name, value)| request.header(name, *value));
        Ok(client::send(server.addr, &request)?.head.status)
    };
    let (agent, json) = (("user-agent", "test/1"), ("accept", "application/json"));
    ensure!(get(JWKS_PATH, &[("accept", "application/jwk-set+json")])? == 403);
    ensure!(get(JWKS_PATH, &[agent, json])? == 406 && get(DISCOVERY_PATH, &[agent, json])? == 200);
    for accept in ["*/*", "application/json, application/jwk-set+json"] {
        ensure!(get(JWKS_PATH, &[agent, ("accept", accept)])? == 200, "{accept}");
    }
    Ok(())
}

#[test]
fn held_response_is_sent_later() -> Result<()> {
    let server = server()?;
    server.behave(Behaviour::Held);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| get(&server, JWKS_PATH));
        let arrived = server.wait_for_requests(JWKS_PATH, 1);
        let early = waiting.is_finished();
        server.behave(Behaviour::Serve);
        let response = waiting.join().map_err(|_| anyhow!("the client panicked"))??;
        arrived?;
        ensure!(!early && response.head.status == 200);
        Ok(())
    })
}

#[test]
fn goes_down_and_comes_back() -> Result<()> {
    let mut server = server()?;
    let mut open = Connection::open(server.addr)?;
    ensure!(open.exchange(&Request::get(JWKS_PATH))?.head.status == 200);
    server.behave(Behaviour::Down);
    ensure!(open.exchange(&Request::get(JWKS_PATH)).is_err(), "the connection stays open");
    ensure!(get(&server, JWKS_PATH).is_err());
    ensure!(server.dropped() == 2 && server.requests(JWKS_PATH) == 1);
    server.behave(Behaviour::Serve);
    ensure!(get(&server, JWKS_PATH)?.head.status == 200);

    let addr: SocketAddr = server.addr;
    let mut open = Connection::open(addr)?;
    ensure!(open.exchange(&Request::get(JWKS_PATH))?.head.status == 200);
    server.unbind()?;
    ensure!(open.exchange(&Request::get(JWKS_PATH)).is_err(), "the connection stays open");
    ensure!(TcpStream::connect(addr).is_err(), "the server still listens");
    server.bind()?;
    ensure!(server.addr == addr && get(&server, JWKS_PATH)?.head.status == 200);
    Ok(())
}

#[test]
fn envoy_reaches_it_as_a_cluster() -> Result<()> {
    let server = server()?;
    let mut config = EnvoyConfig::new(([127, 0, 0, 1], 9).into(), Vec::new());
    config.clusters.insert("keys".to_owned(), server.addr);
    let envoy = Envoy::start(&config)?;
    let clusters = envoy.admin_get("/clusters")?.text();
    ensure!(clusters.contains(&format!("keys::{}::", server.addr)), "{clusters}");
    Ok(())
}
