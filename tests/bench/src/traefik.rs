//! `bench traefik`: the real Traefik under load, with this project's filters, with Traefik's own
//! middleware, and with none.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use novasphere_harness::traefik::{Plugin, Router, Traefik, TraefikConfig};
use serde_json::{Value, json};

use crate::{
    filters::jwt_auth,
    proxy::{
        Effort,
        load::Wrk,
        statistics::{median, quartiles},
        token_files::{Pool, TokenFiles},
    },
    say,
};

/// A line of the report: a Traefik and a token pool.
struct Case {
    label: &'static str,
    chain: &'static str,
    algorithm: &'static str,
    pool: Pool,
}

const CASES: [Case; 9] = [
    warm("no middleware", "none"),
    warm("native headers", "native-headers"),
    warm("header-transform", "header-transform"),
    warm("jwt-auth, HS256, warm", "jwt-auth"),
    cold("jwt-auth, HS256, cold", "HS256"),
    cold("jwt-auth, RS256, cold", "RS256"),
    cold("jwt-auth, ES256, cold", "ES256"),
    cold("jwt-auth, EdDSA, cold", "EdDSA"),
    warm("jwt-auth and header-transform", "both"),
];

const fn warm(label: &'static str, chain: &'static str) -> Case {
    Case { label, chain, algorithm: "HS256", pool: Pool::Warm }
}

const fn cold(label: &'static str, algorithm: &'static str) -> Case {
    Case { label, chain: "jwt-auth", algorithm, pool: Pool::Cold }
}

/// The measurements of one case: microseconds of CPU time a request, one value a round.
type Costs = Vec<f64>;

/// Seconds of warm-up load. Modules are compiled and caches filled after it.
const WARM_UP: usize = 1;

/// Measures all cases in turn, in rounds. Returns a table.
///
/// # Errors
/// If a proxy does not start, or a request fails.
pub(crate) fn measure(
    keys: &[Value],
    upstream: SocketAddr,
    tokens: &TokenFiles,
    effort: Effort,
    dir: &Path,
) -> Result<String> {
    let wrk = Wrk::new(dir)?;
    let mut proxies = BTreeMap::new();
    for (id, router) in chains(keys) {
        let proxy = Traefik::start(&TraefikConfig::new(upstream, vec![router]));
        proxies.insert(id, proxy.context(id)?);
    }
    let cost = |case: &Case, seconds| {
        let proxy = proxies.get(case.chain).context(case.chain)?;
        let tokens = tokens.file(case.algorithm, case.pool)?;
        wrk.cost(proxy.addr, tokens, seconds, proxy.pid()).context(case.label)
    };
    for case in &CASES {
        cost(case, WARM_UP)?;
    }
    let mut measured: [Costs; CASES.len()] = Default::default();
    for round in 0..effort.rounds {
        say(&format!("Traefik, round {} of {}", round + 1, effort.rounds))?;
        let turn = CASES.iter().zip(0..).cycle().skip(round).take(CASES.len());
        for (case, place) in turn {
            let costs: Option<&mut Costs> = measured.get_mut::<usize>(place);
            costs.context("no such case")?.push(cost(case, effort.seconds)?);
        }
    }
    for (id, proxy) in &mut proxies {
        proxy.ensure_no_trap().context(*id)?;
    }
    table(&measured)
}

/// The cases. Each runs in a separate Traefik.
fn chains(keys: &[Value]) -> [(&'static str, Router); 5] {
    let jwt_auth = || Plugin::of_fields("jwt-auth", jwt_auth(keys));
    let header_transform = || {
        let config = json!({"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}}});
        Plugin::of_fields("header-transform", config)
    };
    let native = json!({"headers": {"customRequestHeaders": {"X-Forwarded-By": "novasphere"}}});
    let router = |plugins| Router::for_all("bench", plugins);
    [
        ("none", router(Vec::new())),
        ("native-headers", Router { native: vec![native], ..router(Vec::new()) }),
        ("header-transform", router(vec![header_transform()])),
        ("jwt-auth", router(vec![jwt_auth()])),
        ("both", router(vec![jwt_auth(), header_transform()])),
    ]
}

fn table(measured: &[Costs]) -> Result<String> {
    let base = measured.first().context("no base")?;
    let mut lines = vec![
        "| | µs for each request | added µs | middle half of the rounds |".to_owned(),
        "|---|---:|---:|---:|".to_owned(),
    ];
    for (Case { label, .. }, costs) in CASES.iter().zip(measured) {
        let added: Vec<f64> = costs.iter().zip(base).map(|(cost, base)| cost - base).collect();
        let (low, high) = quartiles(&added);
        let (cost, added) = (median(costs), median(&added));
        lines.push(format!("| {label} | {cost:.1} | {added:.1} | {low:.1} to {high:.1} |"));
    }
    Ok(lines.join("\n"))
}
