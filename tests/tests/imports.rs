//! The modules ask their host for nothing but proxy-wasm's functions and the part of WASI that all
//! hosts have: with one import more, a module does not load.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_tests::paths;

const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

#[test]
fn every_host_has_what_the_modules_import() -> Result<()> {
    for filter in ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"] {
        let path = paths::wasm(filter)?;
        let module = fs::read(&path).with_context(|| path.display().to_string())?;
        let imports = imports(&module).with_context(|| format!("{filter}: no module"))?;
        ensure!(imports.len() > 10, "{filter}: {imports:?}");
        for (module, name) in imports {
            let known = match module.as_str() {
                "env" => name.starts_with("proxy_"),
                "wasi_snapshot_preview1" => WASI.contains(&name.as_str()),
                _ => false,
            };
            ensure!(known, "{filter} imports {module}.{name}");
        }
    }
    Ok(())
}

/// Module and name of each import. All are functions: `None` otherwise.
fn imports(module: &[u8]) -> Option<Vec<(String, String)>> {
    const IMPORT_SECTION: u8 = 2;
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    loop {
        let (id, after) = rest.split_first()?;
        rest = after;
        let size = number(&mut rest)?;
        let (mut section, after) = rest.split_at_checked(size)?;
        rest = after;
        if *id == IMPORT_SECTION {
            let count = number(&mut section)?;
            return (0..count).map(|_| import(&mut section)).collect();
        }
    }
}

fn import(section: &mut &[u8]) -> Option<(String, String)> {
    const FUNCTION: usize = 0;
    let (module, name) = (text(section)?, text(section)?);
    let kind = number(section)?;
    let _signature = number(section)?;
    (kind == FUNCTION).then_some((module, name))
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let size = number(bytes)?;
    let (text, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// LEB128.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
