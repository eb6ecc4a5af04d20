//! Files for the same purpose configure the filters alike.

use anyhow::{Result, bail, ensure};
use novasphere_tests::shipped;

#[test]
fn gateway_files_have_the_filter_configurations_of_all_yaml() -> Result<()> {
    let in_file = |file: &str| -> Result<Vec<shipped::Configured>> {
        Ok(shipped::in_envoy(&shipped::yaml(&format!("host-config/envoy/{file}"))?))
    };
    let separate = in_file("all.yaml")?;
    ensure!(separate.len() == 5, "{separate:?}");
    for file in ["gateway.yaml", "native.yaml"] {
        let gateways = in_file(file)?;
        let [gateway] = gateways.as_slice() else { bail!("not one gateway: {gateways:?}") };
        ensure!(gateway.config == shipped::as_gateway(&separate)?, "{file}: {gateway:?}");
    }
    Ok(())
}

#[test]
fn both_files_with_settings_per_route_have_the_same_filter_configurations() -> Result<()> {
    let in_file = |file: &str| -> Result<Vec<String>> {
        let filters = shipped::in_envoy(&shipped::yaml(&format!("host-config/envoy/{file}"))?);
        let mut texts: Vec<_> = filters.iter().map(|filter| format!("{filter:?}")).collect();
        texts.sort();
        Ok(texts)
    };
    let filters = in_file("per-route.yaml")?;
    ensure!(filters.len() == 6 && filters == in_file("per-route-1.36.yaml")?, "{filters:?}");
    Ok(())
}
