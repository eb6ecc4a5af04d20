//! Every case against the policy itself.

use anyhow::Result;
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_tests::cases::native::check;

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
