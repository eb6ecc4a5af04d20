//! The accepted commands and their responses.

use anyhow::{Result, ensure};
use novasphere_harness::client::{self, Connection, Request};
use serde_json::{Value, json};

use super::{COUNT, ECHO, both, echo, ensure_refused, ensure_response, eval};

#[test]
fn returns_script_results_as_json() -> Result<()> {
    let (redis, front) = both()?;
    ensure_response(&front.command(&json!(["PING"]))?, 200, &json!({"result": "PONG"}))?;
    ensure_response(&front.command(&echo("n1"))?, 200, &json!({"result": "n1"}))?;
    let script =
        "return {ARGV[1], 9007199254740991, -1, {}, false, {'a', {1}}, redis.status_reply('OK')}";
    let response = front.command(&json!(["eval", script, "1", "novasphere:a", "\"ä\n"]))?;
    let result = json!(["\"ä\n", 9_007_199_254_740_991_u64, -1, [], null, ["a", [1]], "OK"]);
    ensure_response(&response, 200, &json!({"result": result}))?;
    // Numbers reach the script exactly as written.
    let numbers = json!(["EVAL", "return ARGV", 0, 1_795_456_780_123_456_u64, 0, -7, 1.5]);
    let result = json!(["1795456780123456", "0", "-7", "1.5"]);
    ensure_response(&front.command(&numbers)?, 200, &json!({"result": result}))?;
    let count = json!(["EVAL", COUNT, 1, "novasphere:a", "n2"]);
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n2", 1]}))?;
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n2", 2]}))?;
    ensure!(redis.size()? == 1 && redis.calls("eval")? == 5);
    redis.flush()?;
    ensure_response(&front.command(&count)?, 200, &json!({"result": ["n2", 1]}))
}

#[test]
fn evalsha_runs_a_script_that_has_run_before() -> Result<()> {
    let (_redis, front) = both()?;
    // SHA-1 of ECHO.
    let hash = "098e0f0d1448c0a81dafe820f66d460eb09263da";
    let by_hash = json!(["EVALSHA", hash, 1, "novasphere:a", "n1"]);
    ensure_refused(&front.command(&by_hash)?, 400, "NOSCRIPT")?;
    ensure!(front.command(&echo("n0"))?.head.status == 200);
    ensure_response(&front.command(&by_hash)?, 200, &json!({"result": "n1"}))
}

#[test]
fn rejects_malformed_and_forbidden_commands() -> Result<()> {
    let (redis, front) = both()?;
    let mut connection = Connection::open(front.addr)?;
    let request = front.request(&json!(["PING"]));
    let with = |body: &str| front.request(&Value::Null).body(body);
    let not_an_array = "the body is no JSON array";
    for body in
        ["", "null", "{}", "{\"1\":\"PING\"}", "\"PING\"", "[\"PING\"", "[NaN]", "[[[[[[1]]]]]]"]
    {
        ensure_refused(&connection.exchange(&with(body))?, 400, not_an_array)?;
    }
    for body in ["[\"PING\",null]", "[\"PING\",true]", "[\"PING\",{}]", "[\"PING\",[\"a\"]]"] {
        ensure_refused(&connection.exchange(&with(body))?, 400, "part 2 of the command")?;
    }
    ensure_refused(&connection.exchange(&with("[]"))?, 400, "1 to 256 parts")?;
    let long: Vec<_> = (0..257).map(|_| "PING").collect();
    ensure_refused(&connection.exchange(&with(&json!(long).to_string()))?, 400, "1 to 256 parts")?;
    for command in
        ["FLUSHALL", "CONFIG", "KEYS", "GET", "SCRIPT", "AUTH", "MULTI", "EVAL\r\nKEYS", ""]
    {
        let response = connection.exchange(&with(&json!([command, "*"]).to_string()))?;
        ensure_refused(&response, 400, "not allowed")?;
    }
    // Same connection: the rejected requests left no unread bytes behind.
    ensure!(connection.exchange(&request)?.head.status == 200);
    ensure!(redis.calls("ping")? > 0 && redis.calls("keys")? == 0);
    Ok(())
}

#[test]
fn rejects_other_methods_paths_and_content_types() -> Result<()> {
    let (_redis, front) = both()?;
    let ping = json!(["PING"]);
    let mut connection = Connection::open(front.addr)?;
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let mut request = front.request(&ping);
        request.method = method.into();
        let response = connection.exchange(&request)?;
        ensure_refused(&response, 405, "POST")?;
        ensure!(response.head.first("allow").as_deref() == Some("POST"));
    }
    for target in ["/pipeline", "/multi-exec", "/ping", "/EVAL/a", "/../x"] {
        let mut request = front.request(&ping);
        request.target = target.into();
        ensure!(matches!(connection.exchange(&request)?.head.status, 400 | 404), "{target}");
    }
    let plain = |content_type: &str| {
        let request = Request::new("POST", "/").body("[\"PING\"]");
        let request = request.header("authorization", format!("Bearer {}", front.token()));
        request.header("content-type", content_type)
    };
    let mut connection = Connection::open(front.addr)?;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        ensure_refused(&connection.exchange(&plain(content_type))?, 415, "application/json")?;
    }
    let encoded = front.request(&ping).header("content-encoding", "gzip");
    ensure_refused(&connection.exchange(&encoded)?, 415, "without encoding")?;
    let response = connection.exchange(&plain("Application/JSON; charset=utf-8"))?;
    ensure_response(&response, 200, &json!({"result": "PONG"}))
}

#[test]
fn rejects_bodies_over_64_kib() -> Result<()> {
    let (_redis, front) = both()?;
    let of_size = |bytes: usize| {
        let around = echo("").to_string().len();
        front.request(&echo(&"a".repeat(bytes.saturating_sub(around))))
    };
    ensure!(client::send(front.addr, &of_size(64 * 1024))?.head.status == 200);
    ensure_refused(&client::send(front.addr, &of_size(64 * 1024 + 1))?, 413, "64 KiB")?;
    // Without Content-Length.
    let mut connection = Connection::open(front.addr)?;
    let mut request = front.request(&Value::Null).header("transfer-encoding", "chunked");
    request.body.clear();
    connection.write(&request.to_bytes())?;
    // The front may close the connection before the whole body is sent.
    let _ = (0..10).try_for_each(|_| connection.write_chunk(&[b'a'; 8192]));
    ensure!(connection.read_head()?.status == 413);
    // A small body in many chunks.
    let tiny = echo(&"a".repeat(20_000)).to_string().into_bytes();
    let chunks = tiny.iter().map(|byte| [b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
    request.body = [chunks.flatten().collect(), b"0\r\n\r\n".to_vec()].concat();
    ensure_refused(&client::send(front.addr, &request)?, 413, "with its chunks' sizes")
}

#[test]
fn script_errors_are_reported_and_the_connection_stays_usable() -> Result<()> {
    let (_redis, front) = both()?;
    ensure_refused(&eval(&front, "return redis.error_reply('ERR of mine')")?, 400, "ERR of mine")?;
    ensure_refused(&eval(&front, "return {")?, 400, "compiling script")?;
    ensure_refused(&front.command(&json!(["EVAL", ECHO]))?, 400, "wrong number of arguments")?;
    for n in 0..50 {
        let nonce = format!("n{n}");
        ensure_response(&front.command(&echo(&nonce))?, 200, &json!({"result": nonce}))?;
    }
    Ok(())
}
