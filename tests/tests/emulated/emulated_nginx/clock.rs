//! The clock is set back. The host keeps the timer, and only the clock says when its work is due.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{CalloutResponse, Plugin, Worker};
use novasphere_harness::client::Request;
use novasphere_tests::test_key::TestKey;
use serde_json::json;

use super::naive::{client_lines, ensure_sound, pass_seconds, stopped_nginx};

const HOUR_MS: u64 = 3_600_000;
const ISSUER: &str = "https://issuer.example";

/// Completes the fetches with this key. Returns their number.
fn publish(worker: &mut Worker, key: &TestKey) -> usize {
    let body = json!({"keys": [key.jwk()]}).to_string().into_bytes();
    let published = CalloutResponse { status: 200, lines: Vec::new(), body };
    worker.respond_to_callouts(|_| Some(published.clone()))
}

#[test]
fn keys_are_fetched_after_the_clock_was_set_back() -> Result<()> {
    let (old, new) = (TestKey::es256("old")?, TestKey::es256("new")?);
    let proxy = stopped_nginx()?;
    proxy.pass(4 * HOUR_MS);
    let config = json!({"jwks": [{"issuer": ISSUER, "uri": "https://issuer.example/jwks"}]});
    let mut ours = Worker::start(&proxy, &[Plugin::wasm("jwt-auth", config.to_string())])?;
    ours.send(&Request::get("/"))?;
    pass_seconds(&proxy, &mut ours, 1);
    ensure!(publish(&mut ours, &old) == 1);
    pass_seconds(&proxy, &mut ours, 2);
    proxy.set_back(3 * HOUR_MS);
    pass_seconds(&proxy, &mut ours, 1);
    ensure!(publish(&mut ours, &new) == 1, "{:?}", ours.log());
    let token = new.token(&json!({"iss": ISSUER, "exp": "now+600000"}))?;
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    ensure!(ours.send(&request)?.status == 200);
    ensure_sound(&ours)
}

#[test]
fn leases_return_after_the_clock_was_set_back() -> Result<()> {
    let proxy = stopped_nginx()?;
    let plugin = Plugin::wasm("rate-limit", r#"{"year": 10000, "limit_by": "constant"}"#);
    let mut one = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
    let mut two = Worker::start(&proxy, &[plugin])?;
    let remaining = |worker: &mut Worker| -> Result<u32> {
        let answer = worker.send(&Request::get("/"))?;
        Ok(client_lines(&answer, "x-ratelimit-remaining-year").concat().parse()?)
    };
    remaining(&mut one)?;
    pass_seconds(&proxy, &mut one, 1);
    for _ in 0..8 {
        remaining(&mut one)?;
    }
    let out = remaining(&mut two)?;
    ensure!(out < 10_000 - 10, "no lease is out: {out}");
    proxy.set_back(3 * HOUR_MS);
    pass_seconds(&proxy, &mut one, 2);
    let returned = remaining(&mut two)?;
    ensure!(returned == 10_000 - 11, "{out}, then {returned}");
    ensure_sound(&one)?;
    ensure_sound(&two)
}
