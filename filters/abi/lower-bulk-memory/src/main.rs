//! `lower-bulk-memory IN OUT`: writes a module without the instructions `memory.copy` and
//! `memory.fill` (WebAssembly bulk memory).
//!
//! Traefik 3.4 to 3.7 embed an engine whose `memory.copy` corrupts memory on amd64. The standard
//! library comes compiled with these instructions, so no flag of the compiler leaves them out.

mod lower;
mod routines;
#[cfg(test)]
mod tests;

use std::{env, fs};

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [from, to] = arguments.as_slice() else { bail!("usage: lower-bulk-memory IN OUT") };
    let module = fs::read(from).with_context(|| from.display().to_string())?;
    let lowered = lower::lower(&module).with_context(|| from.display().to_string())?;
    fs::write(to, lowered).with_context(|| to.display().to_string())
}
