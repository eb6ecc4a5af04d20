//! The log contains the version and each warning about a configuration once, whatever the number of
//! workers.

use anyhow::{Result, ensure};
use novasphere_harness::{client::Request, envoy::WasmFilter, gateway::Gateway};
use serde_json::json;

#[test]
fn version_and_warnings_are_logged_once_for_all_workers() -> Result<()> {
    let jwt_auth = json!({
        "credentials": [{"key": "k", "secret": "a-literal-secret-of-quite-some-length-0123456789"}],
        "report_only": true, "verbose_errors": true, "skip": [{"path_prefix": "/", "methods": ["OPTIONS"]}],
        "rules": [{"path": "/a", "report_only": true}, {"path_prefix": "/", "optional": true}],
    });
    let cors = json!({"origins": ["*"], "credentials": true, "reflect_any_origin": true});
    let chain = json!({"rate_limit": {"hour": 5, "report_only": true,
        "rules": [{"name": "all", "path_prefix": "/", "unlimited": true}]}});
    let filters = [("cors", cors), ("jwt-auth", jwt_auth), ("gateway", chain)];
    let filters = filters.map(|(name, config)| WasmFilter::new(name, config.to_string()));
    let gateway = Gateway::configured(filters.into(), |mut config| {
        config.concurrency = 4;
        config
    })?;
    // Every worker loads its filters before the first request.
    ensure!(gateway.send(&Request::get("/api/v1/wukongs"))?.head.status == 200);
    let log = gateway.envoy.log()?;
    for filter in ["cors", "jwt-auth", "gateway"] {
        let line = format!("novasphere {filter}: version {}", env!("CARGO_PKG_VERSION"));
        let lines = log.lines().filter(|logged| logged.contains(&line)).count();
        ensure!(lines == 1, "{lines} lines with {line:?}:\n{log}");
    }
    for warning in [
        "reflect_any_origin: with credentials",
        "credentials[0].secret: is readable in the configuration",
        "jwt-auth: report_only: rejects nothing",
        "verbose_errors: tells clients",
        "skip[0].path_prefix: \"/\" exempts every path",
        "rules[1].path_prefix: \"/\" covers every path",
        "rules[0].report_only: rejects nothing",
        "rate_limit.report_only: rejects nothing",
        "rate_limit.rules[0].path_prefix: \"/\" with unlimited",
    ] {
        let lines = log.lines().filter(|line| line.contains(warning)).count();
        ensure!(lines == 1, "{lines} lines with {warning:?}:\n{log}");
    }
    Ok(())
}
