//! The shipped HTTP front end of Redis: a real nginx in front of a real Redis. Tests cover the
//! dialect, tokens, limits, and Redis that is gone, stalled or restarted. No client ever gets the
//! response to another client's request.

mod access;
mod dialect;
mod metrics;
mod trouble;

use std::time::Duration;

use anyhow::{Result, ensure};
use novasphere_harness::client::Response;
use novasphere_tests::redis::{Front, Redis};
use serde_json::{Value, json};

/// A script that returns its nonce.
const ECHO: &str = "return ARGV[1]";

/// A script that increments a count and returns its nonce and the count.
const COUNT: &str = "local n = (redis.call('GET', KEYS[1]) or 0) + 1
redis.call('SET', KEYS[1], n, 'EX', 3600)
return {ARGV[1], n}";

/// Time a response may take beyond its timeout on a busy machine.
const SLACK: Duration = Duration::from_secs(10);

fn both() -> Result<(Redis, Front)> {
    let redis = Redis::start()?;
    let front = Front::start(&redis)?;
    Ok((redis, front))
}

fn echo(nonce: &str) -> Value {
    json!(["EVAL", ECHO, 1, "novasphere:a", nonce])
}

/// Runs a script without arguments on a key with the filters' prefix.
fn eval(front: &Front, script: &str) -> Result<Response> {
    front.command(&json!(["EVAL", script, "1", "novasphere:a"]))
}

fn ensure_response(response: &Response, status: u16, body: &Value) -> Result<()> {
    ensure!(
        response.head.status == status && response.json()? == *body,
        "{response:?} {}",
        response.text()
    );
    ensure!(response.head.first("content-type").as_deref() == Some("application/json"));
    Ok(())
}

/// Checks the status and the error text of a rejected request.
fn ensure_refused(response: &Response, status: u16, why: &str) -> Result<()> {
    let body = response.json()?;
    let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
    ensure!(response.head.status == status && error.contains(why), "{response:?} {body}");
    Ok(())
}
