//! HTTP callouts of filters.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{
    Action, Callout, CalloutResponse, Host, Map, UpstreamResponse, status,
};
use novasphere_harness::client::Request;

use super::naive::{Naive, ensure_sound, for_each_request, status_of, worker};

fn call(host: &Host) -> Result<(), novasphere_emulated_host::Trap> {
    host.dispatch("keys.example:443", Vec::new(), Vec::new()).map(|sent| assert!(sent.is_ok()))
}

#[test]
fn call_to_a_cluster_name_fails() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        let sent = host.dispatch("a-cluster", Vec::new(), Vec::new()).map(status_of)?;
        assert_eq!(sent, status::INTERNAL_FAILURE);
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/"))?;
    ensure_sound(&naive)
}

#[test]
fn failed_call_has_no_status() -> Result<()> {
    let on_request = |host: &Host| call(host).map(|()| Action::Pause);
    let on_callout_response = |host: &Host| {
        assert_eq!(
            host.header(Map::CalloutResponse, b":status").map(status_of)?,
            status::NOT_FOUND
        );
        host.continue_stream(0).map(|_| ())
    };
    let mut naive =
        worker(&[Naive { on_request, on_callout_response, ..Naive::default() }.plugin()])?;
    ensure!(naive.send(&Request::get("/"))?.status == 200);
    ensure_sound(&naive)
}

#[test]
fn local_response_with_a_body_after_a_timeout_closes_the_connection() -> Result<()> {
    let on_request = |host: &Host| call(host).map(|()| Action::Pause);
    let with_body =
        |host: &Host| host.send_local_response(503, b"", b"no", Vec::new(), -1).map(|_| ());
    let without = |host: &Host| host.send_local_response(503, b"", b"", Vec::new(), -1).map(|_| ());
    let naive = |on_callout_response| {
        Naive { on_request, on_callout_response, ..Naive::default() }.plugin()
    };
    ensure!(worker(&[naive(with_body)])?.send(&Request::get("/"))?.closed);
    let answer = worker(&[naive(without)])?.send(&Request::get("/"))?;
    ensure!(answer.status == 503 && !answer.closed, "{answer:?}");
    let in_time = |_: &Callout| Some(CalloutResponse { status: 200, ..CalloutResponse::default() });
    let answer = worker(&[naive(with_body)])?.exchange(
        &Request::get("/"),
        &UpstreamResponse::ok(),
        &in_time,
    )?;
    ensure!(answer.status == 503 && !answer.closed, "{answer:?}");
    Ok(())
}

#[test]
fn calls_in_the_response_phase_and_foreign_functions_and_grpc_trap() -> Result<()> {
    let mut naive = worker(&[Naive { on_response: call, ..Naive::default() }.plugin()])?;
    naive.send(&Request::get("/"))?;
    ensure!(naive.trapped().is_some(), "the quirk is not emulated");
    let foreign = for_each_request(|host| {
        host.foreign_function("verify_signature").map(|_| Action::Continue)
    });
    let grpc =
        for_each_request(|host| host.unsupported("proxy_grpc_call").map(|_| Action::Continue));
    for plugin in [foreign, grpc] {
        ensure!(worker(&[plugin])?.send(&Request::get("/"))?.status == 500);
    }
    Ok(())
}

/// A local response from the callout does not end the filter chain, unlike one in the request
/// callback.
#[test]
fn later_filters_run_after_a_callout_refused_the_request() -> Result<()> {
    let on_request = |host: &Host| call(host).map(|()| Action::Pause);
    let on_callout_response =
        |host: &Host| host.send_local_response(429, b"", b"", Vec::new(), -1).map(|_| ());
    let first = Naive { on_request, on_callout_response, ..Naive::default() }.called("first");
    let log = |host: &Host| {
        host.log(2, "later");
        Ok(Action::Continue)
    };
    let later = Naive { on_request: log, ..Naive::default() }.called("later");
    let in_time = |_: &Callout| Some(CalloutResponse { status: 200, ..CalloutResponse::default() });
    for reply in [&in_time as &dyn Fn(&Callout) -> Option<CalloutResponse>, &|_| None] {
        let mut naive = worker(&[first.clone(), later.clone()])?;
        let answer = naive.exchange(&Request::get("/"), &UpstreamResponse::ok(), &reply)?;
        ensure!(answer.status == 429 && answer.upstream.is_none(), "{answer:?}");
        ensure!(naive.log() == [(2, "later".to_owned())], "{:?}", naive.log());
    }

    let refuse = |host: &Host| {
        host.send_local_response(403, b"", b"", Vec::new(), -1).map(|_| Action::Pause)
    };
    let later = Naive { on_request: refuse, ..Naive::default() }.called("later");
    let mut naive = worker(&[first, later])?;
    let answer = naive.exchange(&Request::get("/"), &UpstreamResponse::ok(), &in_time)?;
    ensure!(answer.status == 429 && answer.upstream.is_none(), "{answer:?}");
    let trap = "trap: local response already stashed".to_owned();
    ensure!(naive.trapped() == Some(trap), "{:?}", naive.log());
    Ok(())
}

#[test]
fn last_callout_resumes_the_request_implicitly() -> Result<()> {
    let on_request = |host: &Host| call(host).map(|()| Action::Pause);
    let mut naive = worker(&[Naive { on_request, ..Naive::default() }.plugin()])?;
    let in_time = |_: &Callout| Some(CalloutResponse { status: 200, ..CalloutResponse::default() });
    let answer = naive.exchange(&Request::get("/"), &UpstreamResponse::ok(), &in_time)?;
    ensure!(answer.status == 200 && answer.upstream.is_some(), "{answer:?}");
    ensure_sound(&naive)
}
