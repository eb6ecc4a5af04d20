//! No function of a module is large. Envoy compiles a module before it is ready, and V8's
//! optimising compiler takes more time per byte in large functions: 0.7 ms per KB in functions of
//! 0.5 to 1 KB, 4 ms from 4 to 8 KB, and 10 ms above 16 KB.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;
use wasmparser::{Parser, Payload};

const FILTERS: [&str; 5] = ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"];

/// The compiler inlines functions that have one caller. If a function exceeds the limit, mark its
/// parts `#[cold]` if no warm request calls them, and `#[inline(never)]` otherwise.
const MAX_BYTES: usize = 26_000;

#[test]
fn modules_have_no_large_functions() -> Result<()> {
    for filter in FILTERS {
        let path = paths::wasm(filter)?;
        let module = fs::read(&path).with_context(|| path.display().to_string())?;
        let (index, bytes) = largest_function(&module)?.context("no functions")?;
        ensure!(
            bytes <= MAX_BYTES,
            "{filter}: function {index} of the code section: expected at most {MAX_BYTES} bytes, \
             got {bytes}"
        );
    }
    Ok(())
}

/// The index in the code section and the size in bytes.
fn largest_function(module: &[u8]) -> Result<Option<(usize, usize)>> {
    let mut sizes = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload? {
            sizes.push(body.range().len());
        }
    }
    Ok(sizes.into_iter().enumerate().max_by_key(|(_, bytes)| *bytes))
}
