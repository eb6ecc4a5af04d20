//! Checks the property for every input.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../property.rs"]
mod property;

fuzz_target!(|input: &[u8]| property::check(input));
