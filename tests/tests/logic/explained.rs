//! Runs every case through the engine of `filterctl explain`.

use anyhow::Result;
use novasphere_explain::ProxyKind;
use novasphere_tests::cases::{
    Module,
    explained::{check_in, check_on},
};

const FILTERS: [&str; 4] = ["cors", "header-transform", "jwt-auth", "rate-limit"];

#[test]
fn explains_every_case_of_each_filter() -> Result<()> {
    for filter in FILTERS {
        check_in(&Module::of(filter))?;
    }
    Ok(())
}

#[test]
fn explains_every_case_in_the_gateway() -> Result<()> {
    check_in(&Module::of("gateway"))?;
    for filter in FILTERS {
        check_in(&Module::gateway(filter))?;
    }
    Ok(())
}

/// Nothing differs but the entries of tests/known-differences.yaml.
#[test]
fn explains_every_case_as_kong_does() -> Result<()> {
    for filter in FILTERS {
        check_on(ProxyKind::Kong, &Module::of(filter))?;
        check_on(ProxyKind::Kong, &Module::gateway(filter))?;
    }
    check_on(ProxyKind::Kong, &Module::of("gateway"))
}

#[test]
fn explains_every_case_as_traefik_does() -> Result<()> {
    for filter in ["jwt-auth", "header-transform"] {
        check_on(ProxyKind::Traefik, &Module::of(filter))?;
    }
    Ok(())
}
