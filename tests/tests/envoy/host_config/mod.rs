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

/// What a file promises: a name, the files that promise it (none: all), and the check.
type Promise = (&'static str, &'static [&'static str], fn(&Shipped) -> Result<()>);

/// One gateway serves all checks of a file, in this order. The first one looks for its own requests in the
/// access log. The last ones use up a client's limit.
const PROMISES: [Promise; 11] = [
    (
        "the access log contains subject and decision",
        log_and_metrics::FILES,
        log_and_metrics::access_log_contains_subject_and_decision,
    ),
    ("serves requests", &[], serves_requests),
    ("removes forged identities", &[], ways_around::removes_forged_identities),
    (
        "removes other spellings of identities",
        ways_around::PROTECTED,
        ways_around::removes_other_spellings_of_identities,
    ),
    (
        "the health check's path does not bypass authentication",
        ways_around::PROTECTED,
        ways_around::health_check_path_does_not_bypass_authentication,
    ),
    (
        "only the console's route accepts a token in the query",
        per_route::PER_ROUTE,
        per_route::only_the_console_route_accepts_a_token_in_the_query,
    ),
    ("all filters run on every route", per_route::ALL, per_route::all_filters_run_on_every_route),
    (
        "POST has a stricter limit on every spelling of the path",
        per_route::PER_ROUTE,
        per_route::post_has_a_stricter_limit_on_every_spelling_of_the_path,
    ),
    ("the health check is not limited", per_route::ALL, per_route::health_check_is_not_limited),
    ("the access log contains no token", &[], access_log_contains_no_token),
    (
        "responses have security headers",
        per_route::ALL,
        security_headers::responses_have_security_headers,
    ),
];

#[test]
fn every_shipped_file_keeps_its_promises() -> Result<()> {
    let mut broken = Vec::new();
    for path in files()? {
        let file = path.file_name().and_then(|name| name.to_str()).context("no name")?;
        let gateway = Shipped::start(&path).context(file.to_owned())?;
        for (name, files, check) in PROMISES {
            if (files.is_empty() || files.contains(&file))
                && let Err(error) = check(&gateway)
            {
                broken.push(format!("{file}: {name}: {error:#}"));
            }
        }
        chain::ensure_no_trap(&gateway.envoy).context(file.to_owned())?;
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

#[test]
fn every_promise_names_a_shipped_file() -> Result<()> {
    for (name, promised, _) in PROMISES {
        for file in promised {
            ensure!(all_files()?.iter().any(|path| path.ends_with(file)), "{name}: no {file}");
        }
    }
    Ok(())
}

fn serves_requests(gateway: &Shipped) -> Result<()> {
    for request in [Request::get("/api/v1/healthz"), chain::good_request()?] {
        let response = gateway.send(&request)?;
        ensure!(response.head.status == 200, "{request:?} got {response:?}");
    }
    Ok(())
}

fn access_log_contains_no_token(gateway: &Shipped) -> Result<()> {
    let good = chain::good_token()?;
    let bad = format!("{good}-and-not-good");
    let path = "/api/v1/wukongs/logged";
    for token in [&good, &bad] {
        gateway.send(&Request::get(format!("{path}?token={token}")))?;
        let header = format!("Bearer {token}");
        gateway.send(&Request::get(path).header("authorization", header))?;
    }
    // Two requests for each of two tokens. Envoy writes the log with a delay.
    gateway.envoy.wait_for_log_lines(path, 4)?;
    ensure!(!gateway.envoy.log()?.contains(&good), "the log contains a token");
    Ok(())
}

#[test]
fn envoy_rejects_files_for_newer_versions() -> Result<()> {
    for (file, shows) in files_for_newer_versions()? {
        let error = Shipped::named(&file).err().with_context(|| format!("{file} is accepted"))?;
        let is_shown = format!("{error:#}").contains(&shows);
        ensure!(is_shown, "{file}: expected an error with {shows:?}, got {error:#}");
    }
    Ok(())
}
