//! Runs every case through the built modules in emulated hosts.

use anyhow::Result;
use novasphere_emulated_host::Kind;
use novasphere_tests::cases::{Module, emulated::check};

const FILTERS: [&str; 4] = ["cors", "header-transform", "jwt-auth", "rate-limit"];
const MODULES: [&str; 5] = ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"];

#[test]
fn all_cases_on_emulated_envoy() -> Result<()> {
    check(Kind::Envoy, &MODULES.map(Module::of))
}

#[test]
fn all_cases_on_emulated_nginx_except_known_differences() -> Result<()> {
    check(Kind::Nginx, &MODULES.map(Module::of))
}

#[test]
fn all_cases_in_the_gateway_on_emulated_nginx() -> Result<()> {
    check(Kind::Nginx, &FILTERS.map(Module::gateway))
}
