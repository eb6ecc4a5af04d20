//! Generates the JavaScript around a module of wasm-bindgen: `novasphere-bindgen MODULE DIRECTORY`.
//!
//! The program wasm-bindgen does the same. As a library it has the version that Cargo.lock pins, which
//! must be that of the module, and needs no installation.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, directory] = arguments.as_slice() else {
        bail!("expected two arguments: MODULE.wasm DIRECTORY");
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("engine").typescript(true);
    // The page has the module's bytes already, and fetches nothing.
    bindgen.web(true)?.omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(directory).with_context(|| module.display().to_string())
}
