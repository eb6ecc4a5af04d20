//! The chains of `gateway.yaml` and `native.yaml` configure the filters like `all.yaml`.

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
