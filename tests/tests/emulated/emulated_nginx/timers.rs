//! Timers, their limits, and keys that timers fetch.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{
    Action, Callout, CalloutResponse, Host, Load, Plugin, Proxy, Worker,
};
use novasphere_harness::client::Request;
use novasphere_tests::test_key::TestKey;
use serde_json::json;

use super::naive::{
    Naive, ensure_sound, for_each_request, nginx, status_of, upstream_lines, worker,
};

fn start_timer(host: &Host) -> Result<bool, novasphere_emulated_host::Trap> {
    host.set_tick_period(20).map(|set| set.is_ok())
}

#[test]
fn second_tick_period_traps_unless_the_first_is_cleared() -> Result<()> {
    let twice = |host: &Host| {
        host.set_tick_period(20)?.unwrap();
        host.set_tick_period(30).map(|set| set.is_ok())
    };
    let ended = |host: &Host| {
        host.set_tick_period(20)?.unwrap();
        host.set_tick_period(0)?.unwrap();
        host.set_tick_period(30).map(|set| set.is_ok())
    };
    let with = |on_configure| worker(&[Naive { on_configure, ..Naive::default() }.plugin()]);
    ensure!(with(twice)?.trapped().is_some(), "the quirk is not emulated");
    ensure_sound(&with(ended)?)
}

#[test]
fn setting_a_tick_period_in_a_request_traps() -> Result<()> {
    let mut naive =
        worker(&[for_each_request(|host| host.set_tick_period(20).map(|_| Action::Continue))])?;
    ensure!(naive.send(&Request::get("/"))?.status == 500);
    Ok(())
}

#[test]
fn setting_a_period_in_a_tick_adds_a_timer() -> Result<()> {
    let on_tick = |host: &Host| {
        host.set_tick_period(0)?.unwrap();
        host.set_tick_period(30).map(|_| ())
    };
    let naive = Naive { on_configure: start_timer, on_tick, ..Naive::default() };
    let mut naive = worker(&[naive.plugin()])?;
    for expected in [1, 2, 4, 8] {
        ensure!(naive.timers() == expected, "{}", naive.timers());
        naive.tick();
    }
    Ok(())
}

#[test]
fn resuming_a_request_in_a_tick_crashes_the_worker() -> Result<()> {
    let on_tick = |host: &Host| {
        assert_eq!(status_of(host.set_effective_context(5)?), 0);
        host.continue_stream(0).map(|_| ())
    };
    let naive = Naive { on_configure: start_timer, on_tick, ..Naive::default() };
    let mut naive = worker(&[naive.plugin()])?;
    naive.tick();
    ensure!(naive.crashed().is_some(), "the quirk is not emulated");
    Ok(())
}

#[test]
fn timers_of_old_configurations_keep_running() -> Result<()> {
    let on_tick = |host: &Host| {
        host.log(2, "tick");
        Ok(())
    };
    let plugin = Naive { on_configure: start_timer, on_tick, ..Naive::default() }.plugin();
    let mut naive = worker(std::slice::from_ref(&plugin))?;
    naive.load(&[plugin], Load::Change)?;
    naive.tick();
    ensure!(naive.log().len() == 2, "the quirk is not emulated");
    Ok(())
}

pub(super) const ISSUER: &str = "https://issuer.example";

pub(super) fn with_keys() -> Plugin {
    let config = json!({
        "jwks": [{"issuer": ISSUER, "uri": "https://issuer.example/jwks"}],
        "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}],
    });
    Plugin::wasm("jwt-auth", config.to_string())
}

pub(super) fn publish(keys: &[&TestKey]) -> CalloutResponse {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    let lines = vec![(b"content-type".to_vec(), b"application/json".to_vec())];
    CalloutResponse { status: 200, lines, body: json!({"keys": keys}).to_string().into_bytes() }
}

