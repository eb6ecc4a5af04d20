//! Adapts linked modules to single hosts.
//!
//! - `postlink for-envoy IN OUT` removes the callbacks that only nginx needs ([`exports`]).
//! - `postlink lower-bulk-memory IN OUT` replaces the instructions `memory.copy` and `memory.fill`
//!   (WebAssembly bulk memory, [`lower`]). Traefik 3.4 to 3.7 embed an engine whose `memory.copy`
//!   corrupts memory on amd64. The precompiled standard library contains these instructions, so no
//!   compiler flag can avoid them.
//! - `postlink label FILTER HOST [COMMIT] IN OUT` adds the filter's name, version, host and commit
//!   ([`label`]).

mod exports;
mod label;
mod lower;
mod routines;
mod sections;
#[cfg(test)]
mod tests;

use std::{env, fs, path::Path};

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let texts: Option<Vec<&str>> = arguments.iter().map(|argument| argument.to_str()).collect();
    let (step, from, to) = match texts.as_deref() {
        Some([step @ .., from, to]) if !step.is_empty() => (step, Path::new(from), Path::new(to)),
        _ => bail!("usage: postlink STEP IN OUT"),
    };
    let module = fs::read(from).with_context(|| from.display().to_string())?;
    let module = match step {
        ["for-envoy"] => exports::for_envoy(&module),
        ["lower-bulk-memory"] => lower::lower(&module),
        ["label", filter, host] => label::label(&module, filter, host, None),
        ["label", filter, host, commit] => label::label(&module, filter, host, Some(commit)),
        _ => bail!("{step:?} is not for-envoy, lower-bulk-memory or label FILTER HOST [COMMIT]"),
    };
    let module = module.with_context(|| from.display().to_string())?;
    fs::write(to, module).with_context(|| to.display().to_string())
}
