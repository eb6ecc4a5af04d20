//! What `filterctl init --host traefik` writes for each identity provider accepts its tokens only, in
//! the real Traefik.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{standin::Standin, traefik::Traefik};
use novasphere_tests::starting_points::{init, providers, variables};
use serde_json::Value;

#[test]
fn each_provider_is_protected() -> Result<()> {
    let standin = Standin::start()?;
    for provider in providers() {
        let files = init("traefik", provider.name)?;
        let file = |name: &str| files.get(name).with_context(|| format!("no {name}"));
        let fixed: Value = serde_yaml_ng::from_str(file("traefik.yaml")?)?;
        let dynamic = file("dynamic.yaml")?;
        let mut traefik = Traefik::start_text(&fixed, dynamic, standin.addr, &variables()?)?;
        provider.check(traefik.addr, &standin).with_context(|| provider.name)?;
        traefik.ensure_no_trap()?;
        let troubles = traefik.troubles();
        ensure!(troubles.is_empty(), "{}: Traefik complains:\n{troubles}", provider.name);
    }
    Ok(())
}
