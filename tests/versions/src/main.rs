//! Runs the tests with each supported version of the proxies, and compares the failures with
//! `tests/versions/versions.yaml`.
//!
//! `versions [--update] [RUN…]` runs the given versions, such as `envoy-1.36` or `native`, else all.
//! `--update` records those that pass. `versions --page` only writes `docs/versions.md`.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_versions::{
    outcome::Outcomes,
    page, program,
    table::{Run, Table, passed, write_passed},
};

fn main() -> Result<()> {
    let (options, wanted): (Vec<_>, Vec<_>) =
        env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let table = Table::read()?;
    if options == ["--page"] {
        return page::write(&table, &passed()?);
    }
    let is_update = options == ["--update"];
    ensure!(is_update || options.is_empty(), "expected --update or --page: {}", options.join(" "));
    let runs = selected(&table, &wanted);
    ensure!(
        !runs.is_empty(),
        "no version matches {}: expected for example envoy-1.40",
        wanted.join(" ")
    );
    let mut failed = Vec::new();
    for (run, version) in runs {
        let faults = check(run, version)?;
        let name = format!("{}-{version}", run.name);
        if faults.is_empty() {
            if is_update {
                record(&table, &run.name, version)?;
            }
        } else {
            say(&format!("{name}: {} faults\n{}", faults.len(), faults.join("\n")));
            failed.push(name);
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the progress of a run of many minutes")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn selected<'t>(table: &'t Table, wanted: &[String]) -> Vec<(&'t Run, &'t str)> {
    let all = table.runs.iter().flat_map(|run| run.versions.iter().map(move |v| (run, v.as_str())));
    let is_wanted = |(run, version): &(&Run, &str)| {
        let name = format!("{}-{version}", run.name);
        wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted.as_str()))
    };
    all.filter(is_wanted).collect()
}

/// Runs the tests with a version. Returns the faults.
fn check(run: &Run, version: &str) -> Result<Vec<String>> {
    let name = format!("{}-{version}", run.name);
    let (variable, program) = program::install(run, version)?;
    let log = log_file(&name)?;
    say(&format!("== {name}, log in {}", log.display()));
    let output = fs::File::create(&log).with_context(|| log.display().to_string())?;
    // The whole workspace, so that cargo builds dependencies once for all tests.
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["test", "--locked", "--workspace", "--no-fail-fast", "--test", &run.target, "--"])
        .args(&run.suites)
        .args(run.leaves_out.iter().flat_map(|left| &left.tests).flat_map(|t| ["--skip", t]))
        .env(variable, program)
        .envs(&run.environment)
        .current_dir(repository())
        .stdin(Stdio::null())
        .stdout(output);
    command.status().context("cannot run cargo")?;
    let text = fs::read(&log).with_context(|| log.display().to_string())?;
    let outcomes = Outcomes::read(&String::from_utf8_lossy(&text)).with_context(|| name.clone())?;
    let faults = outcomes.faults(run, version.parse()?)?;
    say(&format!("   {name}: {} tests, {} faults", outcomes.count(), faults.len()));
    Ok(faults)
}

fn log_file(name: &str) -> Result<PathBuf> {
    let dir = repository().join("target/versions");
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    Ok(dir.join(format!("{name}.log")))
}

/// Adds a version to those that passed, and writes the page.
fn record(table: &Table, run: &str, version: &str) -> Result<()> {
    let mut passed = passed()?;
    let versions = passed.entry(run.to_owned()).or_default();
    if !versions.iter().any(|known| known == version) {
        versions.push(version.to_owned());
    }
    write_passed(&passed)?;
    page::write(table, &passed)
}
