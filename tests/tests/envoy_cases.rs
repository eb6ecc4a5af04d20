//! Every case through the real Envoy.

use anyhow::Result;
use novasphere_tests::cases::proxied::check;

#[test]
fn cors() -> Result<()> {
    check("cors")
}

#[test]
fn header_transform() -> Result<()> {
    check("header-transform")
}

#[test]
fn jwt_auth() -> Result<()> {
    check("jwt-auth")
}

#[test]
fn rate_limit() -> Result<()> {
    check("rate-limit")
}
