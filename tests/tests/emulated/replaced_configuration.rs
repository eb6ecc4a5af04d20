//! On Envoy, the fetches of a configuration end with it.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Kind, Load, Plugin, Proxy, Worker};
use serde_json::json;

/// A listener may be replaced while its first fetch is in flight.
#[test]
fn next_configuration_fetches_at_once() -> Result<()> {
    const ISSUER: &str = "https://issuer.example";
    let config = json!({"jwks": [{"issuer": ISSUER, "uri": "https://issuer.example/jwks"}]});
    let plugin = [Plugin::wasm("jwt-auth", config.to_string())];
    let proxy = Arc::new(Proxy::new(Kind::Envoy));
    let mut worker = Worker::start(&proxy, &plugin)?;
    worker.tick();
    ensure!(worker.calls().len() == 1, "{:?}", worker.calls());
    worker.load(&plugin, Load::Change)?;
    proxy.pass(50);
    worker.tick();
    ensure!(worker.calls().len() == 2, "{:?}", worker.calls());
    let failures =
        proxy.metrics().into_iter().filter(|(name, _)| name.contains("key_fetch_failed"));
    ensure!(failures.map(|(_, count)| count).sum::<i64>() == 0);
    ensure!(worker.trapped().is_none(), "{:?}", worker.trapped());
    Ok(())
}
