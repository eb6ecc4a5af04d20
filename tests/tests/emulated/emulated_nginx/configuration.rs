//! Loading filters, rejected configurations, and detecting the host.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Kind, Load, Plugin, Proxy, Worker, imports_of, status};
use novasphere_harness::{chain, client::Request};
use std::sync::Arc;

use super::naive::{Naive, ensure_sound, status_of, worker};

const GOOD: &str = r#"{"request": {"add": {"headers": ["x-added:1"]}}}"#;
const BAD: &str = r#"{"reqest": {}}"#;

fn refuses() -> Plugin {
    Naive { on_configure: |_| Ok(false), ..Naive::default() }.plugin()
}

fn traps() -> Plugin {
    // This call is only allowed in requests.
    let on_configure =
        |host: &novasphere_emulated_host::Host| host.foreign_function("anything").map(|_| true);
    Naive { on_configure, ..Naive::default() }.plugin()
}

#[test]
fn filter_that_fails_during_a_reload_is_skipped() -> Result<()> {
    for plugin in [refuses(), traps()] {
        let mut worker = worker(&[Plugin::wasm("header-transform", GOOD)])?;
        worker.load(&[plugin, Plugin::wasm("header-transform", GOOD)], Load::Change)?;
        let answer = worker.send(&Request::get("/"))?;
        ensure!(answer.status == 200 && answer.upstream.is_some(), "{answer:?}");
    }
    Ok(())
}

#[test]
fn filter_that_fails_at_start_disables_all_filters() -> Result<()> {
    let jwt_auth = Plugin::wasm("jwt-auth", chain::JWT_AUTH);
    let mut guarded = worker(std::slice::from_ref(&jwt_auth))?;
    ensure!(guarded.send(&Request::get("/"))?.status == 401);
    for plugin in [refuses(), traps()] {
        let mut open = worker(&[jwt_auth.clone(), plugin])?;
        ensure!(open.send(&Request::get("/"))?.status == 200, "the quirk is not emulated");
    }
    Ok(())
}

#[test]
fn invalid_configuration_closes_the_route() -> Result<()> {
    for when in [Load::Start, Load::Change] {
        let mut worker = worker(&[])?;
        worker.load(&[Plugin::wasm("header-transform", BAD)], when)?;
        let answer = worker.send(&Request::get("/"))?;
        ensure!(answer.status == 500 && answer.upstream.is_none(), "{when:?}: {answer:?}");
        let log = worker.log();
        let logs = |text: &str| log.iter().any(|(level, line)| *level == 4 && line.contains(text));
        ensure!(logs("did you mean \"request\"?") && logs("answered with 500"), "{log:?}");
        ensure!(worker.trapped().is_none());
    }
    Ok(())
}

#[test]
fn other_filters_keep_running_beside_an_invalid_configuration() -> Result<()> {
    let mut bad = worker(&[Plugin::wasm("jwt-auth", chain::JWT_AUTH)])?;
    let (jwt, bad_one) = (Plugin::wasm("jwt-auth", chain::JWT_AUTH), Plugin::wasm("cors", "{"));
    bad.load(&[jwt, bad_one], Load::Change)?;
    ensure!(bad.send(&Request::get("/"))?.status == 401);
    ensure!(bad.send(&chain::good_request()?)?.status == 500);
    Ok(())
}

#[test]
fn envoy_refuses_to_start_with_an_invalid_configuration() -> Result<()> {
    let proxy = Arc::new(Proxy::new(Kind::Envoy));
    ensure!(Worker::start(&proxy, &[Plugin::wasm("header-transform", BAD)]).is_err());
    Ok(())
}

#[test]
fn only_nginx_accepts_an_effective_context_that_does_not_exist() -> Result<()> {
    for (kind, expected) in [(Kind::Nginx, 0), (Kind::Envoy, status::BAD_ARGUMENT)] {
        let on_vm_start = |host: &novasphere_emulated_host::Host| {
            let status = status_of(host.set_effective_context(u32::MAX)?);
            host.log(2, status.to_string());
            Ok(())
        };
        let plugin = Naive { on_vm_start, ..Naive::default() }.plugin();
        let worker = Worker::start(&Arc::new(Proxy::new(kind)), &[plugin])?;
        ensure!(worker.log() == [(2, expected.to_string())], "{kind:?}: {:?}", worker.log());
    }
    Ok(())
}

#[test]
fn nginx_logs_an_error_for_a_property_outside_of_a_request() -> Result<()> {
    let on_vm_start = |host: &novasphere_emulated_host::Host| {
        let status = status_of(host.property("ngx.nginx_version")?);
        assert_eq!(status, status::INTERNAL_FAILURE);
        Ok(())
    };
    let naive = worker(&[Naive { on_vm_start, ..Naive::default() }.plugin()])?;
    ensure!(naive.log() == [(4, "cannot get ngx properties outside of a request".to_owned())]);
    ensure!(ensure_sound(&naive).is_err());
    Ok(())
}

#[test]
fn reading_plugin_name_in_a_root_context_crashes_the_worker() -> Result<()> {
    let on_configure =
        |host: &novasphere_emulated_host::Host| host.property("plugin_name").map(|_| true);
    let naive = worker(&[Naive { on_configure, ..Naive::default() }.plugin()])?;
    ensure!(naive.crashed().is_some(), "the quirk is not emulated");
    for filter in ["cors", "header-transform", "jwt-auth", "rate-limit"] {
        ensure!(worker(&[Plugin::wasm(filter, "{}")])?.crashed().is_none(), "{filter}");
    }
    Ok(())
}

#[test]
fn modules_load_with_the_functions_of_nginx() -> Result<()> {
    for filter in ["cors", "header-transform", "jwt-auth", "rate-limit"] {
        // The emulated host refuses a module that lacks a callback nginx calls unconditionally.
        worker(&[Plugin::wasm(filter, "{}")])?;
        let imports = imports_of(filter)?;
        ensure!(!imports.contains(&"env.proxy_get_log_level".to_owned()), "{filter}");
    }
    Ok(())
}

#[test]
fn one_instance_serves_all_configurations_of_a_worker() -> Result<()> {
    let config = |n: u32| format!(r#"{{"request": {{"add": {{"headers": ["x-{n}:{n}"]}}}}}}"#);
    let plugins = [1, 2, 3].map(|n| Plugin::wasm("header-transform", config(n)));
    let mut worker = worker(&plugins)?;
    let answer = worker.send(&Request::get("/"))?;
    for n in ["1", "2", "3"] {
        ensure!(super::naive::upstream_lines(&answer, &format!("x-{n}")) == [n], "{answer:?}");
    }
    ensure_sound(&worker)
}
