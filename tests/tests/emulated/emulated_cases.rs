//! Runs every case through the built modules in emulated hosts.

use anyhow::Result;
use novasphere_emulated_host::Kind;
use novasphere_tests::cases::{Module, emulated::check};

const FILTERS: [&str; 4] = ["cors", "header-transform", "jwt-auth", "rate-limit"];

#[test]
fn on_an_envoy() -> Result<()> {
    check(Kind::Envoy, &FILTERS.map(Module::of))
}

#[test]
fn on_nginx_but_for_known_differences() -> Result<()> {
    check(Kind::Nginx, &FILTERS.map(Module::of))
}

#[test]
fn in_the_gateway_on_nginx_the_same() -> Result<()> {
    check(Kind::Nginx, &FILTERS.map(Module::gateway))
}
