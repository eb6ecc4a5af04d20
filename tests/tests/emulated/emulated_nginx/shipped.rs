//! The filters of host-config/kong, as chains and as plugins.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Outcome, Plugin, UpstreamResponse, Worker};
use novasphere_harness::{chain, client::Request, paths::repository};
use novasphere_tests::shipped;

use super::naive::{client_lines, ensure_sound, worker};

const PAGE: &str = "https://app.novasphere.io";

/// The filters of the first service.
fn start(file: &str) -> Result<Worker> {
    let document = shipped::yaml(&format!("host-config/kong/{file}"))?;
    let service = document.pointer("/services/0").context("no service")?;
    let mut filters = service.get("filter_chains").map_or(Ok(Vec::new()), shipped::in_kong)?;
    filters.extend(shipped::plugins_in_kong(service)?);
    let plugins = filters.into_iter().map(|c| Plugin::wasm(&c.filter, c.config.to_string()));
    worker(&plugins.collect::<Vec<_>>())
}

/// Checks the status and that the security headers and the headers of cors are sent once.
fn ensure_complete(answer: &Outcome, status: u16) -> Result<()> {
    ensure!(answer.status == status, "{status}: {answer:?}");
    for (name, value) in [
        ("strict-transport-security", "max-age=31536000"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("access-control-allow-origin", PAGE),
    ] {
        ensure!(client_lines(answer, name) == [value], "{status}: {name}: {answer:?}");
    }
    Ok(())
}

#[test]
fn upstream_responses_and_rejections_have_security_headers() -> Result<()> {
    for file in ["kong.yml", "gateway.yml", "plugins.yml", "separate-plugins.yml"] {
        let mut ours = start(file)?;
        let refused = Request::get("/api/v1/wukongs").header("origin", PAGE);
        let request = chain::good_request()?.header("origin", PAGE);
        ensure_complete(&ours.send(&refused)?, 401).context(file)?;
        ensure_complete(&ours.send(&request)?, 200).context(file)?;
        // A new minute may start during the loop; then 100 more requests pass.
        let mut answers = (0..201).map(|_| ours.send(&request));
        let limited = answers.find(|answer| !answer.as_ref().is_ok_and(|a| a.status == 200));
        ensure_complete(&limited.context("no request is over the limit")??, 429).context(file)?;
        ensure_sound(&ours)?;
    }
    Ok(())
}

/// The chain under "Order" in migration.md, and the same chain with its first two filters swapped.
#[test]
fn migrated_chain_responds_to_preflights_before_it_asks_for_a_token() -> Result<()> {
    let text = fs::read_to_string(repository().join("host-config/kong/migration.md"))?;
    let block = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let chain = shipped::in_kong(&serde_yaml_ng::from_str(block.context("no block")?)?)?;
    let names: Vec<&str> = chain.iter().map(|configured| configured.filter.as_str()).collect();
    ensure!(names == ["cors", "jwt-auth", "rate-limit", "header-transform"], "{names:?}");
    let mut plugins: Vec<Plugin> =
        chain.iter().map(|c| Plugin::wasm(&c.filter, c.config.to_string())).collect();
    let preflight = Request::new("OPTIONS", "/api/v1/wukongs")
        .header("origin", PAGE)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let mut right = worker(&plugins)?;
    ensure!(right.send(&preflight)?.status == 204);
    ensure!(right.send(&chain::good_request()?)?.status == 200);
    let rejected = right.send(&Request::get("/").header("origin", PAGE))?;
    ensure!(rejected.status == 401, "{rejected:?}");
    ensure!(client_lines(&rejected, "access-control-allow-origin") == [PAGE], "{rejected:?}");
    plugins.swap(0, 1);
    let mut wrong = worker(&plugins)?;
    ensure!(wrong.send(&preflight)?.status == 401);
    ensure_sound(&right)?;
    ensure_sound(&wrong)
}

/// Each filter adds its lines only to a response of fewer than 100 lines, of which Kong adds nine. So
/// the separate filters lose their headers one after another.
#[test]
fn responses_of_83_lines_lose_headers() -> Result<()> {
    let request = chain::good_request()?.header("origin", PAGE);
    let names = ["x-frame-options", "access-control-allow-origin", "ratelimit"];
    let added_headers = |worker: &mut Worker, count: usize| -> Result<Vec<bool>> {
        let lines = (0..count).map(|i| (format!("h{i}").into_bytes(), Vec::new())).collect();
        let upstream = UpstreamResponse { status: 200, lines };
        let answer = worker.exchange(&request, &upstream, &|_| None)?;
        Ok(names.iter().map(|name| !client_lines(&answer, name).is_empty()).collect())
    };
    let (mut separate, mut gateway) = (start("kong.yml")?, start("gateway.yml")?);
    for (count, expected) in [
        (82, [true, true, true]),
        (83, [true, true, false]),
        (86, [true, true, false]),
        (87, [true, false, false]),
        (90, [true, false, false]),
        (91, [false, false, false]),
    ] {
        ensure!(added_headers(&mut separate, count)? == expected, "kong.yml, {count}");
        ensure!(added_headers(&mut gateway, count)? == [count < 91; 3], "gateway.yml, {count}");
    }
    Ok(())
}
