//! The content of the modules. The engine in Traefik 3.4 to 3.7 executes bulk-memory instructions
//! wrongly: with one of them, one large request can crash the whole proxy.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

const FILTERS: [&str; 2] = ["header-transform", "jwt-auth"];

fn module(filter: &str) -> Result<Vec<u8>> {
    let path = paths::http_wasm(filter)?;
    fs::read(&path).with_context(|| path.display().to_string())
}

#[test]
fn modules_contain_no_bulk_memory_instructions() -> Result<()> {
    for filter in FILTERS {
        let mut engine =
            Validator::new_with_features(WasmFeatures::WASM2.difference(WasmFeatures::BULK_MEMORY));
        engine.validate_all(&module(filter)?).with_context(|| filter.to_owned())?;
    }
    // Proof that the validator works: the modules for other hosts do contain them.
    let other = fs::read(paths::wasm("jwt-auth")?)?;
    let mut engine =
        Validator::new_with_features(WasmFeatures::WASM2.difference(WasmFeatures::BULK_MEMORY));
    let error = engine.validate_all(&other).err().context("a module with bulk memory passes")?;
    ensure!(error.message().contains("bulk memory"), "{error}");
    Ok(())
}

/// Host functions that the modules may import: none reads a body or buffers a response.
const HANDLER: [&str; 15] = [
    "enable_features",
    "get_config",
    "log",
    "get_method",
    "get_uri",
    "set_uri",
    "get_source_addr",
    "get_header_names",
    "get_header_values",
    "set_header_value",
    "add_header_value",
    "remove_header",
    "set_status_code",
    "write_body",
    "log_enabled",
];
const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

#[test]
fn modules_import_only_functions_that_traefik_provides() -> Result<()> {
    for filter in FILTERS {
        let module = module(filter)?;
        let mut found = 0;
        for payload in Parser::new(0).parse_all(&module) {
            let Payload::ImportSection(imports) = payload? else { continue };
            for import in imports.into_imports() {
                let import = import?;
                let known = match import.module {
                    "http_handler" => HANDLER.contains(&import.name),
                    "wasi_snapshot_preview1" => WASI.contains(&import.name),
                    _ => false,
                };
                ensure!(known, "{filter} imports {}.{}", import.module, import.name);
                found += 1;
            }
        }
        ensure!(found > 10, "{filter}: {found} imports");
    }
    Ok(())
}
