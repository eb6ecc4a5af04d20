//! Runs every case through the engine of `filterctl explain`.

use anyhow::Result;
use novasphere_tests::cases::{Module, explained::check_in};

const FILTERS: [&str; 4] = ["cors", "header-transform", "jwt-auth", "rate-limit"];

#[test]
fn explains_every_case_of_each_filter() -> Result<()> {
    for filter in FILTERS {
        check_in(&Module::of(filter))?;
    }
    Ok(())
}

#[test]
fn explains_every_case_in_the_gateway() -> Result<()> {
    check_in(&Module::of("gateway"))?;
    for filter in FILTERS {
        check_in(&Module::gateway(filter))?;
    }
    Ok(())
}
