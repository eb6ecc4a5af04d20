//! `docs/benchmarks.md`: the tables, the method, the machine and the date.

use std::{env::consts::ARCH, fmt::Write};

use anyhow::Result;

use super::{
    Measured, PARTS, ROUNDS, TOGETHER, TOKENS, WARM_UP,
    calls::CallCosts,
    objects::Part,
    record::Counts,
    rows::{BASE, Table},
};
use crate::{
    plot::{self, Bar, Panel},
    provenance,
};

/// The rows whose host calls the report lists.
const CALLS_OF: [&str; 3] = ["gateway-ietf", "gateway-kong", "gateway-counted"];

/// The whole file.
///
/// # Errors
/// If a program does not tell its version.
pub(crate) fn text(measured: &[Measured], counts: &Counts) -> Result<String> {
    let difference = measured.iter().map(|row| row.difference).fold(0.0, f64::max);
    Ok(format!(
        "\
# Benchmarks: instructions

Written by `make bench-exact UPDATE=1`. Instructions repeat even on a busy machine: in this run, two measurements of \
the same chain differ by at most {difference:.2}%. \
[benchmarks-time.md](benchmarks-time.md) has CPU time, latency, memory, start-up, Redis and Traefik.

![Added instructions](benchmarks.svg)

- Date: {date}.
- Versions: {envoy} for {ARCH}, {valgrind}.

## Method

Envoy runs with one worker under `valgrind --tool=callgrind`, with up to {TOGETHER} filter chains, each on its own \
listener. It has the settings of host-config/envoy and no access log. The upstream cluster returns a constant response with five \
header fields and 160 bytes. A client sends one request at a time over one connection. Requests have eight header \
fields and an HS256 token of about 300 bytes, one of {TOKENS} in turn, all of which the caches hold.

- **Warm-up:** {warm_up} requests for each chain before callgrind counts, and {TOKENS} more while it does. Envoy \
compiles modules with V8's optimising compiler when it loads them, so no code changes later.
- **Count:** the instructions of the worker thread during {requests} requests, {PARTS} times. The two lowest counts, \
divided by the number of requests. The run fails if these two differ by 1% or more.
- **Repeats:** in four runs of November 2026, each with new processes, the count of a chain differed by up to \
0.2%, A by 1.4%, and the gateway's added instructions by 0.8%, or 0.6% in A.
- **By part:** callgrind attributes each instruction to a file. The allocator is in a separate section of Envoy's \
file. The module is the code that V8 compiled, and the stubs around it. libc includes libm.
- **By host call:** Envoy's file has no symbols. A test module makes each host call a known number of \
times, so the number of calls identifies the function of a host call. The cost is the inclusive cost of this \
function in callgrind, in the measured chain. It contains the callback into the module that allocates memory for \
a result.
- **Timers:** Envoy flushes statistics every 299 s and its watchdogs wait an hour, because the number of timer \
events for each request depends on the speed of the machine. The modules' own timers run, and few requests pass between \
two events under valgrind. For example, rate-limit reads 64 slots of its table every 10 s, and returns leases about \
once a second. The higher counts contain most of these events.

Unless noted, the gateway has `limit_by: ip` with one limit a minute and `client_ip: {{from: forwarded_for, \
trusted_hops: 1}}`. Envoy has `use_remote_address: true`, so Envoy writes the last entry of `X-Forwarded-For`. The \
native four are cors, jwt_authn with local keys, local_ratelimit and header_mutation. They do less: \
local_ratelimit has one count for all clients. \"Four filters in one VM\" is the gateway's module four times with \
one filter each.

A test in `make test-system` fails if the added instructions of the gateway without leases, in A, grow by more than 3%. \
With leases they also depend on the speed of the machine: after each timer event, a client's first requests count \
without a lease. Valgrind hides most differences between processors, and A grows with the other counts on a machine with another libc.

{tables}",
        date = provenance::date()?,
        envoy = provenance::envoy()?,
        valgrind = provenance::output("valgrind", &["--version"])?,
        warm_up = WARM_UP * TOKENS,
        requests = ROUNDS * TOKENS,
        tables = tables(measured, counts)?,
    ))
}