fn request(key: &TestKey) -> Result<Request> {
    let token = key.token(&json!({"iss": ISSUER, "sub": "alice", "exp": "now+6000"}))?;
    Ok(Request::get("/").header("authorization", format!("Bearer {token}")))
}

/// Advances the clock by 100 ms and ticks, `times` times.
pub(super) fn tick(proxy: &Proxy, worker: &mut Worker, times: usize) {
    for _ in 0..times {
        proxy.pass(100);
        worker.tick();
    }
}

#[test]
fn keys_are_fetched_with_at_most_two_timers() -> Result<()> {
    let key = TestKey::es256("1")?;
    let proxy = Arc::new(nginx()?);
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    // No request waits on nginx: without keys it is rejected at once.
    let answer = ours.send(&request(&key)?)?;
    ensure!(answer.status == 503 && answer.upstream.is_none(), "{answer:?}");
    tick(&proxy, &mut ours, 2);
    let call = ours.calls().first().cloned().context("no fetch")?;
    ensure!(call.upstream == "issuer.example:443", "{call:?}");
    for (name, value) in [
        (":scheme", "https"),
        ("accept", "application/json, application/jwk-set+json"),
        ("user-agent", concat!("novasphere/", env!("CARGO_PKG_VERSION"))),
    ] {
        ensure!(call.lines.contains(&(name.into(), value.into())), "{name}: {call:?}");
    }
    ours.respond_to_callouts(|_| Some(publish(&[&key])));
    let answer = ours.send(&request(&key)?)?;
    ensure!(
        answer.status == 200 && upstream_lines(&answer, "x-user-id") == ["alice"],
        "{answer:?}"
    );
    tick(&proxy, &mut ours, 200);
    ensure!(ours.timers() <= 2, "{} timers", ours.timers());
    ensure_sound(&ours)
}

#[test]
fn one_worker_fetches_keys_for_all() -> Result<()> {
    let key = TestKey::es256("1")?;
    let proxy = Arc::new(nginx()?);
    let mut workers = Vec::new();
    for _ in 0..3 {
        let mut worker = Worker::start(&proxy, &[with_keys()])?;
        worker.send(&Request::get("/"))?;
        workers.push(worker);
    }
    let mut fetches = 0;
    for _ in 0..20 {
        proxy.pass(100);
        for worker in &mut workers {
            worker.tick();
        }
        for worker in &mut workers {
            fetches += worker.respond_to_callouts(|_| Some(publish(&[&key])));
        }
    }
    ensure!(fetches == 1, "{fetches} fetches");
    for worker in &mut workers {
        ensure!(worker.send(&request(&key)?)?.status == 200);
        ensure_sound(worker)?;
    }
    Ok(())
}

#[test]
fn failed_fetches_are_retried_and_logged() -> Result<()> {
    let key = TestKey::es256("1")?;
    let proxy = Arc::new(nginx()?);
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    let long = CalloutResponse {
        lines: (0..150).map(|n| (format!("h{n}").into_bytes(), b"".to_vec())).collect(),
        ..publish(&[&key])
    };
    ours.send(&Request::get("/"))?;
    for failure in
        [None, Some(CalloutResponse { status: 500, ..CalloutResponse::default() }), Some(long)]
    {
        for _ in 0..100 {
            tick(&proxy, &mut ours, 1);
            if ours.respond_to_callouts(|_| failure.clone()) > 0 {
                break;
            }
        }
        ensure!(ours.send(&request(&key)?)?.status == 503);
    }
    let logged =
        ours.log().iter().filter(|(_, line)| line.contains("could not be fetched")).count();
    ensure!(logged == 3, "{:?}", ours.log());
    for _ in 0..100 {
        tick(&proxy, &mut ours, 1);
        if !ours.calls().is_empty() {
            break;
        }
    }
    ensure!(ours.respond_to_callouts(|_| Some(publish(&[&key]))) == 1);
    ensure!(ours.send(&request(&key)?)?.status == 200);
    ensure!(proxy.overflows() == 0 && ours.trapped().is_none());
    Ok(())
}

