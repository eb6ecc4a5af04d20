//! Header mutations, and the limits of header maps.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Action, Map, Plugin, UpstreamResponse, Worker};
use novasphere_harness::client::Request;
use novasphere_tests::shipped;
use serde_json::json;

use super::naive::{client_lines, ensure_sound, for_each_request, nginx, upstream_lines, worker};

fn transform(rules: &str) -> Plugin {
    Plugin::wasm("header-transform", format!("{{\"request\": {{{rules}}}}}"))
}

const REMOVE_A: &str = r#""remove": {"headers": ["X-A"]}"#;

#[test]
fn removed_header_still_reaches_the_upstream() -> Result<()> {
    let mut worker = worker(&[for_each_request(|host| {
        let removed = host.remove_header(Map::Request, b"x-a")?;
        assert_eq!(removed, Ok(()));
        assert!(host.lines(Map::Request)?.unwrap().iter().all(|(name, _)| name != b"X-A"));
        Ok(Action::Continue)
    })])?;
    let answer = worker.send(&Request::get("/").header("X-A", "evil"))?;
    ensure!(upstream_lines(&answer, "x-a") == ["evil"], "the quirk is not emulated");
    Ok(())
}

#[test]
fn replace_changes_only_the_first_line_of_a_repeated_header() -> Result<()> {
    let mut worker = worker(&[for_each_request(|host| {
        assert_eq!(host.replace_header(Map::Request, b"x-a", b"new")?, Ok(()));
        Ok(Action::Continue)
    })])?;
    let answer = worker.send(&Request::get("/").header("X-A", "1").header("x-a", "2"))?;
    ensure!(upstream_lines(&answer, "x-a") == ["new", "2"], "the quirk is not emulated");
    Ok(())
}

#[test]
fn filters_empty_the_headers_they_remove() -> Result<()> {
    let mut worker = worker(&[transform(REMOVE_A)])?;
    let answer = worker.send(&Request::get("/").header("X-A", "evil").header("x-b", "1"))?;
    ensure!(upstream_lines(&answer, "x-a") == [""], "{answer:?}");
    ensure!(upstream_lines(&answer, "x-b") == ["1"], "{answer:?}");
    let answer = worker.send(&Request::get("/"))?;
    ensure!(upstream_lines(&answer, "x-a").is_empty(), "{answer:?}");
    ensure_sound(&worker)
}

#[test]
fn filters_refuse_repeated_headers_they_change() -> Result<()> {
    let set = r#""replace": {"headers": ["X-A:new"]}"#;
    for rules in [REMOVE_A, set] {
        let mut worker = worker(&[transform(rules)])?;
        let twice = Request::get("/").header("X-A", "1").header("x-a", "2");
        let empty_first = Request::get("/").header("X-A", "").header("x-a", "2");
        for request in [twice, empty_first] {
            let answer = worker.send(&request)?;
            ensure!(answer.upstream.is_none(), "{rules}: {answer:?}");
            ensure!(answer.status == 400, "{rules}: {answer:?}");
        }
        ensure!(worker.log().iter().any(|(_, line)| line.contains("x-a may be sent once only")));
        // A header that no filter changes may be repeated.
        let answer = worker.send(&Request::get("/").header("x-b", "1").header("x-b", "2"))?;
        ensure!(upstream_lines(&answer, "x-b") == ["1", "2"], "{answer:?}");
        ensure_sound(&worker)?;
    }
    Ok(())
}

#[test]
fn next_filter_sees_an_emptied_header_as_absent() -> Result<()> {
    let add = r#""add": {"headers": ["X-A:mine"]}"#;
    let mut worker = worker(&[transform(REMOVE_A), transform(add)])?;
    let answer = worker.send(&Request::get("/").header("X-A", "evil"))?;
    ensure!(upstream_lines(&answer, "x-a") == ["mine"], "{answer:?}");
    ensure_sound(&worker)
}

