//! Local responses of filters.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Action, Host, Plugin, Trap, UpstreamResponse};
use novasphere_harness::{chain, client::Request};

use super::naive::{Naive, client_lines, ensure_sound, for_each_request, upstream_lines, worker};

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

fn lines(lines: &[(&str, &str)]) -> Lines {
    lines.iter().map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec())).collect()
}

fn respond(host: &Host, details: &str, body: &str, headers: &[(&str, &str)]) -> Result<(), Trap> {
    let sent =
        host.send_local_response(403, details.as_bytes(), body.as_bytes(), lines(headers), 7)?;
    assert_eq!(sent, Ok(()));
    Ok(())
}

#[test]
fn local_response_gets_a_newline_and_keeps_the_last_line_of_a_header() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        respond(host, "", "no", &[("vary", "Origin"), ("Vary", "Accept")])?;
        Ok(Action::Pause)
    })])?;
    let answer = naive.send(&Request::get("/"))?;
    ensure!(answer.body == b"no\n" && client_lines(&answer, "vary") == ["Accept"], "{answer:?}");
    Ok(())
}

#[test]
fn details_become_the_reason_phrase() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        respond(host, "token expired", "", &[])?;
        Ok(Action::Pause)
    })])?;
    ensure!(naive.send(&Request::get("/"))?.reason == "token expired");
    let mut ours = worker(&[Plugin::wasm("jwt-auth", chain::JWT_AUTH)])?;
    let answer = ours.send(&Request::get("/"))?;
    ensure!(answer.status == 401 && answer.reason.is_empty(), "{answer:?}");
    ensure_sound(&ours)
}

#[test]
fn second_local_response_traps() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        respond(host, "", "", &[])?;
        respond(host, "", "", &[])?;
        Ok(Action::Pause)
    })])?;
    ensure!(naive.send(&Request::get("/"))?.status == 500 && naive.trapped().is_some());
    Ok(())
}

#[test]
fn local_response_in_the_response_phase_hangs_the_client() -> Result<()> {
    let on_response = |host: &Host| respond(host, "", "no", &[]);
    let mut naive = worker(&[Naive { on_response, ..Naive::default() }.plugin()])?;
    ensure!(naive.send(&Request::get("/"))?.hangs, "the quirk is not emulated");
    Ok(())
}

#[test]
fn response_callbacks_run_in_chain_order_even_without_a_request_callback() -> Result<()> {
    let named = |name: &str| {
        let on_response = |host: &Host| {
            let name = host.property("plugin_name")?.unwrap();
            host.log(2, String::from_utf8_lossy(&name));
            Ok(())
        };
        Naive { on_response, ..Naive::default() }.called(name)
    };
    let mut naive = worker(&[named("first"), named("second")])?;
    naive.send(&Request::get("/"))?;
    ensure!(naive.log() == [(2, "first".to_owned()), (2, "second".to_owned())]);

    let refuses = for_each_request(|host| {
        respond(host, "", "", &[])?;
        Ok(Action::Pause)
    });
    let mut naive = worker(&[refuses, named("later")])?;
    naive.send(&Request::get("/"))?;
    ensure!(naive.log() == [(2, "later".to_owned())], "{:?}", naive.log());
    Ok(())
}

