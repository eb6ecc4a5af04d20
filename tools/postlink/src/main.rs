//! What is done to modules after they are linked.
//!
//! - `postlink for-envoy IN OUT`: without the callbacks that only nginx needs ([`exports`]);
//! - `postlink lower-bulk-memory IN OUT`: without the instructions `memory.copy` and `memory.fill`
//!   (WebAssembly bulk memory, [`lower`]). Traefik 3.4 to 3.7 embed an engine whose `memory.copy`
//!   corrupts memory on amd64. The standard library comes compiled with these instructions, so no
//!   flag of the compiler leaves them out.

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
