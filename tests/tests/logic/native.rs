//! Runs every case against the filter itself.

use anyhow::Result;
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::cases::{
    Module,
    native::{check, check_in},
};

#[test]
fn cors() -> Result<()> {
    check::<Cors>()
}

#[test]
fn header_transform() -> Result<()> {
    check::<HeaderTransform>()
}

#[test]
fn jwt_auth() -> Result<()> {
    check::<JwtAuth>()
}

#[test]
fn rate_limit() -> Result<()> {
    check::<RateLimit>()
}

#[test]
fn gateway() -> Result<()> {
    check::<Gateway>()
}

/// The filters decide the same way inside the gateway filter.
#[test]
fn all_filters_in_the_gateway() -> Result<()> {
    for filter in ["cors", "header-transform", "jwt-auth", "rate-limit"] {
        check_in::<Gateway>(&Module::gateway(filter))?;
    }
    Ok(())
}