#[test]
fn removing_a_header_that_nginx_uses_is_an_error() -> Result<()> {
    let mut worker = worker(&[transform(r#""remove": {"headers": ["X-Forwarded-For"]}"#)])?;
    let answer = worker.send(&Request::get("/").header("X-Forwarded-For", "192.0.2.1"))?;
    ensure!(answer.status == 500 && answer.upstream.is_none(), "{answer:?}");
    ensure!(worker.log().iter().any(|(_, line)| line.contains("cannot take x-forwarded-for away")));
    ensure!(worker.send(&Request::get("/"))?.status == 200);
    // A warning at load says so, and names the entry.
    for rules in [
        r#""remove": {"headers": ["X-Forwarded-For"]}"#,
        r#""rename": {"headers": ["X-Real-IP:X-Old"]}"#,
        r#""remove": {"headers": ["X-Forwarded-*"]}"#,
    ] {
        let log = self::worker(&[transform(rules)])?.log();
        let is_warning = |line: &str| {
            line.contains(".headers[0]") && line.contains("cannot be removed on this proxy")
        };
        ensure!(log.iter().any(|(_, line)| is_warning(line)), "{rules}: {log:?}");
    }
    Ok(())
}

#[test]
fn nginx_drops_a_second_line_of_a_single_value_header() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        assert_eq!(host.add_header(Map::Request, b"referer", b"2")?, Ok(()));
        Ok(Action::Continue)
    })])?;
    let request = Request::get("/").header("Referer", "1");
    ensure!(upstream_lines(&naive.send(&request)?, "referer") == ["1"]);
    // The filters warn at load, and reject the request rather than lose the line silently.
    let mut ours = worker(&[transform(r#""append": {"headers": ["Referer:2"]}"#)])?;
    ensure!(ours.log().iter().any(|(_, line)| line.contains("can have only one line")));
    ensure!(ours.send(&request)?.status == 500);
    ensure!(upstream_lines(&ours.send(&Request::get("/"))?, "referer") == ["2"]);
    // Lists fit into one line.
    let mut ours = worker(&[transform(r#""append": {"headers": ["If-None-Match:\"b\""]}"#)])?;
    let request = Request::get("/").header("If-None-Match", "\"a\"");
    ensure!(upstream_lines(&ours.send(&request)?, "if-none-match") == ["\"a\", \"b\""]);
    ensure!(upstream_lines(&ours.send(&Request::get("/"))?, "if-none-match") == ["\"b\""]);
    ensure_sound(&ours)
}

#[test]
fn long_header_map_is_truncated_and_overflows_its_buffer() -> Result<()> {
    let many = |n: usize| {
        let request = (0..n).fold(Request::get("/"), |r, i| r.header(format!("h{i}"), ""));
        request.header("X-User-Id", "evil")
    };
    let proxy = Arc::new(nginx()?);
    let mut naive = Worker::start(
        &proxy,
        &[for_each_request(|host| {
            let lines = host.lines(Map::Request)?.unwrap();
            assert!(lines.len() == 100 && lines.iter().all(|(name, _)| name != b"X-User-Id"));
            Ok(Action::Continue)
        })],
    )?;
    naive.send(&many(150))?;
    ensure!(proxy.overflows() == 1, "the quirk is not emulated");

    let proxy = Arc::new(nginx()?);
    let plugins = [
        Plugin::wasm("jwt-auth", novasphere_harness::chain::JWT_AUTH),
        transform(REMOVE_A),
        Plugin::wasm("cors", "{}"),
    ];
    for plugin in plugins {
        let mut ours = Worker::start(&proxy, &[plugin])?;
        for n in [95, 96, 97, 150, 1_000] {
            let answer = ours.send(&many(n))?;
            ensure!(answer.status == 431 && answer.upstream.is_none(), "{n}: {answer:?}");
        }
        // Host and X-User-Id count too.
        ensure!(ours.send(&many(94))?.status != 431);
        ensure_sound(&ours)?;
    }
    ensure!(proxy.overflows() == 0);
    Ok(())
}

#[test]
fn response_with_too_many_headers_is_not_changed() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let mut worker = Worker::start(&proxy, &[Plugin::wasm("cors", "{}")])?;
    let lines = (0..150).map(|i| (format!("h{i}").into_bytes(), b"".to_vec())).collect();
    let upstream = UpstreamResponse { status: 200, lines };
    let request = Request::get("/").header("origin", "https://a.example");
    let answer = worker.exchange(&request, &upstream, &|_| None)?;
    ensure!(answer.status == 200 && answer.headers.len() == 150, "{answer:?}");
    ensure!(worker.log().iter().any(|(_, line)| line.contains("cannot read 159 header lines")));
    ensure!(proxy.overflows() == 0 && worker.trapped().is_none());
    Ok(())
}

#[test]
fn replacing_a_repeated_response_header_leaves_one_line() -> Result<()> {
    let naive = super::naive::Naive {
        on_response: |host| {
            assert_eq!(
                host.replace_header(Map::Response, b"x-ratelimit-limit-hour", b"1")?,
                Ok(())
            );
            Ok(())
        },
        ..Default::default()
    };
    let line = (b"X-RateLimit-Limit-Hour".to_vec(), b"9".to_vec());
    let upstream = UpstreamResponse { status: 200, lines: vec![line.clone(), line] };
    let request = Request::get("/");
    let answer = worker(&[naive.plugin()])?.exchange(&request, &upstream, &|_| None)?;
    ensure!(client_lines(&answer, "x-ratelimit-limit-hour").is_empty(), "{answer:?}");

    let config = r#"{"hour": 5, "limit_by": "ip"}"#;
    let mut ours = worker(&[Plugin::wasm("rate-limit", config)])?;
    let answer = ours.exchange(&request, &upstream, &|_| None)?;
    ensure!(client_lines(&answer, "x-ratelimit-limit-hour") == ["5"], "{answer:?}");
    ensure_sound(&ours)
}

#[test]
fn header_list_keeps_case_and_lookup_returns_the_first_line() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        let lines = host.lines(Map::Request)?.unwrap();
        assert!(lines.contains(&(b"X-CliENT".to_vec(), b"1".to_vec())));
        assert_eq!(host.header(Map::Request, b"x-client")?, Ok(b"1".to_vec()));
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/").header("X-CliENT", "1").header("x-client", "2"))?;
    ensure_sound(&naive)
}

/// jwt-auth adds three lines. A filter after it reads at most 96 lines, so the client may send 93.
#[test]
fn after_jwt_auth_93_client_lines_pass_and_95_get_431() -> Result<()> {
    let filters = shipped::in_kong(&shipped::yaml("host-config/kong/kong.yml")?)?;
    let jwt_auth = filters.into_iter().find(|configured| configured.filter == "jwt-auth");
    let jwt_auth = jwt_auth.context("no jwt-auth")?;
    let chain = [Plugin::wasm("jwt-auth", jwt_auth.config.to_string()), transform(REMOVE_A)];
    let mut ours = worker(&chain)?;
    let claims =
        json!({"iss": "novasphere-user", "sub": "alice", "name": "Alice", "exp": "now+60"});
    let token = format!("Bearer {}", novasphere_harness::chain::token(claims)?);
    for (lines, status) in [(93, 200), (95, 431)] {
        // The client also sends Host and Authorization.
        let request = (0..lines - 2).fold(Request::get("/"), |r, i| r.header(format!("h{i}"), ""));
        let answer = ours.send(&request.header("Authorization", &*token))?;
        ensure!(answer.status == status, "{lines} lines: {answer:?}");
    }
    ensure_sound(&ours)
}

/// Nine lines from Kong and the lines from cors count in a response too.
#[test]
fn rate_limit_adds_no_headers_from_90_upstream_lines_nor_cors_from_98() -> Result<()> {
    let limit = ("rate-limit", r#"{"hour": 50, "limit_by": "ip"}"#.to_owned());
    let cors = ("cors", novasphere_harness::chain::CORS.to_owned());
    let both = format!(r#"{{"cors": {}, "rate_limit": {}}}"#, cors.1, limit.1);
    let filters = [&cors, &limit].map(|(name, config)| Plugin::wasm(name, config));
    let gateway = [Plugin::wasm("gateway", both)];
    let request = Request::get("/").header("Origin", "https://app.novasphere.io");
    let added_headers = |plugins: &[Plugin], count: usize| -> Result<[bool; 2]> {
        let lines = (0..count).map(|i| (format!("h{i}").into_bytes(), Vec::new())).collect();
        let upstream = UpstreamResponse { status: 200, lines };
        let answer = worker(plugins)?.exchange(&request, &upstream, &|_| None)?;
        let names = ["access-control-allow-origin", "x-ratelimit-limit-hour"];
        Ok(names.map(|name| !client_lines(&answer, name).is_empty()))
    };
    ensure!(added_headers(&filters, 80)? == [true, true]);
    ensure!(added_headers(&filters, 90)? == [true, false]);
    ensure!(added_headers(&filters, 98)? == [false, false]);
    ensure!(added_headers(&gateway, 90)? == [true, true]);
    ensure!(added_headers(&gateway, 98)? == [false, false]);
    Ok(())
}
