//! Every invalid configuration is refused with the text beside it; the real Envoy logs that text.

use anyhow::Result;
use novasphere_core::Filter;
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::cases::invalid;

fn check<P: Filter>() -> Result<()> {
    invalid::check::<P>()?;
    invalid::check_in_envoy(P::NAME)
}

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
