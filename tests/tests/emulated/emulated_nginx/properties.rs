//! Properties and the environment.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Action, Plugin, status};
use novasphere_harness::{chain, client::Request};

use super::naive::{Naive, ensure_sound, for_each_request, status_of, worker};

#[test]
fn properties_are_text_and_differ_from_envoys() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        let text =
            |path| host.property(path).map(|r| r.map(|v| String::from_utf8_lossy(&v).into_owned()));
        assert_eq!(text("source.address")?, Ok("127.0.0.1".to_owned()));
        assert_eq!(text("connection.id")?, Ok("7".to_owned()));
        assert_eq!(text("plugin_root_id")?, Ok("0".to_owned()));
        assert_eq!(text("plugin_name")?, Ok("naive".to_owned()));
        assert_eq!(text("request.host")?, Ok("kong-7d4b9".to_owned()));
        assert_eq!(text("kong.service_name")?, Ok("novasphere-api".to_owned()));
        assert_eq!(text("kong.route_name")?, Ok("api".to_owned()));
        assert_eq!(status_of(text("kong.consumer")?), status::NOT_FOUND);
        assert_eq!(status_of(text("xds.cluster_name")?), status::NOT_FOUND);
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/"))?;
    ensure_sound(&naive)
}

#[test]
fn root_context_cannot_read_request_properties() -> Result<()> {
    let on_configure = |host: &novasphere_emulated_host::Host| {
        for path in ["ngx.pid", "kong.service_name", "source.address"] {
            assert_eq!(status_of(host.property(path)?), status::INTERNAL_FAILURE);
        }
        Ok(true)
    };
    let naive = worker(&[Naive { on_configure, ..Naive::default() }.plugin()])?;
    ensure!(naive.trapped().is_none(), "{:?}", naive.log());
    Ok(())
}

#[test]
fn limits_by_ip_and_by_kong_service_work() -> Result<()> {
    for limit_by in ["ip", "service"] {
        let config = format!(r#"{{"hour": 1, "limit_by": "{limit_by}"}}"#);
        let mut ours = worker(&[Plugin::wasm("rate-limit", config)])?;
        ensure!(ours.send(&Request::get("/"))?.status == 200);
        ensure!(ours.send(&Request::get("/"))?.status == 429);
        ensure_sound(&ours)?;
    }
    Ok(())
}

#[test]
fn missing_secret_variable_is_reported_with_a_remedy() -> Result<()> {
    let config = r#"{"credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_NOWHERE"}}]}"#;
    let mut ours = worker(&[Plugin::wasm("jwt-auth", config)])?;
    let remedy = "nginx_main_env = NOVASPHERE_NOWHERE in kong.conf";
    ensure!(ours.log().iter().any(|(_, line)| line.contains(remedy)), "{:?}", ours.log());
    ensure!(ours.send(&Request::get("/"))?.status == 500);
    Ok(())
}

#[test]
fn property_read_outside_a_request_logs_an_error() -> Result<()> {
    let on_tick = |host: &novasphere_emulated_host::Host| {
        for path in ["ngx.pid", "kong.node.id"] {
            assert_eq!(status_of(host.property(path)?), status::INTERNAL_FAILURE);
        }
        Ok(())
    };
    let on_configure =
        |host: &novasphere_emulated_host::Host| host.set_tick_period(100).map(|_| true);
    let mut naive = worker(&[Naive { on_tick, on_configure, ..Naive::default() }.plugin()])?;
    naive.tick();
    let expected = ["ngx", "host"]
        .map(|kind| (4, format!("cannot get {kind} properties outside of a request")));
    ensure!(naive.log() == expected, "{:?}", naive.log());
    Ok(())
}

/// rate-limit's timer needs random numbers, which are derived from properties.
#[test]
fn filters_cause_none_of_these_errors() -> Result<()> {
    let limit = r#"{"hour": 5, "limit_by": "ip"}"#;
    let plugins = [("cors", "{}"), ("jwt-auth", chain::JWT_AUTH), ("rate-limit", limit)];
    for (filter, config) in plugins {
        let mut ours = worker(&[Plugin::wasm(filter, config)])?;
        for _ in 0..3 {
            ours.send(&Request::get("/"))?;
            ours.tick();
        }
        let errors: Vec<_> = ours.log().into_iter().filter(|(level, _)| *level >= 4).collect();
        ensure!(errors.is_empty(), "{filter}: {errors:?}");
    }
    Ok(())
}