/// Later filters do not change a 401, so it looks the same whichever filters follow. Earlier
/// filters add their headers.
#[test]
fn only_earlier_filters_change_a_local_response() -> Result<()> {
    let limit = Plugin::wasm("rate-limit", r#"{"hour": 5, "limit_by": "ip"}"#);
    let jwt_auth = Plugin::wasm("jwt-auth", chain::JWT_AUTH);
    let cors = Plugin::wasm("cors", chain::CORS);
    let request = Request::get("/").header("origin", "https://app.novasphere.io");
    let mut ours = worker(&[cors, jwt_auth.clone(), limit.clone()])?;
    let answer = ours.send(&request)?;
    ensure!(answer.status == 401, "{answer:?}");
    let allowed = client_lines(&answer, "access-control-allow-origin");
    ensure!(allowed == ["https://app.novasphere.io"], "{answer:?}");
    ensure!(client_lines(&answer, "x-ratelimit-limit-hour").is_empty(), "{answer:?}");
    ensure_sound(&ours)?;

    let mut ours = worker(&[limit, jwt_auth])?;
    let answer = ours.send(&request)?;
    ensure!(client_lines(&answer, "x-ratelimit-limit-hour") == ["5"], "{answer:?}");
    ensure_sound(&ours)?;

    let security = Plugin::wasm("header-transform", r#"{"response": {"security_headers": true}}"#);
    let jwt_auth = Plugin::wasm("jwt-auth", chain::JWT_AUTH);
    for (plugins, expected) in
        [([security.clone(), jwt_auth.clone()], &["nosniff"][..]), ([jwt_auth, security], &[])]
    {
        let mut ours = worker(&plugins)?;
        let answer = ours.send(&request)?;
        ensure!(answer.status == 401, "{answer:?}");
        ensure!(client_lines(&answer, "x-content-type-options") == expected, "{answer:?}");
        ensure_sound(&ours)?;
    }
    Ok(())
}

#[test]
fn trap_in_the_request_is_a_500_and_in_the_response_is_ignored() -> Result<()> {
    let on_request = |host: &Host| host.foreign_function("x").map(|_| Action::Continue);
    let mut naive = worker(&[Naive { on_request, ..Naive::default() }.plugin()])?;
    ensure!(naive.send(&Request::get("/"))?.status == 500);

    let on_response = |host: &Host| host.foreign_function("x").map(|_| ());
    let mut naive = worker(&[Naive { on_response, ..Naive::default() }.plugin()])?;
    let line = (b"server".to_vec(), b"upstream".to_vec());
    let upstream = UpstreamResponse { status: 200, lines: vec![line] };
    let answer = naive.exchange(&Request::get("/"), &upstream, &|_| None)?;
    ensure!(answer.status == 200 && client_lines(&answer, "server") == ["upstream"], "{answer:?}");
    Ok(())
}

#[test]
fn next_request_after_a_trap_gets_a_new_instance() -> Result<()> {
    let on_request = |host: &Host| {
        let traps = host.property("request.headers.x-trap")?.is_ok();
        if traps { host.foreign_function("x").map(|_| Action::Pause) } else { Ok(Action::Continue) }
    };
    let mut naive = worker(&[Naive { on_request, ..Naive::default() }.plugin()])?;
    ensure!(naive.send(&Request::get("/").header("x-trap", "1"))?.status == 500);
    ensure!(naive.send(&Request::get("/"))?.status == 200);
    Ok(())
}

#[test]
fn filters_see_headers_of_lua_plugins_but_not_their_rejections() -> Result<()> {
    let mut proxy = super::naive::nginx()?;
    proxy.lua = Some(Box::new(|lines| {
        if lines.iter().any(|(name, _)| name == b"x-banned") {
            return Some(403);
        }
        lines.push((b"X-Consumer-ID".to_vec(), b"lua".to_vec()));
        None
    }));
    let config = r#"{"hour": 1, "limit_by": "consumer"}"#;
    let proxy = std::sync::Arc::new(proxy);
    let mut ours =
        novasphere_emulated_host::Worker::start(&proxy, &[Plugin::wasm("rate-limit", config)])?;
    for _ in 0..3 {
        ensure!(ours.send(&Request::get("/").header("x-banned", "1"))?.status == 403);
    }
    let answer = ours.send(&Request::get("/"))?;
    ensure!(answer.status == 200 && upstream_lines(&answer, "x-consumer-id") == ["lua"]);
    ensure!(ours.send(&Request::get("/"))?.status == 429);
    ensure_sound(&ours)
}

#[test]
fn grpc_clients_get_the_status_in_headers() -> Result<()> {
    // nginx ignores the gRPC status argument, which Envoy turns into a gRPC response.
    let mut naive = worker(&[for_each_request(|host| {
        respond(host, "", "no", &[])?;
        Ok(Action::Pause)
    })])?;
    let request = Request::new("POST", "/").header("Content-Type", "application/grpc+proto");
    let answer = naive.send(&request)?;
    ensure!(answer.status == 403 && client_lines(&answer, "grpc-status").is_empty(), "{answer:?}");

    let jwt_auth = Plugin::wasm("jwt-auth", chain::JWT_AUTH);
    let limit = Plugin::wasm("rate-limit", r#"{"hour": 1, "limit_by": "ip"}"#);
    let bad = Plugin::wasm("cors", "[]");
    let web = Request::new("POST", "/").header("Content-Type", "application/grpc-web-text");
    for (plugin, code, message) in [
        (jwt_auth, "16", &["Unauthorized"][..]),
        (limit, "8", &["API rate limit exceeded"]),
        (bad, "13", &[]),
    ] {
        let mut ours = worker(&[plugin])?;
        ours.send(&request)?;
        // A body would end in a newline, which is not part of a frame.
        for (request, kind) in [(&request, "application/grpc"), (&web, "application/grpc-web-text")]
        {
            let answer = ours.send(request)?;
            ensure!(answer.status == 200 && answer.body.is_empty(), "{answer:?}");
            ensure!(client_lines(&answer, "content-type") == [kind], "{answer:?}");
            ensure!(client_lines(&answer, "grpc-status") == [code], "{answer:?}");
            ensure!(client_lines(&answer, "grpc-message") == message, "{answer:?}");
            ensure!(client_lines(&answer, "x-envoy-ratelimited").is_empty(), "{answer:?}");
            ensure!(answer.upstream.is_none());
        }
    }
    Ok(())
}
