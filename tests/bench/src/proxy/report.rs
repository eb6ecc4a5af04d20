//! `docs/benchmarks-time.md`: the tables, the method, the machine and the date.

use anyhow::Result;

use super::{Effort, latency::RATE, load::CONNECTIONS, rounds::SAME};
use crate::provenance;

/// The whole file.
///
/// # Errors
/// If the machine does not report its processor or kernel.
pub(crate) fn text(tables: &str, effort: Effort) -> Result<String> {
    let Effort { rounds, seconds } = effort;
    Ok(format!(
        "\
# Benchmarks: CPU time, latency and memory

Written by `make bench ROUNDS={rounds} SECONDS={seconds}`. tests/bench/README.md lists its requirements.

Times are noisy: on a shared machine, the middle half of the rounds of one case often spans more than A. Compare \
only figures of the same run: another machine or another hour shifts all of them together. \
[benchmarks.md](benchmarks.md) counts instructions instead, which repeat within 1%. Use that to compare costs, \
and this file for latency, memory, start-up, Redis and Traefik.

![Added CPU time](benchmarks-time.svg)

- Date: {date}.
- Machine: {machine}.
- Proxy: {envoy}, one worker unless noted.

## Method

Each filter chain runs in a separate Envoy with the settings of host-config/envoy and no access log. \
The upstream cluster returns a constant response with five header fields and 160 bytes. Requests have \
eight header fields and a token of about 300 bytes (600 with RS256).

- **Cost:** wrk saturates one worker over {CONNECTIONS} connections for {seconds} s. The cost is the CPU \
time of all threads of that Envoy (`/proc/<pid>/task/*/schedstat`) divided by the number of requests. The \
{rounds} rounds measure all cases in turn, each starting at another case. The added cost of a case is its \
cost minus the cost without filters in the same round. The tables show medians. All proxies restart every \
{SAME} rounds, because the memory layout of a process shifts its cost for its whole life. Each case then \
warms up for a second, so that V8 optimises the modules.
- **Warm tokens:** 100 tokens in turn. Every cache holds all of them.
- **Cold tokens:** 2,500 tokens in turn. A cache holds 1,000, so each token is evicted before it returns.
- **Latency:** {RATE} requests a second at fixed times over {CONNECTIONS} connections. A request that has to \
wait for the previous one counts from its scheduled time.
- **Memory:** resident set after one second of load.
- **Start-up:** time from process start until Envoy is ready, with one worker, polled every 20 ms.

The native four are cors, jwt_authn with local keys, local_ratelimit and header_mutation. They do less: \
local_ratelimit has one count for all clients, in one window. \"One limit for all\" does the same job. \
The other lines have a limit per minute and one per hour for each client address. \"Four filters in one VM\" \
is the gateway's module four times with one filter each, because modules in separate files cannot share a VM.

{tables}",
        date = provenance::date()?,
        machine = provenance::machine()?,
        envoy = provenance::envoy()?,
    ))
}
