//! Runs the cases of jwt-auth and header-transform through the real Traefik.

use anyhow::Result;
use novasphere_tests::cases::traefik::{Form, check};

#[test]
fn header_transform() -> Result<()> {
    check("header-transform", Form::Text)
}

#[test]
fn header_transform_in_fields() -> Result<()> {
    check("header-transform", Form::Fields)
}

#[test]
fn jwt_auth() -> Result<()> {
    check("jwt-auth", Form::Text)
}

#[test]
fn jwt_auth_in_fields() -> Result<()> {
    check("jwt-auth", Form::Fields)
}
