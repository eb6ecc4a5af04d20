//! Configuration files, adapted to this machine: free ports, and the stand-in as upstream.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Traefik, older::remove_newer_settings, process::DYNAMIC};
use crate::{
    client::{HOST, Request},
    loopback::free_address,
    paths::repository,
    startup::StartSlot,
    version::Version,
    wait::until,
};

impl Traefik {
    /// Starts a Traefik with the files of `host-config/traefik`, and waits until it serves.
    ///
    /// # Errors
    /// Fails with the log if it does not.
    pub fn start_shipped(
        upstream: SocketAddr,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let (mut fixed, mut dynamic) = (read("traefik.yaml")?, read("dynamic.yaml")?);
        let addr = move_entry_points(&mut fixed, &json!({}))?;
        if let Some(members) = fixed.as_object_mut() {
            members.insert("providers".to_owned(), json!({"file": {"filename": DYNAMIC}}));
        }
        let services = dynamic.pointer_mut("/http/services").and_then(Value::as_object_mut);
        move_to(services.context("no services")?, upstream);
        let _slot = StartSlot::acquire()?;
        let mut traefik = Self::start_files(&fixed, &dynamic, addr, environment)?;
        until("Traefik to serve", || {
            traefik.ensure_alive()?;
            let request = Request::get("/api/v1/wukongs").header("host", HOST);
            let answer = traefik.send(&request);
            Ok(answer.ok().filter(|answer| answer.head.status == 401).map(|_| ()))
        })
        .with_context(|| traefik.troubles())?;
        Ok(traefik)
    }

    /// Starts a Traefik with a static configuration and the text of a dynamic one, and waits until it
    /// has applied both. Its entry points accept the PROXY protocol, with which a test chooses the
    /// address of a client.
    ///
    /// # Errors
    /// Fails with the log if it does not start.
    pub fn start_text(
        fixed: &Value,
        dynamic: &str,
        upstream: SocketAddr,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let mut fixed = fixed.clone();
        let local = json!({"proxyProtocol": {"trustedIPs": ["127.0.0.1"]}});
        let addr = move_entry_points(&mut fixed, &local)?;
        if let Some(members) = fixed.as_object_mut() {
            members.insert("ping".to_owned(), json!({"manualRouting": true}));
            members.insert("log".to_owned(), json!({"level": "INFO", "format": "json"}));
        }
        let _slot = StartSlot::acquire()?;
        let dynamic = with_servers_at(dynamic, upstream);
        let mut traefik = Self::start_folder(fixed, &dynamic, addr, environment)?;
        traefik.wait_until_taken_over()?;
        Ok(traefik)
    }
}

/// Gives each entry point a free address and more members. Returns the address of `gateway`.
fn move_entry_points(fixed: &mut Value, more: &Value) -> Result<SocketAddr> {
    let gateway = free_address()?;
    remove_newer_settings(fixed, Version::of_traefik()?);
    let entry_points = fixed.get_mut("entryPoints").and_then(Value::as_object_mut);
    for (name, entry_point) in entry_points.context("no entry points")? {
        let addr = if name == "gateway" { gateway } else { free_address()? };
        if let Some(members) = entry_point.as_object_mut() {
            members.insert("address".to_owned(), addr.to_string().into());
            members.extend(more.as_object().cloned().unwrap_or_default());
        }
    }
    Ok(gateway)
}

/// Replaces the URLs of servers in a text.
fn with_servers_at(text: &str, upstream: SocketAddr) -> String {
    let mut parts = text.split("url: ");
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let url = part.trim_start_matches('"');
        let rest = url.trim_start_matches(|c: char| !c.is_whitespace() && !"\",}".contains(c));
        let rest = rest.trim_start_matches('"');
        moved.push_str(&format!("url: \"http://{upstream}\"{rest}"));
    }
    moved
}

fn read(name: &str) -> Result<Value> {
    let path = repository().join("host-config/traefik").join(name);
    let text = fs::read_to_string(Path::new(&path)).with_context(|| path.display().to_string())?;
    serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())
}

fn move_to(services: &mut Map<String, Value>, upstream: SocketAddr) {
    for service in services.values_mut() {
        let servers = service.pointer_mut("/loadBalancer/servers").and_then(Value::as_array_mut);
        for server in servers.into_iter().flatten() {
            *server = json!({"url": format!("http://{upstream}")});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_move_in_all_styles() {
        let text =
            "- {url: \"https://a:1/\"}\n- url: http://b:2\nx: [{url: http://c, weight: 3}]\n";
        let moved = with_servers_at(text, SocketAddr::from(([127, 0, 0, 1], 9)));
        let url = "url: \"http://127.0.0.1:9\"";
        assert_eq!(moved, format!("- {{{url}}}\n- {url}\nx: [{{{url}, weight: 3}}]\n"));
    }
}
