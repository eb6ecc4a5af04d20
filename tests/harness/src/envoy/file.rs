//! Configuration files as they are shipped, moved to this machine: free ports, the stand-in as
//! upstream, the filters from `dist/`. A test can have TLS besides, and change filters.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{
    changes::{self, Tls},
    config::address,
};
use crate::paths;

/// What a shipped file is run with.
#[derive(Clone, Debug)]
pub struct Substitutions {
    /// What all its endpoints become.
    pub upstream: SocketAddr,
    /// What all its listeners become; port 0 is any free one.
    pub gateway: SocketAddr,
    /// Where the admin interface is to listen; port 0 is any free one.
    pub admin: SocketAddr,
    /// The variables of Envoy's environment.
    pub environment: BTreeMap<String, String>,
    /// TLS for its listeners, with HTTP/2, instead of what the file says.
    pub tls: Option<Tls>,
    /// What the configurations of filters are merged with (RFC 7396), by the filter's name.
    pub filters: BTreeMap<String, Value>,
}

impl Substitutions {
    /// That upstream and environment, and free ports to listen at.
    pub fn new(upstream: SocketAddr, environment: BTreeMap<String, String>) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (tls, filters) = (None, BTreeMap::new());
        Self { upstream, gateway: free, admin: free, environment, tls, filters }
    }
}

pub(super) fn bootstrap(path: &Path, substitutions: &Substitutions) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let yaml: Value = serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())?;
    let mut bootstrap = moved(yaml, Place::Listener, substitutions)?;
    changes::remove_tls(&mut bootstrap);
    if let Some(tls) = &substitutions.tls {
        changes::add_tls(&mut bootstrap, tls);
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

/// Which part of the file a value is in.
#[derive(Clone, Copy)]
enum Place {
    /// An address is one to listen at.
    Listener,
    /// An address is one to connect to.
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
                Place::Endpoint => to.upstream,
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
