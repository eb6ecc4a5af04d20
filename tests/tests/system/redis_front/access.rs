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

use super::{both, echo, ensure_refused, ensure_response, eval};

#[test]
fn rejects_requests_without_a_valid_token() -> Result<()> {
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
        let response = ping(&[wrong])?;
        ensure_refused(&response, 401, "Unauthorized")?;
        ensure!(response.head.first("www-authenticate").as_deref() == Some("Bearer"));
    }
    ensure_refused(&ping(&[])?, 401, "Unauthorized")?;
    ensure!(matches!(ping(&[&good, &good])?.head.status, 400 | 401));
    // redis.calls() only runs INFO, so this counts just the front's PINGs: none.
    ensure!(redis.calls("ping")? == before);
    ensure!(ping(&[&good])?.head.status == 200 && redis.calls("ping")? == before + 1);
    Ok(())
}

#[test]
fn token_rotation_accepts_both_tokens_then_only_the_new_one() -> Result<()> {
    let (_redis, mut front) = both()?;
    let old = front.token().to_owned();
    let new = "only-for-tests-next-0123456789abcdef0123456789abcdef";
    front.set_tokens(&[&old, new])?;
    ensure!(front.takes(&old)? && front.takes(new)?);
    front.set_tokens(&[new])?;
    ensure!(!front.takes(&old)? && front.takes(new)?);
    ensure_response(&front.command(&echo("n1"))?, 200, &json!({"result": "n1"}))
}

#[test]
fn does_not_start_with_invalid_settings() -> Result<()> {
    let redis = Redis::start()?;
    let options = FrontOptions {
        redis: "nowhere".to_owned(),
        tokens: vec!["secret-but-short".to_owned()],
        timeout: Duration::from_secs(60),
        ..FrontOptions::new(&redis)
    };
    let Err(error) = Front::start_with(options) else {
        return Err(anyhow!("the front starts"));
    };
    let text = format!("{error:#}");
    for part in ["REDIS_ADDRESS: neither", "token 1 has 16 characters", "REDIS_TIMEOUT_MS: not a"] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    ensure!(!text.contains("secret-but-short"));
    let Err(error) =
        Front::start_with(FrontOptions { tokens: vec![], ..FrontOptions::new(&redis) })
    else {
        return Err(anyhow!("the front starts without a token"));
    };
    ensure!(format!("{error:#}").contains("NOVASPHERE_REDIS_TOKENS: none"), "{error:#}");
    Ok(())
}

#[test]
fn scripts_cannot_run_commands_they_do_not_need() -> Result<()> {
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
        let response = eval(&front, &format!("return redis.call({command})"))?;
        ensure_refused(&response, 400, "script")?;
    }
    ensure!(redis.size()? == 2);
    ensure!(eval(&front, "return redis.call('TIME')")?.head.status == 200);
    // A key without the filters' prefix, declared as the script's key.
    let other = json!(["EVAL", "return redis.call('GET', KEYS[1])", 1, "other"]);
    ensure!(front.command(&other)?.head.status == 400);
    Ok(())
}

#[test]
fn wrong_password_is_reported_but_not_logged() -> Result<()> {
    let redis = Redis::start()?;
    let password = "wrong-password-0123456789".to_owned();
    let front = Front::start_with(FrontOptions { password, ..FrontOptions::new(&redis) })?;
    ensure_refused(&front.command(&echo("n"))?, 502, "does not take the front's password")?;
    let no_password = FrontOptions { password: String::new(), ..FrontOptions::new(&redis) };
    let without = Front::start_with(no_password)?;
    ensure_refused(&without.command(&echo("n"))?, 502, "does not take the front's password")?;
    ensure!(front.outcomes("auth")? == 1 && without.outcomes("auth")? == 1);
    ensure!(!front.log()?.contains("wrong-password") && !redis.log()?.contains("wrong-password"));
    Ok(())
}

#[test]
fn logs_contain_no_client_data() -> Result<()> {
    let (mut redis, front) = both()?;
    let key = "novasphere:key-of-somebody";
    let token = front.token().to_owned();
    let secrets = ["only-for-tests", "key-of-somebody", "other-token", "redis.call", "PONGO"];
    let command = json!(["EVAL", "return redis.call('PONGO', KEYS[1])", 1, key, token]);
    ensure!(front.command(&command)?.head.status == 400);
    // A token in the query (Upstash allows that too), and a body over the limit.
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
    for secret in secrets {
        ensure!(!log.contains(secret), "{secret}: {log}");
        ensure!(!redis.log()?.contains(secret), "{secret} in the log of Redis");
    }
    ensure!(log.contains("\"outcome\":\"redis_error\""), "{log}");
    Ok(())
}

#[test]
fn redis_does_not_start_with_a_short_password() -> Result<()> {
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
