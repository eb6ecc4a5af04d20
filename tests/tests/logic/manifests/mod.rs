//! The Kubernetes manifests use the filter configurations of host-config. The `envoy` tests run
//! these configurations; `make deploy-check` checks the rest of the manifests.

mod alerts;
mod kong_ingress;
mod metrics_page;
mod settings;

use anyhow::{Context, Result, ensure};
use novasphere_tests::{
    manifests::{envoy_gateway, istio},
    shipped::{self, Configured},
};

/// The first header-transform has the security headers, so that rejections get them too.
const ORDER: [&str; 5] = ["header-transform", "cors", "jwt-auth", "rate-limit", "header-transform"];

fn per_route() -> Result<Vec<Configured>> {
    Ok(shipped::in_envoy(&shipped::yaml("host-config/envoy/per-route.yaml")?))
}

#[test]
fn every_filter_accepts_its_deployed_configuration() -> Result<()> {
    let envoy = shipped::in_envoy(&shipped::yaml("deploy/envoy/envoy.yaml")?);
    let kong = shipped::in_kong(&shipped::yaml("deploy/kong/kong.yml")?)?;
    let policies = envoy_gateway()?.into_iter().flat_map(|(_, filters)| filters);
    let all: Vec<_> = envoy.into_iter().chain(kong).chain(policies).chain(istio()?).collect();
    ensure!(all.len() == 6 + 15 + 10 + 5, "{} filters", all.len());
    all.iter().try_for_each(Configured::check)
}

#[test]
fn envoy_gateway_uses_the_configurations_for_envoy() -> Result<()> {
    let expected_configs = per_route()?;
    let policies = envoy_gateway()?;
    for (name, filters) in &policies {
        for configured in filters {
            ensure!(expected_configs.contains(configured), "{name}: not for Envoy: {configured:?}");
        }
        let names: Vec<_> = filters.iter().map(|c| c.filter.as_str()).collect();
        ensure!(names == ORDER, "{name}: {names:?}");
    }
    let used: Vec<_> = policies.into_iter().flat_map(|(_, filters)| filters).collect();
    for configured in &expected_configs {
        ensure!(used.contains(configured), "not for Envoy Gateway: {configured:?}");
    }
    Ok(())
}

/// A WasmPlugin applies to a whole gateway, so the rules of rate-limit are those of the routes.
#[test]
fn istio_uses_the_configurations_for_envoy() -> Result<()> {
    let rules = per_route()?.into_iter().find(|configured| configured.filter == "rate-limit");
    let rules = rules.context("no rate-limit")?;
    let expected: Vec<_> = shipped::in_envoy(&shipped::yaml("host-config/envoy/all.yaml")?)
        .into_iter()
        .map(
            |configured| if configured.filter == rules.filter { rules.clone() } else { configured },
        )
        .collect();
    let istio = istio()?;
    ensure!(istio == expected, "{istio:?}\nbut for Envoy\n{expected:?}");
    Ok(())
}
