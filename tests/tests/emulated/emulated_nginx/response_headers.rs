//! Mutations of response headers that nginx keeps pointers to.

use std::slice::from_ref;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Host, Map, Outcome, Plugin, UpstreamResponse, Worker};
use novasphere_harness::client::Request;

use super::naive::{Naive, client_lines, ensure_sound, worker};

/// Rules for the response, in header-transform and in the gateway.
fn transforms(rules: &str) -> [Plugin; 2] {
    let config = format!("{{\"response\": {{{rules}}}}}");
    let gateway = format!("{{\"header_transform\": {config}}}");
    [Plugin::wasm("header-transform", config), Plugin::wasm("gateway", gateway)]
}

fn receive(worker: &mut Worker, name: &str, values: &[&str]) -> Result<Outcome> {
    let line = |value: &&str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let upstream = UpstreamResponse { status: 401, lines: values.iter().map(line).collect() };
    worker.exchange(&Request::get("/"), &upstream, &|_| None)
}

/// Checks the lines that the client gets with `rules`, once and twice in a chain.
fn ensure_lines(rules: &str, name: &str, values: &[&str], expected: &[&str]) -> Result<()> {
    for plugin in transforms(rules) {
        for chain in [vec![plugin.clone()], vec![plugin.clone(), plugin.clone()]] {
            let mut ours = worker(&chain)?;
            let answer = receive(&mut ours, name, values)?;
            ensure_sound(&ours)?;
            let lines = client_lines(&answer, name);
            ensure!(lines == expected, "{rules}, {values:?}: {lines:?}");
        }
    }
    Ok(())
}

/// Checks the lines that the client gets if one filter has the rules `first`, and the next `then`.
fn ensure_chain(
    [first, then]: [&str; 2],
    name: &str,
    values: &[&str],
    expected: &[&str],
) -> Result<()> {
    for chain in transforms(first).into_iter().zip(transforms(then)) {
        let mut ours = worker(&<[Plugin; 2]>::from(chain))?;
        let answer = receive(&mut ours, name, values)?;
        ensure_sound(&ours)?;
        let lines = client_lines(&answer, name);
        ensure!(lines == expected, "{first}, then {then}, {values:?}: {lines:?}");
    }
    Ok(())
}

