//! Configuration files, adapted to this machine: free ports, the stand-in as upstream, and the filters
//! in `dist/`. A test can add TLS and change filters.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{
    changes::{self, Tls},
    config::address,
};
use crate::paths;

/// Replacements in a file.
#[derive(Clone, Debug)]
pub struct Substitutions {
    /// Replaces all endpoints without an entry in `hosts`.
    pub upstream: SocketAddr,
    /// Replaces the endpoints with these host names.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// Replaces the address of all listeners; port 0 selects a free one.
    pub gateway: SocketAddr,
    /// The address of the admin interface; port 0 selects a free one.
    pub admin: SocketAddr,
    /// Envoy's environment variables.
    pub environment: BTreeMap<String, String>,
    /// Replaces the listeners' TLS, if any.
    pub tls: Option<Tls>,
    /// Makes the listeners require the PROXY protocol, with which a test chooses the address of a
    /// client.
    pub proxy_protocol: bool,
    /// Merge patches (RFC 7396) for the configurations of filters, by name.
    pub filters: BTreeMap<String, Value>,
}

impl Substitutions {
    /// Returns replacements with free ports.
    pub fn new(upstream: SocketAddr, environment: BTreeMap<String, String>) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            upstream,
            hosts: BTreeMap::new(),
            gateway: free,
            admin: free,
            environment,
            tls: None,
            proxy_protocol: false,
            filters: BTreeMap::new(),
        }
    }
}

pub(super) fn bootstrap(text: &str, substitutions: &Substitutions) -> Result<Value> {
    let yaml: Value = serde_yaml_ng::from_str(text)?;
    let mut bootstrap = moved(yaml, Place::Listener, substitutions)?;
    changes::remove_tls(&mut bootstrap);
    if let Some(tls) = &substitutions.tls {
        changes::add_tls(&mut bootstrap, tls);
    }
    if substitutions.proxy_protocol {
        changes::add_proxy_protocol(&mut bootstrap);
    }
    for (filter, patch) in &substitutions.filters {
        changes::merge_into(&mut bootstrap, filter, patch)?;
    }
    if let Value::Object(members) = &mut bootstrap {
        let admin = json!({ "address": address(substitutions.admin) });
        members.insert("admin".to_owned(), admin);
    }
    Ok(bootstrap)
}

/// The meaning of addresses in a part of the file.
#[derive(Clone, Copy)]
enum Place {
    /// Addresses to bind.
    Listener,
    /// Addresses to connect to.
    Endpoint,
}

fn moved(value: Value, place: Place, to: &Substitutions) -> Result<Value> {
    match value {
        Value::Array(items) => {
            let items = items.into_iter().map(|item| moved(item, place, to));
            items.collect::<Result<_>>().map(Value::Array)
        }
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = moved_member(&name, value, place, to)?;
                Ok((name, value))
            });
            members.collect::<Result<Map<_, _>>>().map(Value::Object)
        }
        other => Ok(other),
    }
}

fn moved_member(name: &str, value: Value, place: Place, to: &Substitutions) -> Result<Value> {
    match (name, value.as_str()) {
        ("socket_address", None) => {
            let addr = match place {
                Place::Listener => to.gateway,
                Place::Endpoint => {
                    let host = value.get("address").and_then(Value::as_str).unwrap_or_default();
                    to.hosts.get(host).copied().unwrap_or(to.upstream)
                }
            };
            let mut moved = address(addr);
            Ok(moved.get_mut("socket_address").map(Value::take).unwrap_or_default())
        }
        ("load_assignment", None) => moved(value, Place::Endpoint, to),
        ("type", Some("STRICT_DNS" | "LOGICAL_DNS")) => Ok("STATIC".into()),
        ("filename", Some(file)) if file.ends_with(".wasm") => {
            let base = file.rsplit('/').next().unwrap_or(file);
            Ok(paths::dist(base)?.display().to_string().into())
        }
        _ => moved(value, place, to),
    }
}
