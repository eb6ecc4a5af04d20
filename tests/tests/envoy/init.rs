//! What `filterctl init --host envoy` writes for each identity provider accepts its tokens only, in the
//! real Envoy. One Envoy has the listeners of all files, because starting an Envoy is slow.

use anyhow::{Context, Result};
use novasphere_harness::{
    chain::ensure_no_trap,
    envoy::{Envoy, Substitutions},
    standin::Standin,
};
use novasphere_tests::{
    key_server::KeyServer,
    starting_points::{init, providers, public_key, variables},
};
use serde_json::{Value, json};

/// A host of the keys. All clusters `identity` are the same here.
const KEYS_HOST: &str = "id.example.com";

#[test]
fn each_provider_is_protected() -> Result<()> {
    let keys = KeyServer::start("https://id.example.com", vec![public_key()?])?;
    let standin = Standin::start()?;
    let mut substitutions = Substitutions::new(standin.addr, variables()?);
    substitutions.hosts.insert(KEYS_HOST.to_owned(), keys.addr);
    let envoy = Envoy::start_text(&joined()?, &substitutions)?;
    for provider in providers() {
        let addr = envoy.listener(provider.name)?;
        provider.check(addr, &standin).with_context(|| provider.name)?;
    }
    ensure_no_trap(&envoy)
}

/// The listeners of the files for all providers, named after them, with the clusters of one file.
fn joined() -> Result<String> {
    let mut all: Vec<Value> = Vec::new();
    let mut keycloak = Value::Null;
    for provider in providers() {
        let files = init("envoy", provider.name)?;
        let text = files.get("envoy.yaml").context("no envoy.yaml")?;
        let mut file: Value = serde_yaml_ng::from_str(text)?;
        let listener = file.pointer_mut("/static_resources/listeners/0").context("no listener")?;
        if let Some(members) = listener.as_object_mut() {
            members.insert("name".to_owned(), provider.name.into());
        }
        all.push(listener.take());
        if provider.name == "keycloak" {
            keycloak = file;
        }
    }
    *keycloak.pointer_mut("/static_resources/listeners").context("no listeners")? = json!(all);
    Ok(keycloak.to_string())
}
