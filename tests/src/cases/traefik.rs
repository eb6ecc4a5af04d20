//! Runs cases through the real Traefik, between a raw client and a fake upstream.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::Request,
    standin::{EXCHANGE_HEADER, Standin},
    traefik::{Line, Plugin, Router, Traefik, TraefikConfig},
};
use serde_json::Value;

use super::{
    Case, CaseFile, Place, Prepare, all_well, files_for,
    known::{KnownDifference, KnownDifferences, is_as_known},
    proxied::observe,
};

/// The name of the host in `tests/known-differences.yaml`.
const HOST: &str = "traefik";

/// The form of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// Fields, where Traefik's file provider can represent them.
    Fields,
}

/// Runs all cases of a filter through one Traefik, each behind a separate router. The differences must be
/// exactly as in `tests/known-differences.yaml`.
///
/// # Errors
/// All failures.
pub fn check(filter: &str, form: Form) -> Result<()> {
    let files = files_for(filter, Place::Traefik)?;
    let known = KnownDifferences::of(HOST, filter, &files)?;
    let standin = Standin::start()?;
    let config = TraefikConfig {
        environment: chain::environment()?,
        ..TraefikConfig::new(standin.addr, routers(filter, &files, form))
    };
    let traefik = Traefik::start(&config)?;
    let mut run = Run { log: traefik.log()?, standin, traefik, config };
    let mut failures = Vec::new();
    for file in &files {
        for (i, case) in file.cases.iter().enumerate() {
            let known = known.find(filter, &file.topic, case);
            let label = format!("{}: {:?}", file.path, case.name);
            match run.case(&router_name(file, i), case, known) {
                Ok(found) => failures.extend(found.iter().map(|f| format!("{label}: {f}"))),
                Err(error) => failures.push(format!("{label}: {error:#}")),
            }
        }
    }
    if let Err(error) = run.traefik.ensure_no_trap() {
        failures.push(error.to_string());
    }
    all_well(&failures)
}

fn router_name(file: &CaseFile, i: usize) -> String {
    format!("{}-{}", file.topic, i.saturating_add(1))
}

fn routers(filter: &str, files: &[CaseFile], form: Form) -> Vec<Router> {
    let mut routers = Vec::new();
    for file in files {
        for (i, case) in file.cases.iter().enumerate() {
            let plugin = if form == Form::Fields && can_be_fields(&case.config) {
                Plugin::of_fields(filter, case.config.clone())
            } else {
                Plugin::of_text(filter, case.config.to_string())
            };
            let name = router_name(file, i);
            let rule = format!("HeaderRegexp(`{EXCHANGE_HEADER}`, `^{name}-[0-9]+$`)");
            routers.push(Router::new(name, rule, vec![plugin]));
        }
    }
    routers
}

/// Whether the file provider preserves the configuration: it drops null, has no lists of lists, and can
/// change the type of a claim's expected value.
fn can_be_fields(config: &Value) -> bool {
    match config {
        Value::Null => false,
        Value::Array(items) => items.iter().all(|item| !item.is_array() && can_be_fields(item)),
        Value::Object(members) => {
            members.iter().all(|(name, value)| name != "required_claims" && can_be_fields(value))
        }
        _ => true,
    }
}

struct Run {
    log: Vec<Line>,
    standin: Standin,
    traefik: Traefik,
    config: TraefikConfig,
}

impl Run {
    /// The unexpected and unknown differences.
    fn case(
        &self,
        router: &str,
        case: &Case,
        known: Option<&KnownDifference>,
    ) -> Result<Vec<String>> {
        if let Some(fault) = known.and_then(|known| known.refused.as_ref()) {
            self.ensure_refused(router, fault)?;
            return Ok(Vec::new());
        }
        let logged = self.log.iter().filter(|line| line.router.as_deref() == Some(router));
        let logged: Vec<_> = logged.filter(|line| line.level == "error").collect();
        ensure!(logged.is_empty(), "{logged:?}");
        let mut failures = Vec::new();
        for (n, exchange) in case.prepared(&self.config.environment)?.iter().enumerate() {
            let number = n.saturating_add(1);
            let id = format!("{router}-{number}");
            let observed = observe(&self.standin, self.traefik.addr, &id, exchange)
                .with_context(|| format!("exchange {number}"))?;
            let found = observed.differences(&exchange.expect);
            let expected = known.map(|known| known.of_exchange(number)).unwrap_or_default();
            if !is_as_known(&found, expected) {
                failures.push(format!("exchange {number}: {}", serde_json::to_string(&found)?));
            }
        }
        Ok(failures)
    }

    /// The log gives the reason, and no request passes.
    fn ensure_refused(&self, router: &str, fault: &str) -> Result<()> {
        let is_logged = self.log.iter().any(|line| {
            line.router.as_deref() == Some(router)
                && line.text.contains(&format!("configuration refused: {fault}"))
        });
        ensure!(is_logged, "not in the log: {fault}");
        let id = format!("{router}-1");
        let request = Request::get("/api/v1/wukongs").header(EXCHANGE_HEADER, &id);
        let status = self.traefik.send(&request)?.head.status;
        ensure!(status == 500, "refused, but the status is {status}");
        Ok(())
    }
}
