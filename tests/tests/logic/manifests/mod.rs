//! The Kubernetes manifests use the filter configurations of host-config. The `envoy` tests run
//! these configurations; `make deploy-check` checks the rest of the manifests.

mod alerts;
mod settings;

use anyhow::{Context, Result, ensure};
use novasphere_tests::{
    manifests::{envoy_gateway, istio},
    shipped::{self, Configured},
};
use serde_json::json;

const ORDER: [&str; 4] = ["cors", "jwt-auth", "rate-limit", "header-transform"];

fn per_route() -> Result<Vec<Configured>> {
    Ok(shipped::in_envoy(&shipped::yaml("host-config/envoy/per-route.yaml")?))
}

#[test]
fn every_filter_accepts_its_deployed_configuration() -> Result<()> {
    let envoy = shipped::in_envoy(&shipped::yaml("deploy/envoy/envoy.yaml")?);
    let kong = shipped::in_kong(&shipped::yaml("deploy/kong/kong.yml")?)?;
    let policies = envoy_gateway()?.into_iter().flat_map(|(_, filters)| filters);
    let all: Vec<_> = envoy.into_iter().chain(kong).chain(policies).chain(istio()?).collect();
    ensure!(all.len() == 6 + 15 + 14 + 4, "{} filters", all.len());
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
        let health = name == "novasphere-api-health";
        let expected: &[&str] = if health { &["cors", "header-transform"] } else { &ORDER };
        ensure!(names == expected, "{name}: {names:?}");
    }
    let used: Vec<_> = policies.into_iter().flat_map(|(_, filters)| filters).collect();
    for configured in &expected_configs {
        ensure!(used.contains(configured), "not for Envoy Gateway: {configured:?}");
    }
    Ok(())
}

/// A WasmPlugin applies to a whole gateway, so the filters themselves configure the exceptions for
/// routes.
#[test]
fn istio_uses_the_configurations_for_envoy() -> Result<()> {
    let expected_configs = shipped::in_envoy(&shipped::yaml("host-config/envoy/all.yaml")?);
    let mut istio = istio()?;
    let exceptions = istio.iter_mut().filter_map(|configured| {
        let field = match configured.filter.as_str() {
            "jwt-auth" => "skip",
            "rate-limit" => "rules",
            _ => return None,
        };
        configured.config.as_object_mut()?.remove(field)
    });
    let exceptions: Vec<_> = exceptions.collect();
    ensure!(istio == expected_configs, "{istio:?}\nbut for Envoy\n{expected_configs:?}");
    let strict = per_route()?.into_iter().find(|c| c.config["minute"] == 10).context("strict")?;
    let [skip, rules] = exceptions.as_slice() else { anyhow::bail!("{exceptions:?}") };
    ensure!(*skip == json!([{"path": "/api/v1/healthz"}]), "{skip}");
    let expected = json!([
        {"name": "health", "path": "/api/v1/healthz", "unlimited": true},
        {
            "name": "make-wukong", "methods": ["POST"], "path": "/api/v1/wukongs",
            "minute": strict.config["minute"], "hour": strict.config["hour"],
        },
    ]);
    ensure!(*rules == expected, "{rules}");
    Ok(())
}
