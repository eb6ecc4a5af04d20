//! Shipped configuration files, adapted to this machine: free ports, and the stand-in as upstream.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Traefik, process::DYNAMIC};
use crate::{
    client::{HOST, Request},
    loopback::free_address,
    paths::repository,
    startup::StartSlot,
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
        let addr = free_address()?;
        let (mut fixed, mut dynamic) = (read("traefik.yaml")?, read("dynamic.yaml")?);
        let entry_points = fixed.get_mut("entryPoints").and_then(Value::as_object_mut);
        for (name, entry_point) in entry_points.context("no entry points")? {
            let addr = if name == "gateway" { addr } else { free_address()? };
            if let Some(members) = entry_point.as_object_mut() {
                members.insert("address".to_owned(), addr.to_string().into());
            }
        }
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
