//! The shipped Envoy configurations in the real Envoy, with ports and paths replaced.

mod log_and_metrics;
mod per_route;
mod same_filters;
mod security_headers;
mod ways_around;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request, Response},
    envoy::{Envoy, Substitutions},
    paths::repository,
    standin::Standin,
    version::Version,
};
use novasphere_versions::table::Table;

/// The shipped files, also those for newer versions of Envoy.
fn all_files() -> Result<Vec<PathBuf>> {
    let dir = repository().join("host-config/envoy");
    let entries = fs::read_dir(&dir).with_context(|| dir.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    ensure!(!files.is_empty(), "{}: no configuration files", dir.display());
    Ok(files)
}

/// The shipped files for the version of Envoy under test.
fn files() -> Result<Vec<PathBuf>> {
    let newer = files_for_newer_versions()?;
    let mut files = all_files()?;
    files.retain(|path| !newer.iter().any(|(file, _)| path.ends_with(file)));
    Ok(files)
}

/// Those of `names` that are for the version of Envoy under test.
fn named(names: &[&'static str]) -> Result<Vec<&'static str>> {
    let newer = files_for_newer_versions()?;
    Ok(names.iter().copied().filter(|name| !newer.iter().any(|(file, _)| file == name)).collect())
}

/// The files with which the Envoy under test does not start, and the text in its log.
fn files_for_newer_versions() -> Result<Vec<(String, String)>> {
    let table = Table::read()?;
    let lacks = table.lacks_of_files(Version::of_envoy()?)?.into_iter();
    let files = lacks.flat_map(|lack| lack.files.iter().map(|file| (file, &lack.shows)));
    Ok(files.map(|(file, shows)| (file.clone(), shows.clone())).collect())
}

/// A gateway with a shipped configuration.
struct Shipped {
    envoy: Envoy,
    _standin: Standin,
}

impl Shipped {
    fn named(file: &str) -> Result<Self> {
        Self::start(&repository().join("host-config/envoy").join(file))
    }

    fn start(file: &Path) -> Result<Self> {
        let standin = Standin::start()?;
        let substitutions = Substitutions::new(standin.addr, chain::environment()?);
        Ok(Self { envoy: Envoy::start_file(file, &substitutions)?, _standin: standin })
    }

    fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.envoy.listener("gateway")?, request)
    }
}

#[test]
fn every_shipped_file_starts_and_serves() -> Result<()> {
    for file in files()? {
        let check = || -> Result<()> {
            let gateway = Shipped::start(&file)?;
            for request in [Request::get("/api/v1/healthz"), chain::good_request()?] {
                let response = gateway.send(&request)?;
                ensure!(response.head.status == 200, "{request:?} got {response:?}");
            }
            chain::ensure_no_trap(&gateway.envoy)
        };
        check().with_context(|| file.display().to_string())?;
    }
    Ok(())
}

#[test]
fn envoy_rejects_files_for_newer_versions() -> Result<()> {
    for (file, shows) in files_for_newer_versions()? {
        let error = Shipped::named(&file).err().with_context(|| format!("{file} is accepted"))?;
        ensure!(format!("{error:#}").contains(&shows), "{file}: not {shows:?}: {error:#}");
    }
    Ok(())
}

#[test]
fn access_logs_contain_no_token() -> Result<()> {
    for file in files()? {
        let check = || -> Result<()> {
            let gateway = Shipped::start(&file)?;
            let good = chain::good_token()?;
            let bad = format!("{good}-and-not-good");
            for token in [&good, &bad] {
                gateway.send(&Request::get(format!("/api/v1/wukongs?token={token}")))?;
                let header = format!("Bearer {token}");
                gateway
                    .send(&Request::get("/api/v1/wukongs/sun").header("authorization", header))?;
            }
            // Two requests for each of two tokens. Envoy writes the log with a delay.
            gateway.envoy.wait_for_log_lines("/api/v1/wukongs", 4)?;
            ensure!(!gateway.envoy.log()?.contains(&good), "the log contains a token");
            Ok(())
        };
        check().with_context(|| file.display().to_string())?;
    }
    Ok(())
}
