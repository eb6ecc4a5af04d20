//! filterctl for the commands of the pages.

use std::process::ExitCode;

fn main() -> ExitCode {
    filterctl::main()
}
