//! A worker is killed while it fetches keys, has leases, or writes shared data. The master starts another
//! one, which finds the shared data as it was. Nothing in it stays locked.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{CalloutResponse, Plugin, Worker};
use novasphere_harness::client::Request;
use novasphere_tests::test_key::TestKey;
use serde_json::json;

use super::naive::{ensure_sound, pass_seconds, stopped_nginx};

/// The time limit of a fetch, and a second.
const FETCH_LEASE_S: u64 = 6;

#[test]
fn next_worker_fetches_after_the_fetch_of_a_killed_one() -> Result<()> {
    const ISSUER: &str = "https://issuer.example";
    let config = json!({"jwks": [{"issuer": ISSUER, "uri": "https://issuer.example/jwks"}]});
    let plugin = Plugin::wasm("jwt-auth", config.to_string());
    let (proxy, key) = (stopped_nginx()?, TestKey::es256("1")?);
    let token = key.token(&json!({"iss": ISSUER, "exp": "now+6000"}))?;
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    let mut killed = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
    killed.send(&request)?;
    pass_seconds(&proxy, &mut killed, 1);
    ensure!(killed.calls().len() == 1, "{:?}", killed.calls());
    drop(killed);

    let mut next = Worker::start(&proxy, &[plugin])?;
    ensure!(next.send(&request)?.status == 503);
    pass_seconds(&proxy, &mut next, FETCH_LEASE_S - 2);
    ensure!(next.calls().is_empty(), "the lease is not kept");
    pass_seconds(&proxy, &mut next, 2);
    let body = json!({"keys": [key.jwk()]}).to_string().into_bytes();
    let published = CalloutResponse { status: 200, lines: Vec::new(), body };
    ensure!(next.respond_to_callouts(|_| Some(published.clone())) == 1);
    ensure!(next.send(&request)?.status == 200);
    ensure_sound(&next)
}

const LIMIT: usize = 1_000;
/// The maximum size of a lease.
const LEASE: usize = 100;
const LEASED: &str = r#"{"year": 1000, "limit_by": "constant", "lease": true}"#;

/// Sends requests. Returns how many pass.
fn passed(worker: &mut Worker, requests: usize) -> Result<usize> {
    let mut passed = 0;
    for _ in 0..requests {
        let status = worker.send(&Request::get("/"))?.status;
        ensure!([200, 429].contains(&status), "status {status}");
        passed += usize::from(status == 200);
    }
    Ok(passed)
}

/// The unused part of its lease stays counted.
#[test]
fn killed_worker_costs_a_client_at_most_its_lease() -> Result<()> {
    let (proxy, plugin) = (stopped_nginx()?, Plugin::wasm("rate-limit", LEASED));
    let mut used = 0;
    for _ in 0..3 {
        let mut killed = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
        used += passed(&mut killed, 1)?;
        pass_seconds(&proxy, &mut killed, 1);
        used += passed(&mut killed, 60)?;
        ensure_sound(&killed)?;
    }
    let mut next = Worker::start(&proxy, &[plugin])?;
    used += passed(&mut next, LIMIT + 10)?;
    ensure!((LIMIT - 3 * LEASE..LIMIT).contains(&used), "{used} passed");
    ensure_sound(&next)
}

/// A slot has eight clients, which start from zero.
#[test]
fn half_written_slot_harms_only_its_clients() -> Result<()> {
    const CLIENTS: usize = 40;
    let proxy = stopped_nginx()?;
    let config = r#"{"year": 3, "limit_by": "header", "header_name": "x-client"}"#;
    let plugin = Plugin::wasm("rate-limit", config);
    let mut worker = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
    let send = |worker: &mut Worker, client: usize| {
        worker.send(&Request::get("/").header("x-client", format!("c{client}")))
    };
    for n in 0..3 * CLIENTS {
        ensure!(send(&mut worker, n % CLIENTS)?.status == 200);
    }
    let limited = |worker: &mut Worker| -> Result<usize> {
        let statuses = (0..CLIENTS).map(|n| Ok(send(worker, n)?.status));
        let statuses = statuses.collect::<Result<Vec<_>>>()?;
        Ok(statuses.into_iter().filter(|status| *status == 429).count())
    };
    ensure!(limited(&mut worker)? == CLIENTS);
    drop(worker);
    // The fingerprint of the first client, and the time of its last request.
    proxy.cut_last_value(20);
    let mut next = Worker::start(&proxy, &[plugin])?;
    let limited = limited(&mut next)?;
    ensure!((CLIENTS - 8..CLIENTS).contains(&limited), "{limited} clients are limited");
    ensure_sound(&next)
}