#[test]
fn removing_an_absent_cache_control_or_link_crashes_the_worker() -> Result<()> {
    let cache_control = Naive {
        on_response: |host| host.remove_header(Map::Response, b"cache-control").map(|_| ()),
        ..Naive::default()
    };
    let link = Naive {
        on_response: |host| host.remove_header(Map::Response, b"link").map(|_| ()),
        ..Naive::default()
    };
    for (name, naive) in [("cache-control", cache_control), ("link", link)] {
        let naive = naive.plugin();
        let mut present = worker(from_ref(&naive))?;
        ensure!(client_lines(&receive(&mut present, name, &["a", "b"])?, name).is_empty());
        ensure_sound(&present)?;
        let mut absent = worker(from_ref(&naive))?;
        let _ = receive(&mut absent, name, &[]);
        ensure!(absent.crashed().is_some(), "the quirk is not emulated");
        // A line that another filter removed counts as absent.
        let mut removed = worker(&[naive.clone(), naive])?;
        let _ = receive(&mut removed, name, &["a"]);
        ensure!(removed.crashed().is_some(), "the quirk is not emulated");

        let remove = format!(r#""remove": {{"headers": ["{name}"]}}"#);
        let set = format!(r#"{remove}, "add": {{"headers": ["{name}:new"]}}"#);
        for values in [&[][..], &["a"], &["a", "b"]] {
            ensure_lines(&remove, name, values, &[])?;
            ensure_lines(&set, name, values, &["new"])?;
        }
    }
    Ok(())
}

#[test]
fn nginx_keeps_www_authenticate_and_relative_locations_that_a_filter_removes() -> Result<()> {
    let on_response = |host: &Host| {
        assert_eq!(host.remove_header(Map::Response, b"www-authenticate")?, Ok(()));
        assert_eq!(host.remove_header(Map::Response, b"location")?, Ok(()));
        Ok(())
    };
    let naive = Naive { on_response, ..Naive::default() }.plugin();
    for (name, values, kept) in [
        ("WWW-Authenticate", &["Basic"][..], true),
        ("WWW-Authenticate", &["Negotiate", "NTLM"], true),
        ("Location", &["/login"], true),
        ("Location", &["https://login.example/"], false),
    ] {
        let answer = receive(&mut worker(from_ref(&naive))?, name, values)?;
        ensure!(client_lines(&answer, name) == if kept { values } else { &[] }, "{answer:?}");

        ensure_lines(&format!(r#""remove": {{"headers": ["{name}"]}}"#), name, values, &[])?;
        let rename = format!(r#""rename": {{"headers": ["{name}:X-Old"]}}"#);
        ensure_lines(&rename, name, values, &[])?;
        let [transform, _] = transforms(&rename);
        let answer = receive(&mut worker(&[transform])?, name, values)?;
        ensure!(client_lines(&answer, "X-Old") == values, "{answer:?}");
    }
    Ok(())
}

#[test]
fn replacing_a_repeated_www_authenticate_leaves_one_line() -> Result<()> {
    let on_response = |host: &Host| {
        host.replace_header(Map::Response, b"www-authenticate", b"Bearer").map(|_| ())
    };
    let mut naive = worker(&[Naive { on_response, ..Naive::default() }.plugin()])?;
    let answer = receive(&mut naive, "WWW-Authenticate", &["Negotiate", "NTLM"])?;
    ensure!(client_lines(&answer, "WWW-Authenticate").is_empty(), "the quirk is not emulated");

    let bearer = r#""replace": {"headers": ["WWW-Authenticate:Bearer"]}"#;
    for values in [&["Basic"][..], &["Negotiate", "NTLM"]] {
        ensure_lines(bearer, "WWW-Authenticate", values, &["Bearer"])?;
    }
    ensure_lines(bearer, "WWW-Authenticate", &[], &[])?;
    let location = r#""replace": {"headers": ["Location:/new"]}"#;
    ensure_lines(location, "Location", &["/login"], &["/new"])?;
    ensure_lines(location, "Location", &["https://login.example/"], &["/new"])
}

/// nginx sends the value of a removed `Location` to HTTP/2 clients unless it is empty.
#[test]
fn removed_location_is_emptied() -> Result<()> {
    let on_response = |host: &Host| {
        assert_eq!(host.header(Map::Response, b"location")?, Ok(Vec::new()));
        Ok(())
    };
    let next = Naive { on_response, ..Naive::default() }.plugin();
    for plugin in transforms(r#""remove": {"headers": ["Location"]}"#) {
        for value in ["/login", "https://login.example/"] {
            let mut ours = worker(&[plugin.clone(), next.clone()])?;
            receive(&mut ours, "Location", &[value])?;
            ensure_sound(&ours)?;
        }
    }
    Ok(())
}

/// nginx keeps its pointer to a removed line, and adds no line while it has a pointer.
#[test]
fn filter_adds_a_header_that_an_earlier_filter_removed() -> Result<()> {
    for (name, values, new) in [
        ("WWW-Authenticate", &[][..], "Bearer"),
        ("WWW-Authenticate", &["Basic"], "Bearer"),
        ("WWW-Authenticate", &["Negotiate", "NTLM"], "Bearer"),
        ("Location", &["/login"], "/new"),
        ("Location", &["/login"], "https://new.example/"),
        ("Location", &["https://login.example/"], "/new"),
        ("Refresh", &["5"], "9"),
        ("Cache-Control", &["no-store"], "no-cache"),
        ("Link", &["</a>", "</b>"], "</c>"),
    ] {
        let remove = format!(r#""remove": {{"headers": ["{name}"]}}"#);
        for rule in ["add", "append"] {
            let add = format!(r#""{rule}": {{"headers": ["{name}:{new}"]}}"#);
            ensure_chain([&remove, &add], name, values, &[new])?;
        }
    }
    Ok(())
}

/// nginx then has a pointer to the appended line, and removes only this line.
#[test]
fn nginx_keeps_a_www_authenticate_if_an_earlier_filter_appends_one() -> Result<()> {
    let append = r#""append": {"headers": ["WWW-Authenticate:Bearer"]}"#;
    let remove = r#""remove": {"headers": ["WWW-Authenticate"]}"#;
    ensure_chain([append, remove], "WWW-Authenticate", &["Basic"], &["Basic"])?;
    ensure_chain([append, remove], "WWW-Authenticate", &[], &[])
}

#[test]
fn nginx_drops_a_second_line_of_a_single_response_header() -> Result<()> {
    let append = |name: &str| format!(r#""append": {{"headers": ["{name}:new"]}}"#);
    for name in ["Server", "Content-Encoding"] {
        ensure_lines(&append(name), name, &["old"], &["old"])?;
        ensure_lines(&append(name), name, &[], &["new"])?;
    }
    ensure_lines(&append("Content-Type"), "Content-Type", &["old"], &["new"])?;
    ensure_lines(&append("WWW-Authenticate"), "WWW-Authenticate", &["old"], &["old", "new"])
}