/// The number of fetches in a day without requests.
pub(super) fn fetches_in_a_day(
    proxy: &Proxy,
    worker: &mut Worker,
    reply: &CalloutResponse,
) -> usize {
    let minute = |_| {
        proxy.pass(60_000);
        worker.tick();
        worker.respond_to_callouts(|_: &Callout| Some(reply.clone()))
    };
    (0..24 * 60).map(minute).sum()
}

#[test]
fn removed_configuration_stops_fetching() -> Result<()> {
    let key = TestKey::es256("1")?;
    let proxy = Arc::new(nginx()?);
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    ours.send(&Request::get("/"))?;
    ours.load(&[], Load::Change)?;
    let fetches = fetches_in_a_day(&proxy, &mut ours, &publish(&[&key]));
    // The filter fetches every five minutes for an hour, then stops.
    ensure!((1..20).contains(&fetches), "{fetches} fetches");
    ensure_sound(&ours)
}

#[test]
fn first_request_after_an_idle_day_fetches_new_keys() -> Result<()> {
    let (old, new) = (TestKey::es256("old")?, TestKey::es256("new")?);
    let proxy = Arc::new(nginx()?);
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    ours.send(&Request::get("/"))?;
    fetches_in_a_day(&proxy, &mut ours, &publish(&[&old]));
    ensure!(ours.send(&request(&new)?)?.status != 200);
    tick(&proxy, &mut ours, 1);
    ensure!(ours.respond_to_callouts(|_| Some(publish(&[&new]))) == 1);
    let token = new.token(&json!({"iss": ISSUER, "sub": "alice", "exp": "now+600000"}))?;
    let again = Request::get("/").header("authorization", format!("Bearer {token}"));
    ensure!(ours.send(&again)?.status == 200);
    ensure_sound(&ours)
}

/// Access to shared data without a zone traps in a tick too, and each trap doubles the timers.
#[test]
fn trap_in_a_tick_doubles_the_timers_but_filters_avoid_it() -> Result<()> {
    let key = TestKey::es256("1")?;
    let mut proxy = nginx()?;
    proxy.zone = None;
    let proxy = Arc::new(proxy);

    let on_tick = |host: &Host| host.shared_data(b"k").map(|_| ());
    let naive = Naive { on_configure: start_timer, on_tick, ..Naive::default() };
    let mut naive = Worker::start(&proxy, &[naive.plugin()])?;
    for _ in 0..8 {
        naive.tick();
    }
    ensure!(naive.timers() > 50, "the quirk is not emulated: {}", naive.timers());

    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    for n in 0..10 {
        tick(&proxy, &mut ours, 5);
        let traps = ours.log().iter().filter(|(_, line)| line.starts_with("trap: ")).count();
        // One trap for each earlier request, and one timer for each instance.
        ensure!(traps == n && ours.timers() <= n + 1, "{traps} traps, {} timers", ours.timers());
        let answer = ours.send(&request(&key)?)?;
        ensure!(answer.status == 500 && answer.upstream.is_none(), "{n}: {answer:?}");
    }
    let logged = ours.log().iter().any(|(_, line)| line.contains("set nginx_wasm_shm_kv = 64m"));
    ensure!(logged && ours.crashed().is_none());
    Ok(())
}

/// The first request of any kind starts the fetch.
#[test]
fn keys_are_fetched_after_the_first_request() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let mut ours = Worker::start(&proxy, &[with_keys()])?;
    tick(&proxy, &mut ours, 10);
    ensure!(ours.calls().is_empty(), "{:?}", ours.calls());
    ensure!(ours.send(&Request::get("/"))?.status == 401);
    tick(&proxy, &mut ours, 1);
    ensure!(ours.calls().len() == 1, "{:?}", ours.calls());
    ensure_sound(&ours)
}
