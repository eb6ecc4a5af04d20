//! Authorization, and what a client can learn about others.

use std::{process::Command, time::Duration};

use anyhow::{Result, anyhow, ensure};
use novasphere_harness::{
    client::{self, Request},
    paths::repository,
    wait::until,
};
use novasphere_tests::redis::{Front, FrontOptions, Redis};
use serde_json::json;

use super::{both, echo, ensure_answer, ensure_refused, eval};

#[test]
fn only_who_has_a_token_is_served() -> Result<()> {
    let (redis, front) = both()?;
    let ping = |authorization: &[&str]| {
        let request = Request::new("POST", "/").body("[\"PING\"]");
        let lines = authorization.iter();
        let request = lines.fold(request, |request, line| request.header("authorization", line));
        client::send(front.addr, &request)
    };
    let good = format!("Bearer {}", front.token());
    let before = redis.calls("ping")?;
    let shorter = good.get(..good.len() - 1).unwrap_or_default();
    let wrong =
        [shorter, &format!("{good}x"), "Bearer", "Bearer ", "", "Basic eDp5", front.token()];
    for wrong in wrong {
        let answer = ping(&[wrong])?;
        ensure_refused(&answer, 401, "Unauthorized")?;
        ensure!(answer.head.first("www-authenticate").as_deref() == Some("Bearer"));
    }
    ensure_refused(&ping(&[])?, 401, "Unauthorized")?;
    ensure!(matches!(ping(&[&good, &good])?.head.status, 400 | 401));
    // redis.calls() asks INFO only: nothing has come through.
    ensure!(redis.calls("ping")? == before);
    ensure!(ping(&[&good])?.head.status == 200 && redis.calls("ping")? == before + 1);
    Ok(())
}

#[test]
fn tokens_rotate() -> Result<()> {
    let (_redis, mut front) = both()?;
    let old = front.token().to_owned();
    let new = "only-for-tests-next-0123456789abcdef0123456789abcdef";
    front.set_tokens(&[&old, new])?;
    ensure!(front.takes(&old)? && front.takes(new)?);
    front.set_tokens(&[new])?;
    ensure!(!front.takes(&old)? && front.takes(new)?);
    ensure_answer(&front.command(&echo("n1"))?, 200, &json!({"result": "n1"}))
}

#[test]
fn wrong_settings_keep_it_from_starting() -> Result<()> {
    let redis = Redis::start()?;
    let options = FrontOptions {
        redis: "nowhere".to_owned(),
        tokens: vec!["secret-but-short".to_owned()],
        timeout: Duration::from_secs(60),
        ..FrontOptions::new(&redis)
    };
    let Err(error) = Front::start_with(options) else {
        return Err(anyhow!("it starts"));
    };
    let text = format!("{error:#}");
    for part in ["REDIS_ADDRESS: neither", "token 1 has 16 characters", "REDIS_TIMEOUT_MS: not a"] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    ensure!(!text.contains("secret-but-short"));
    let Err(error) =
        Front::start_with(FrontOptions { tokens: vec![], ..FrontOptions::new(&redis) })
    else {
        return Err(anyhow!("it starts without a token"));
    };
    ensure!(format!("{error:#}").contains("NOVASPHERE_REDIS_TOKENS: none"), "{error:#}");
    Ok(())
}

#[test]
fn scripts_have_no_more_rights_than_they_need() -> Result<()> {
    let (redis, front) = both()?;
    redis.cli(&["SET", "other", "1"])?;
    redis.cli(&["SET", "novasphere:text", "1"])?;
    for command in [
        "'FLUSHALL'",
        "'FLUSHDB'",
        "'CONFIG','GET','*'",
        "'KEYS','*'",
        "'SCAN','0'",
        "'INFO'",
        "'ACL','LIST'",
        "'SCRIPT','FLUSH'",
        "'PUBLISH','a','b'",
        "'SHUTDOWN'",
        "'DEBUG','SLEEP','1'",
        "'INCR',KEYS[1]",
        "'DEL',KEYS[1]",
        "'GET','other'",
        "'EVAL','return 1','0'",
    ] {
        let answer = eval(&front, &format!("return redis.call({command})"))?;
        ensure_refused(&answer, 400, "script")?;
    }
    ensure!(redis.size()? == 2);
    ensure!(eval(&front, "return redis.call('TIME')")?.head.status == 200);
    // A key of others, named as such.
    let other = json!(["EVAL", "return redis.call('GET', KEYS[1])", 1, "other"]);
    ensure!(front.command(&other)?.head.status == 400);
    Ok(())
}

#[test]
fn a_wrong_password_is_told_without_it() -> Result<()> {
    let redis = Redis::start()?;
    let password = "wrong-password-0123456789".to_owned();
    let front = Front::start_with(FrontOptions { password, ..FrontOptions::new(&redis) })?;
    ensure_refused(&front.command(&echo("n"))?, 502, "does not take the front's password")?;
    let none = FrontOptions { password: String::new(), ..FrontOptions::new(&redis) };
    let without = Front::start_with(none)?;
    ensure_refused(&without.command(&echo("n"))?, 502, "does not take the front's password")?;
    ensure!(front.outcomes("auth")? == 1 && without.outcomes("auth")? == 1);
    ensure!(!front.log()?.contains("wrong-password") && !redis.log()?.contains("wrong-password"));
    Ok(())
}

#[test]
fn logs_hold_nothing_that_clients_sent() -> Result<()> {
    let (mut redis, front) = both()?;
    let key = "novasphere:key-of-somebody";
    let token = front.token().to_owned();
    let secret = ["only-for-tests", "key-of-somebody", "other-token", "redis.call", "PONGO"];
    let command = json!(["EVAL", "return redis.call('PONGO', KEYS[1])", 1, key, token]);
    ensure!(front.command(&command)?.head.status == 400);
    // In the query, as Upstash has it too, and too large.
    for target in [format!("/?_token={token}"), format!("/{token}")] {
        let mut request =
            front.request(&json!([key])).header("authorization", "Bearer other-token");
        request.target = target.into();
        ensure!(client::send(front.addr, &request)?.head.status >= 400);
        request.body = vec![b'a'; 100_000];
        ensure!(client::send(front.addr, &request)?.head.status >= 400);
    }
    client::send(front.addr, &Request::new("GET", format!("/ {token}")))?;
    redis.kill()?;
    ensure!(front.command(&command)?.head.status >= 500);
    redis.restart()?;
    let log = until("the failures in the log", || {
        let log = front.log()?;
        Ok(Some(log).filter(|log| log.matches("\"status\":").count() >= 7))
    })?;
    for secret in secret {
        ensure!(!log.contains(secret), "{secret}: {log}");
        ensure!(!redis.log()?.contains(secret), "{secret} in the log of Redis");
    }
    ensure!(log.contains("\"outcome\":\"redis_error\""), "{log}");
    Ok(())
}

#[test]
fn redis_is_not_started_with_a_short_password() -> Result<()> {
    let script = repository().join("host-config/redis/start-redis.sh");
    let output = Command::new("sh")
        .args([script.as_os_str(), "redis.conf".as_ref()])
        .env("NOVASPHERE_REDIS_PASSWORD", "short")
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(1) && text.contains("16 characters"), "{text}");
    ensure!(!text.contains("short"));
    Ok(())
}
