//! The request target.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Action, Map, Plugin, Worker, status};
use novasphere_harness::{chain, client::Request};

use super::naive::{ensure_sound, for_each_request, nginx, status_of, worker};

#[test]
fn path_header_is_decoded_and_path_property_is_raw() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        assert_eq!(host.header(Map::Request, b":path")?, Ok(b"/a/b?x=%2f".to_vec()));
        assert_eq!(host.property("request.path")?, Ok(b"/x/../a%2Fb?x=%2f".to_vec()));
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/x/../a%2Fb?x=%2f"))?;
    ensure_sound(&naive)
}

#[test]
fn writes_to_path_and_authority_are_ignored_but_method_changes() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        for (name, value) in [(":path", "/b"), (":authority", "evil"), (":method", "PUT")] {
            let set = host.replace_header(Map::Request, name.as_bytes(), value.as_bytes())?;
            assert_eq!(set, Ok(()));
        }
        assert_eq!(host.set_property("ngx.args", b"")?, Ok(()));
        Ok(Action::Continue)
    })])?;
    let seen = naive.send(&Request::get("/a?token=t"))?.upstream.unwrap_or_default();
    ensure!((seen.method.as_str(), seen.path.as_str()) == ("PUT", "/a?token=t"), "{seen:?}");
    Ok(())
}

#[test]
fn other_variables_cannot_be_set() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        let set = |path| host.set_property(path, b"x").map(status_of);
        assert_eq!(set("ngx.pid")?, status::INTERNAL_FAILURE);
        assert_eq!(set("anything")?, status::NOT_FOUND);
        Ok(Action::Continue)
    })])?;
    naive.send(&Request::get("/"))?;
    ensure_sound(&naive)
}

/// Filters match the path that the client sent. A path that only decodes to `/public` does not
/// match.
#[test]
fn exemptions_match_the_raw_path() -> Result<()> {
    let config = r#"{
        "credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "skip": [{"path_prefix": "/public"}]
    }"#;
    let mut ours = worker(&[Plugin::wasm("jwt-auth", config)])?;
    for (target, status) in [
        ("/public", 200),
        ("/public/a", 200),
        ("/public%2F..%2Fprivate", 401),
        ("/public/../private", 401),
        ("/publicity", 401),
        ("/a%2F..%2Fpublic", 401),
    ] {
        let answer = ours.send(&Request::get(target))?;
        ensure!(answer.status == status, "{target}: {answer:?}");
    }
    ensure_sound(&ours)
}

const WITHOUT_A_PATH: &str = "http://api.example?v1/admin";

#[test]
fn target_without_a_path_gets_its_query_as_the_path() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        assert_eq!(host.property("request.path")?, Ok(b"?v1/admin".to_vec()));
        Ok(Action::Continue)
    })])?;
    let seen = naive.send(&Request::get(WITHOUT_A_PATH))?.upstream.unwrap_or_default();
    ensure!(seen.path == "/v1/admin?v1/admin", "the quirk is not emulated: {seen:?}");
    ensure_sound(&naive)
}

#[test]
fn filters_reject_a_target_without_a_path() -> Result<()> {
    let limit = r#"{
        "minute": 100, "policy": "local", "limit_by": "ip",
        "rules": [{"name": "admin", "path_prefix": "/v1/admin", "minute": 1}]
    }"#;
    let add = r#"{"request": {"add": {"querystring": ["tenant:a"]}}}"#;
    let gateway = format!(r#"{{"rate_limit": {limit}}}"#);
    for (name, config) in [
        ("jwt-auth", chain::JWT_AUTH),
        ("rate-limit", limit),
        ("header-transform", add),
        ("gateway", &gateway),
    ] {
        let mut ours = worker(&[Plugin::wasm(name, config)])?;
        let answer = ours.send(&Request::get(WITHOUT_A_PATH))?;
        ensure!(answer.status == 400 && answer.upstream.is_none(), "{name}: {answer:?}");
        let answer = ours.send(&Request::get("http://api.example/a"))?;
        ensure!(matches!(answer.status, 200 | 401), "{name}: {answer:?}");
        ensure_sound(&ours)?;
    }
    Ok(())
}

#[test]
fn fragment_is_not_sent() -> Result<()> {
    let mut naive = worker(&[for_each_request(|host| {
        assert_eq!(host.property("request.path")?, Ok(b"/a?x#y".to_vec()));
        assert_eq!(host.property("ngx.upstream_uri")?, Ok(b"/a?x".to_vec()));
        Ok(Action::Continue)
    })])?;
    let seen = naive.send(&Request::get("/a?x#y"))?.upstream.unwrap_or_default();
    ensure!(seen.path == "/a?x", "the quirk is not emulated: {seen:?}");
    ensure_sound(&naive)
}

#[test]
fn query_rules_reject_a_target_with_a_fragment() -> Result<()> {
    for rule in
        [r#""add": {"querystring": ["tenant:a"]}"#, r#""remove": {"querystring": ["tenant"]}"#]
    {
        let config = format!(r#"{{"request": {{{rule}}}}}"#);
        let mut ours = worker(&[Plugin::wasm("header-transform", config)])?;
        for target in ["/a?x#y", "/a?tenant#=1", "/a#?tenant=1"] {
            let answer = ours.send(&Request::get(target))?;
            ensure!(answer.status == 400 && answer.upstream.is_none(), "{target}: {answer:?}");
        }
        let answer = ours.send(&Request::get("/a?x=%23"))?;
        ensure!(answer.status == 200, "{answer:?}");
        ensure_sound(&ours)?;
    }
    Ok(())
}

fn with_token() -> Result<Request> {
    let token = chain::good_token()?;
    Ok(Request::get(format!("/api/a?x=%2f&token={token}&y")))
}

#[test]
fn token_in_the_query_does_not_reach_the_upstream() -> Result<()> {
    let mut proxy = nginx()?;
    proxy.strip_path = "/api".to_owned();
    let mut ours = Worker::start(&Arc::new(proxy), &[Plugin::wasm("jwt-auth", chain::JWT_AUTH)])?;
    let answer = ours.send(&with_token()?)?;
    let seen = answer.upstream.clone().unwrap_or_default();
    ensure!(seen.path == "/a?x=%2f&y", "{answer:?}");
    ensure_sound(&ours)
}

#[test]
fn two_filters_may_both_remove_the_token() -> Result<()> {
    let jwt_auth = Plugin::wasm("jwt-auth", chain::JWT_AUTH);
    let mut ours = worker(&[jwt_auth.clone(), jwt_auth])?;
    let answer = ours.send(&with_token()?)?;
    let seen = answer.upstream.clone().unwrap_or_default();
    ensure!(seen.path == "/api/a?x=%2f&y", "{answer:?}");
    ensure_sound(&ours)
}

#[test]
fn query_rewritten_by_another_plugin_is_refused() -> Result<()> {
    let rewrites = for_each_request(|host| {
        let uri = host.property("ngx.upstream_uri")?.unwrap();
        let rewritten = String::from_utf8_lossy(&uri).replace("token=", "%74oken=");
        assert_eq!(host.set_property("ngx.upstream_uri", rewritten.as_bytes())?, Ok(()));
        Ok(Action::Continue)
    });
    let mut ours = worker(&[rewrites, Plugin::wasm("jwt-auth", chain::JWT_AUTH)])?;
    let answer = ours.send(&with_token()?)?;
    ensure!(answer.status == 500 && answer.upstream.is_none(), "{answer:?}");
    ensure!(
        ours.log().iter().any(|(_, line)| line.contains("something else has changed the query"))
    );
    Ok(())
}
