//! The modules import only functions of proxy-wasm and the WASI functions that all hosts provide;
//! with any other import a module does not load. They export every callback that a host calls
//! unchecked; without one of them, nginx's worker crashes.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;

const FILTERS: [&str; 5] = ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"];

const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

#[test]
fn modules_import_only_functions_of_every_host() -> Result<()> {
    for filter in FILTERS {
        let path = paths::wasm(filter)?;
        let module = fs::read(&path).with_context(|| path.display().to_string())?;
        let imports = imports(&module).with_context(|| format!("{filter}: not a wasm module"))?;
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

/// The exports that all hosts look up first, and the callbacks that ngx_wasm_module calls in a
/// request without checking that they exist, in Kong 3.4 to 3.9 (`ngx_proxy_wasm_on_log`,
/// `ngx_http_proxy_wasm_on_response_body`, ...). The trailer callbacks are absent: Kong builds
/// without them.
const EXPORTS: [&str; 16] = [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_done",
    "proxy_on_http_call_response",
    "proxy_on_log",
    "proxy_on_memory_allocate",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_tick",
    "proxy_on_vm_start",
];

/// Exports that only nginx needs: Envoy checks whether they exist.
const NGINX_ONLY: [&str; 4] =
    ["proxy_on_done", "proxy_on_log", "proxy_on_request_body", "proxy_on_response_body"];

/// Each callback costs one call into the VM per request, so the modules export only these.
#[test]
fn modules_export_exactly_the_callbacks_that_hosts_call() -> Result<()> {
    for filter in FILTERS {
        let exports = |path: PathBuf| -> Result<Vec<String>> {
            let module = fs::read(&path).with_context(|| path.display().to_string())?;
            let mut exports = exports(&module).context("not a wasm module")?;
            exports.sort();
            Ok(exports)
        };
        let for_kong = exports(paths::kong_wasm(filter)?)?;
        ensure!(for_kong == EXPORTS, "{filter}: {for_kong:?}");
        let for_envoy = exports(paths::wasm(filter)?)?;
        let rest = EXPORTS.into_iter().filter(|export| !NGINX_ONLY.contains(export));
        ensure!(for_envoy == rest.collect::<Vec<_>>(), "{filter}: {for_envoy:?}");
    }
    Ok(())
}

/// Module and name of each import; `None` if an import is not a function.
fn imports(module: &[u8]) -> Option<Vec<(String, String)>> {
    const IMPORT_SECTION: u8 = 2;
    let mut section = section(module, IMPORT_SECTION)?;
    let count = number(&mut section)?;
    (0..count).map(|_| import(&mut section)).collect()
}

/// The name of each export.
fn exports(module: &[u8]) -> Option<Vec<String>> {
    const EXPORT_SECTION: u8 = 7;
    let mut section = section(module, EXPORT_SECTION)?;
    let count = number(&mut section)?;
    let mut export = || {
        let name = text(&mut section)?;
        let (_kind, _index) = (number(&mut section)?, number(&mut section)?);
        Some(name)
    };
    (0..count).map(|_| export()).collect()
}

fn section(module: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    loop {
        let (id, after) = rest.split_first()?;
        rest = after;
        let size = number(&mut rest)?;
        let (section, after) = rest.split_at_checked(size)?;
        rest = after;
        if *id == wanted {
            return Some(section);
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

/// Decodes an unsigned LEB128 number.
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
