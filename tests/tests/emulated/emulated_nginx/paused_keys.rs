//! Fetched keys of a worker whose timer paused after an hour without requests.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{CalloutResponse, Worker};
use novasphere_harness::client::Request;
use novasphere_tests::test_key::TestKey;
use serde_json::json;

use super::{
    naive::{ensure_sound, nginx},
    timers::{ISSUER, fetches_in_a_day, publish, tick, with_keys},
};

/// A request with a token of this key, valid for a week.
fn request(key: &TestKey) -> Result<Request> {
    let token = key.token(&json!({"iss": ISSUER, "sub": "alice", "exp": "now+604800"}))?;
    Ok(Request::get("/").header("authorization", format!("Bearer {token}")))
}

/// One worker gets a request every ten minutes, the other one none for two hours. Meanwhile the
/// issuer removes the old key.
#[test]
fn paused_worker_uses_the_keys_that_another_one_fetched() -> Result<()> {
    for is_cached in [false, true] {
        let (old, new) = (TestKey::es256("old")?, TestKey::es256("new")?);
        let (old_request, proxy) = (request(&old)?, Arc::new(nginx()?));
        let mut busy = Worker::start(&proxy, &[with_keys()])?;
        let mut paused = Worker::start(&proxy, &[with_keys()])?;
        busy.send(&Request::get("/"))?;
        paused.send(&Request::get("/"))?;
        tick(&proxy, &mut busy, 1);
        ensure!(busy.respond_to_callouts(|_| Some(publish(&[&old]))) == 1);
        tick(&proxy, &mut paused, 1);
        if is_cached {
            ensure!(paused.send(&old_request)?.status == 200);
        }
        for minutes in (0..120).step_by(10) {
            let published = if minutes < 90 { &old } else { &new };
            proxy.pass(600_000);
            busy.send(&Request::get("/"))?;
            for worker in [&mut busy, &mut paused] {
                worker.tick();
                worker.respond_to_callouts(|_| Some(publish(&[published])));
            }
        }
        let answer = paused.send(&old_request)?;
        ensure!(answer.status == 401 && answer.upstream.is_none(), "{is_cached}: {answer:?}");
        ensure!(paused.send(&request(&new)?)?.status == 200);
        ensure_sound(&paused)?;
    }
    Ok(())
}

#[test]
fn expired_keys_wait_for_a_fetch_after_an_idle_day() -> Result<()> {
    let (old, new) = (TestKey::es256("old")?, TestKey::es256("new")?);
    let (old_request, proxy) = (request(&old)?, Arc::new(nginx()?));
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    ours.send(&Request::get("/"))?;
    tick(&proxy, &mut ours, 1);
    ours.respond_to_callouts(|_| Some(publish(&[&old])));
    ensure!(ours.send(&old_request)?.status == 200);
    fetches_in_a_day(&proxy, &mut ours, &publish(&[&old]));
    // Before the fetch and during it.
    for _ in 0..2 {
        let answer = ours.send(&old_request)?;
        ensure!(answer.status == 503 && answer.upstream.is_none(), "{answer:?}");
        tick(&proxy, &mut ours, 1);
    }
    ensure!(ours.respond_to_callouts(|_| Some(publish(&[&new]))) == 1);
    ensure!(ours.send(&old_request)?.status == 401);
    ensure!(ours.send(&request(&new)?)?.status == 200);
    ensure_sound(&ours)
}

#[test]
fn last_good_keys_are_used_if_the_fetch_after_an_idle_day_fails() -> Result<()> {
    let key = TestKey::es256("1")?;
    let (good, proxy) = (request(&key)?, Arc::new(nginx()?));
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    ours.send(&Request::get("/"))?;
    fetches_in_a_day(&proxy, &mut ours, &publish(&[&key]));
    ensure!(ours.send(&good)?.status == 503);
    tick(&proxy, &mut ours, 1);
    let failed = CalloutResponse { status: 500, ..CalloutResponse::default() };
    ensure!(ours.respond_to_callouts(|_| Some(failed.clone())) == 1);
    ensure!(ours.send(&good)?.status == 200);
    ensure_sound(&ours)
}
