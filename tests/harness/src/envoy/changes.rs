//! Changes to a shipped file.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

use super::config::TYPES;

/// The identity of a TLS server.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of the private key.
    pub private_key: PathBuf,
}

/// Adds TLS to every listener, with HTTP/2 by ALPN.
pub(super) fn add_tls(bootstrap: &mut Value, tls: &Tls) {
    let socket = json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext"),
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [{
                    "certificate_chain": {"filename": tls.certificate},
                    "private_key": {"filename": tls.private_key},
                }],
            },
        },
    });
    for chain in filter_chains(bootstrap).filter_map(Value::as_object_mut) {
        chain.insert("transport_socket".to_owned(), socket.clone());
    }
}

/// Adds the listener filter for the PROXY protocol to every listener.
pub(super) fn add_proxy_protocol(bootstrap: &mut Value) {
    let filter = json!({
        "name": "envoy.filters.listener.proxy_protocol",
        "typed_config": {
            "@type": format!("{TYPES}.filters.listener.proxy_protocol.v3.ProxyProtocol"),
        },
    });
    let listeners = items(bootstrap, "/static_resources/listeners");
    for listener in listeners.filter_map(Value::as_object_mut) {
        let filters = listener.entry("listener_filters").or_insert_with(|| json!([]));
        if let Some(filters) = filters.as_array_mut() {
            filters.insert(0, filter.clone());
        }
    }
}

/// Removes TLS from the listeners, because its files do not exist here, and from the clusters,
/// because the stand-in has none.
pub(super) fn remove_tls(bootstrap: &mut Value) {
    let clusters = items(bootstrap, "/static_resources/clusters");
    for cluster in clusters.filter_map(Value::as_object_mut) {
        cluster.remove("transport_socket");
    }
    for chain in filter_chains(bootstrap).filter_map(Value::as_object_mut) {
        chain.remove("transport_socket");
    }
}

/// Merges a patch into the configuration of the HTTP filters named `filter`.
pub(super) fn merge_into(bootstrap: &mut Value, filter: &str, patch: &Value) -> Result<()> {
    let mut found = false;
    for connection_filter in filter_chains(bootstrap).flat_map(|chain| items(chain, "/filters")) {
        for http_filter in items(connection_filter, "/typed_config/http_filters") {
            let is_named = http_filter.get("name").is_some_and(|name| name == filter);
            let config = http_filter.pointer_mut("/typed_config/config/configuration/value");
            if let (true, Some(config)) = (is_named, config) {
                merge(config, patch);
                found = true;
            }
        }
    }
    ensure!(found, "no filter {filter} to change");
    Ok(())
}

fn filter_chains(bootstrap: &mut Value) -> impl Iterator<Item = &mut Value> {
    let listeners = items(bootstrap, "/static_resources/listeners");
    listeners.flat_map(|listener| items(listener, "/filter_chains"))
}

fn items<'v>(value: &'v mut Value, pointer: &str) -> impl Iterator<Item = &'v mut Value> + use<'v> {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Applies a JSON merge patch (RFC 7396, section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}
