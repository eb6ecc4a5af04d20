//! The chain of `gateway.yaml` configures the filters like `all.yaml`.

use anyhow::{Result, bail, ensure};
use novasphere_tests::shipped;

#[test]
fn gateway_file_has_the_filter_configurations_of_all_yaml() -> Result<()> {
    let in_file = |file: &str| -> Result<Vec<shipped::Configured>> {
        Ok(shipped::in_envoy(&shipped::yaml(&format!("host-config/envoy/{file}"))?))
    };
    let separate = in_file("all.yaml")?;
    ensure!(separate.len() == 5, "{separate:?}");
    let gateways = in_file("gateway.yaml")?;
    let [gateway] = gateways.as_slice() else { bail!("not one gateway: {gateways:?}") };
    ensure!(gateway.config == shipped::as_gateway(&separate)?, "{gateway:?}");
    Ok(())
}
