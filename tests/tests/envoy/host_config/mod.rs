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
};

fn files() -> Result<Vec<PathBuf>> {
    let dir = repository().join("host-config/envoy");
    let entries = fs::read_dir(&dir).with_context(|| dir.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    ensure!(!files.is_empty(), "{}: no configuration files", dir.display());
    Ok(files)
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
