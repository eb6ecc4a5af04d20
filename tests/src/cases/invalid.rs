//! Configurations that must be rejected. A text file beside each holds the exact error message.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use novasphere_core::{Filter, testing::TestHost};
use novasphere_harness::{
    chain,
    client::Request,
    paths::repository,
    traefik::{Plugin, Router, Traefik, TraefikConfig},
};

use super::all_well;

/// Checks that filter `P` rejects every file with the message beside it. With `UPDATE_SNAPSHOTS=1`,
/// it writes the messages.
///
/// # Errors
/// All failures.
pub fn check<P: Filter>() -> Result<()> {
    let update = env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1");
    let test_host = TestHost { variables: chain::environment()?, ..TestHost::default() };
    let mut failures = Vec::new();
    for path in files(P::NAME)? {
        let config = fs::read(&path)?;
        let Err(faults) = P::from_json(&config, &test_host) else {
            failures.push(format!("{}: the filter accepts it", shown(&path)));
            continue;
        };
        let got = format!("{faults}\n");
        let snapshot = path.with_extension("txt");
        if update {
            fs::write(&snapshot, got)?;
        } else if let Err(error) = compare(&snapshot, &got) {
            failures.push(format!("{error:#}"));
        }
    }
    all_well(&failures)
}

fn compare(snapshot: &Path, got: &str) -> Result<()> {
    let expected = fs::read_to_string(snapshot)
        .with_context(|| format!("{}: set UPDATE_SNAPSHOTS=1 to write it", shown(snapshot)))?;
    ensure!(expected == got, "{}:\nexpected\n{expected}got\n{got}", shown(snapshot));
    Ok(())
}

/// Checks that the real Traefik rejects every file, logs every fault, and serves no request.
///
/// # Errors
/// All failures.
pub fn check_in_traefik(filter: &str) -> Result<()> {
    let files = files(filter)?;
    let router = |(n, path): (usize, &PathBuf)| {
        let config = fs::read_to_string(path)?;
        let rule = format!("Path(`/{n}`)");
        Ok(Router::new(format!("invalid-{n}"), rule, vec![Plugin::of_text(filter, config)]))
    };
    let routers = files.iter().enumerate().map(router).collect::<Result<_>>()?;
    let upstream = ([127, 0, 0, 1], 9).into(); // never called
    let config = TraefikConfig {
        environment: chain::environment()?,
        ..TraefikConfig::new(upstream, routers)
    };
    let traefik = Traefik::start(&config)?;
    let log = traefik.log()?;
    let mut failures = Vec::new();
    for (n, path) in files.iter().enumerate() {
        let status = traefik.send(&Request::get(format!("/{n}")))?.head.status;
        if status != 500 {
            failures.push(format!("{}: responded with {status}", shown(path)));
        }
        let name = format!("invalid-{n}");
        let logged: Vec<_> = log
            .iter()
            .filter(|line| line.router.as_ref() == Some(&name))
            .map(|line| line.text.as_str())
            .collect();
        let faults = fs::read_to_string(path.with_extension("txt"))?;
        for fault in faults.lines().map(without_remedy) {
            if !logged.iter().any(|line| line.contains(fault)) {
                failures.push(format!("{}: not logged: {fault}\nbut: {logged:#?}", shown(path)));
            }
        }
    }
    all_well(&failures)
}

/// The invalid configurations and their names.
///
/// # Errors
/// If they cannot be read.
pub fn configurations(filter: &str) -> Result<Vec<(String, String)>> {
    files(filter)?.iter().map(|path| Ok((shown(path), fs::read_to_string(path)?))).collect()
}

/// The messages beside an invalid configuration, one for each fault. `path` is that of the `.json`
/// file, from the repository root.
///
/// # Errors
/// If they cannot be read.
pub fn messages(path: &str) -> Result<Vec<String>> {
    let path = repository().join(path).with_extension("txt");
    let text = fs::read_to_string(&path).with_context(|| shown(&path))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The path from the repository root.
fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

/// The message without the way to pass on a variable, which differs between hosts.
pub fn without_remedy(line: &str) -> &str {
    let end = line.find("in the proxy's environment").and_then(|at| line.get(..at));
    end.and_then(|line| line.rsplit_once("set ")).map_or(line, |(line, _)| line)
}

fn files(filter: &str) -> Result<Vec<PathBuf>> {
    let name = format!("tests/invalid/{filter}");
    let entries = fs::read_dir(repository().join(&name));
    let entries = entries.with_context(|| format!("{name}: no files"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    for text in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "txt")) {
        let config = text.with_extension("json");
        ensure!(config.is_file(), "{}: has no .json beside it", shown(text));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    ensure!(!paths.is_empty(), "{name}: no files");
    Ok(paths)
}
