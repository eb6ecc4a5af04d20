//! Runs every case through the real Envoy.

use anyhow::Result;
use novasphere_tests::cases::{
    Module,
    proxied::{check, check_in},
};

#[test]
fn cors() -> Result<()> {
    check("cors")
}

#[test]
fn gateway() -> Result<()> {
    check("gateway")
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

#[test]
fn cors_in_the_gateway() -> Result<()> {
    check_in(&Module::gateway("cors"))
}

#[test]
fn header_transform_in_the_gateway() -> Result<()> {
    check_in(&Module::gateway("header-transform"))
}

#[test]
fn jwt_auth_in_the_gateway() -> Result<()> {
    check_in(&Module::gateway("jwt-auth"))
}

#[test]
fn rate_limit_in_the_gateway() -> Result<()> {
    check_in(&Module::gateway("rate-limit"))
}

#[test]
fn cors_in_the_native_gateway() -> Result<()> {
    check_in(&Module::native_gateway("cors"))
}

#[test]
fn header_transform_in_the_native_gateway() -> Result<()> {
    check_in(&Module::native_gateway("header-transform"))
}

#[test]
fn jwt_auth_in_the_native_gateway() -> Result<()> {
    check_in(&Module::native_gateway("jwt-auth"))
}

#[test]
fn rate_limit_in_the_native_gateway() -> Result<()> {
    check_in(&Module::native_gateway("rate-limit"))
}

#[test]
fn native_gateway() -> Result<()> {
    check_in(&Module { native: true, ..Module::of("gateway") })
}
