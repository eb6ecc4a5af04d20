//! Adapts linked modules to single hosts.
//!
//! - `postlink for-envoy IN OUT` removes the callbacks that only nginx needs ([`exports`]).
//! - `postlink lower-bulk-memory IN OUT` replaces the instructions `memory.copy` and `memory.fill`
//!   (WebAssembly bulk memory, [`lower`]). Traefik 3.4 to 3.7 embed an engine whose `memory.copy`
//!   corrupts memory on amd64. The precompiled standard library contains these instructions, so no
//!   compiler flag can avoid them.

mod exports;
mod lower;
mod routines;
mod sections;
#[cfg(test)]
mod tests;

use std::{env, fs};

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [step, from, to] = arguments.as_slice() else { bail!("usage: postlink STEP IN OUT") };
    let module = fs::read(from).with_context(|| from.display().to_string())?;
    let module = match step.to_str() {
        Some("for-envoy") => exports::for_envoy(&module),
        Some("lower-bulk-memory") => lower::lower(&module),
        _ => bail!("{} is neither for-envoy nor lower-bulk-memory", step.display()),
    };
    let module = module.with_context(|| from.display().to_string())?;
    fs::write(to, module).with_context(|| to.display().to_string())
}
