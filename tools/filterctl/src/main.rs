//! Checks, explains and converts configurations of the Novasphere gateway filters.

use std::process::ExitCode;

fn main() -> ExitCode {
    filterctl::main()
}
