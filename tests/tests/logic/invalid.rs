//! Every filter rejects each invalid configuration with the error text stored beside it.

use anyhow::Result;
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::cases::invalid::check;

#[test]
fn cors() -> Result<()> {
    check::<Cors>()
}

#[test]
fn gateway() -> Result<()> {
    check::<Gateway>()
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
