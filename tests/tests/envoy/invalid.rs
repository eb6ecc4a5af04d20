//! Envoy rejects every invalid configuration and logs the text beside it.

use anyhow::Result;
use novasphere_tests::cases::invalid::check_in_envoy;

#[test]
fn cors() -> Result<()> {
    check_in_envoy("cors")
}

#[test]
fn gateway() -> Result<()> {
    check_in_envoy("gateway")
}

#[test]
fn header_transform() -> Result<()> {
    check_in_envoy("header-transform")
}

#[test]
fn jwt_auth() -> Result<()> {
    check_in_envoy("jwt-auth")
}

#[test]
fn rate_limit() -> Result<()> {
    check_in_envoy("rate-limit")
}
