//! The log says why keys could not be fetched.

use anyhow::Result;
use novasphere_harness::{chain, gateway::Gateway};
use novasphere_tests::{
    key_server::{Behaviour, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{filter, gateway, server};

fn keys() -> Result<KeyServer> {
    server(&[&TestKey::es256("k1")?])
}

#[test]
fn log_distinguishes_an_unreachable_cluster_from_a_server_with_503() -> Result<()> {
    let mut server = keys()?;
    server.behave(Behaviour::Status(503));
    let gateway = gateway(&server, 1, Value::Null)?;
    gateway.envoy.wait_for_log_lines("could not be fetched: status 503", 1)?;
    server.unbind()?;
    let message = "could not be fetched: the proxy could not connect to the upstream: check its \
                   address, port and TLS settings; the proxy says";
    gateway.envoy.wait_for_log_lines(message, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn missing_cluster_is_named() -> Result<()> {
    let server = keys()?;
    let gateway = gateway(&server, 1, json!({"cluster": "missing"}))?;
    let message = "from missing could not be fetched: the proxy did not send the request";
    gateway.envoy.wait_for_log_lines(message, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn cluster_without_endpoints_is_named() -> Result<()> {
    let gateway = Gateway::configured(vec![filter(json!({"cluster": "empty"}))], |mut config| {
        config.empty_clusters.push("empty".to_owned());
        config
    })?;
    // Envoy's status is InternalFailure.
    let message = "from empty could not be fetched: the proxy did not send the request (host \
                   status 10); check that the upstream exists and has a usable endpoint";
    gateway.envoy.wait_for_log_lines(message, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn form_of_a_document_that_is_not_json_is_named() -> Result<()> {
    for (prefix, discovery, message) in [
        (&b"\x1f\x8b\x08"[..], false, "the key set is compressed with gzip"),
        (b"\xef\xbb\xbf", false, "the key set starts with a byte order mark"),
        (b"<html>", false, "the key set is HTML or XML, not JSON"),
        (b"<html>", true, "the discovery document is HTML or XML, not JSON"),
    ] {
        let server = keys()?;
        server.set(|setup| setup.prefix = prefix);
        let fields =
            if discovery { json!({"path": Value::Null, "discovery": true}) } else { Value::Null };
        let gateway = gateway(&server, 1, fields)?;
        gateway.envoy.wait_for_log_lines(message, 1)?;
        chain::ensure_no_trap(&gateway.envoy)?;
    }
    Ok(())
}

#[test]
fn other_issuer_is_named() -> Result<()> {
    let server = keys()?;
    server.behave(Behaviour::WrongIssuer);
    let gateway = gateway(&server, 1, json!({"path": Value::Null, "discovery": true}))?;
    let message = "the discovery document is of another issuer: 'https://other-issuer.test', \
                   expected 'https://issuer.test'";
    gateway.envoy.wait_for_log_lines(message, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}