/// All tables, each under a heading.
///
/// # Errors
/// If a row is missing.
pub(crate) fn tables(measured: &[Measured], counts: &Counts) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "## The whole job\n")?;
    writeln!(
        text,
        "A = {} instructions: what Envoy's own four filters add, with their token cache.\n",
        thousands(counts.unit)
    )?;
    costs(&mut text, measured, counts, Table::Chain)?;
    writeln!(text, "\n## One filter\n")?;
    costs(&mut text, measured, counts, Table::Single)?;
    writeln!(text, "\n## Added instructions by part\n")?;
    parts(&mut text, measured)?;
    for id in CALLS_OF {
        if let Some(row) = measured.iter().find(|row| row.id == id) {
            writeln!(text, "\n## Host calls of {}\n", row.label)?;
            calls(&mut text, &row.calls)?;
        }
    }
    Ok(text)
}

fn costs(text: &mut String, measured: &[Measured], counts: &Counts, table: Table) -> Result<()> {
    writeln!(text, "| | instructions a request | added | in A |\n|---|---:|---:|---:|")?;
    for row in measured.iter().filter(|row| row.table == table) {
        let (added, units) = counts.added(row.id);
        let (all, added) = (thousands(row.instructions), thousands(added));
        writeln!(text, "| {} | {all} | {added} | {units:.2} |", row.label)?;
    }
    Ok(())
}

fn parts(text: &mut String, measured: &[Measured]) -> Result<()> {
    let labels = Part::ALL.map(Part::label).join(" | ");
    writeln!(text, "| | {labels} |\n|---|---:|---:|---:|---:|")?;
    let base = measured.iter().find(|row| row.id == BASE).map(|row| row.parts).unwrap_or_default();
    for row in measured.iter().filter(|row| row.id != BASE) {
        let added = row.parts.iter().zip(base).map(|(part, base)| thousands(part - base));
        writeln!(text, "| {} | {} |", row.label, added.collect::<Vec<_>>().join(" | "))?;
    }
    Ok(())
}

fn calls(text: &mut String, calls: &CallCosts) -> Result<()> {
    writeln!(text, "| call | calls a request | instructions of one | all |\n|---|---:|---:|---:|")?;
    let mut rest = calls.all;
    for (name, sum) in &calls.named {
        rest.count -= sum.count;
        rest.cost -= sum.cost;
        let (one, all) = (thousands(sum.cost / sum.count), thousands(sum.cost));
        writeln!(text, "| {name} | {:.2} | {one} | {all} |", sum.count)?;
    }
    let rest_cost = thousands(rest.cost);
    let count = rest.count.max(0.0);
    writeln!(text, "| other calls, and V8's way out and back | {count:.2} | | {rest_cost} |")?;
    writeln!(text, "| all | {:.2} | | {} |", calls.all.count, thousands(calls.all.cost))?;
    Ok(())
}

/// The plot of the added instructions.
pub(crate) fn plot(measured: &[Measured], counts: &Counts) -> String {
    let panels = [
        (Table::Chain, "The whole job: added instructions, in A (Envoy's own four = 1)"),
        (Table::Single, "One filter: added instructions, in A"),
    ];
    let panels = panels.map(|(table, heading)| {
        let rows = measured.iter().filter(|row| row.table == table && row.id != BASE);
        let bars = rows.map(|row| Bar {
            label: row.label.to_owned(),
            value: counts.added(row.id).1,
            is_native: row.is_native,
        });
        Panel { heading, bars: bars.collect() }
    });
    plot::svg(&panels)
}

/// A rounded number with commas: `1,234`.
fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = if number <= -0.5 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(thousands(0.2), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_234.4), "1,234");
        assert_eq!(thousands(-1_234_567.0), "-1,234,567");
    }
}
