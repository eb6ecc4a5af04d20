//! The page about the dependencies lists every crate in the modules, in the version that was reviewed.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use serde_json::Value;

const PAGE: &str = "docs/dependencies.md";
const FILTERS: [&str; 5] = ["cors", "header-transform", "jwt-auth", "rate-limit", "gateway"];
const HTTP_WASM: [&str; 2] = ["header-transform", "jwt-auth"];
const WASM: &str = "wasm32-wasip1";
const NATIVE: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// The name and version of a crate.
type Crate = (String, String);

/// The facts about a crate that the page must have.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    modules: String,
    unsafe_lines: String,
}

#[test]
fn every_crate_version_in_the_modules_is_reviewed() -> Result<()> {
    let (listed, built) = (listed()?, built()?);
    let mut faults = Vec::new();
    for (name, facts) in &built {
        match listed.get(name) {
            None => faults.push(format!("{} {} is not listed", name.0, name.1)),
            Some(row) if row != facts => faults.push(format!("{name:?}: {row:?}, not {facts:?}")),
            Some(_) => {}
        }
    }
    let gone = listed.keys().filter(|name| !built.contains_key(*name));
    faults.extend(gone.map(|(name, version)| format!("{name} {version} is in no module")));
    ensure!(faults.is_empty(), "review the crates and correct {PAGE}:\n{}", faults.join("\n"));
    ensure!(built.len() > 50, "only {} crates", built.len());
    Ok(())
}

#[test]
fn http_wasm_modules_contain_only_listed_crates() -> Result<()> {
    let listed = listed()?;
    for filter in HTTP_WASM {
        for name in linked(&format!("novasphere-{filter}-http-wasm"), WASM)? {
            ensure!(listed.contains_key(&name), "{filter}: {name:?}");
        }
    }
    Ok(())
}

/// The rows of the page's table.
fn listed() -> Result<BTreeMap<Crate, Facts>> {
    let text = fs::read_to_string(repository().join(PAGE))?;
    let (_, table) = text.split_once("| crate | version |").context("no table of crates")?;
    let mut rows = BTreeMap::new();
    for line in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, version, modules, uses, unsafe_lines, maintainers, tested] = cells.as_slice()
        else {
            anyhow::bail!("not seven cells: {line}");
        };
        ensure!(![uses, maintainers, tested].iter().any(|cell| cell.is_empty()), "{line}");
        let facts =
            Facts { modules: (*modules).to_owned(), unsafe_lines: (*unsafe_lines).to_owned() };
        rows.insert(((*name).to_owned(), (*version).to_owned()), facts);
    }
    Ok(rows)
}

/// The crates in the modules.
fn built() -> Result<BTreeMap<Crate, Facts>> {
    let mut modules: BTreeMap<Crate, Vec<&str>> = BTreeMap::new();
    for filter in FILTERS {
        for name in linked(&format!("novasphere-{filter}-proxy-wasm"), WASM)? {
            modules.entry(name).or_default().push(filter);
        }
    }
    let native = NATIVE.map(|target| linked("novasphere-gateway-envoy-module", target));
    for name in native.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
        let modules = modules.entry(name).or_default();
        if !modules.contains(&"native") {
            modules.push("native");
        }
    }
    let sources = sources()?;
    let facts = modules.into_iter().map(|(name, modules)| {
        let source = sources.get(&name).with_context(|| format!("no sources of {name:?}"))?;
        let unsafe_lines = match unsafe_lines(&source.join("src"))? {
            0 => "none".to_owned(),
            lines => lines.to_string(),
        };
        Ok((name, Facts { modules: summary(&modules), unsafe_lines }))
    });
    facts.collect()
}

fn summary(modules: &[&str]) -> String {
    match (modules.len(), modules.contains(&"native")) {
        (6, _) => "all".to_owned(),
        (5, false) => "all WebAssembly".to_owned(),
        _ => modules.join(", "),
    }
}

fn cargo(arguments: &[&str]) -> Result<String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo.args(arguments).arg("--locked").current_dir(repository()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The crates from the registry in a package's module.
fn linked(package: &str, target: &str) -> Result<BTreeSet<Crate>> {
    let text = cargo(&[
        "tree",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
        "--target",
        target,
        "-p",
        package,
    ])?;
    // `serde v1.0.0`. The crates of this repository have their path behind the version.
    let crates = text.lines().map(|line| line.trim_end_matches(" (*)"));
    let crates = crates.filter_map(|line| line.split_once(" v"));
    let foreign = crates.filter(|(_, version)| !version.contains(' '));
    Ok(foreign.map(|(name, version)| (name.to_owned(), version.to_owned())).collect())
}

/// The folders of all crates for the modules' platforms.
fn sources() -> Result<BTreeMap<Crate, PathBuf>> {
    let mut sources = BTreeMap::new();
    for target in NATIVE.iter().chain([&WASM]) {
        let text = cargo(&["metadata", "--format-version=1", "--filter-platform", target])?;
        let metadata: Value = serde_json::from_str(&text)?;
        let packages = metadata.get("packages").and_then(Value::as_array);
        for package in packages.context("no packages")? {
            let text = |member: &str| {
                let text = package.get(member).and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let folder = PathBuf::from(text("manifest_path")).parent().map(Path::to_owned);
            sources.insert((text("name"), text("version")), folder.context("no folder")?);
        }
    }
    Ok(sources)
}

/// The number of lines with the keyword `unsafe` outside comments.
fn unsafe_lines(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            count += unsafe_lines(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            count += fs::read_to_string(&path)?.lines().filter(|line| is_unsafe(line)).count();
        }
    }
    Ok(count)
}

fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.split(|c| !is_part(c)).any(|word| word == "unsafe")
}

#[test]
fn comments_and_longer_words_are_not_unsafe_code() {
    assert!(is_unsafe("    let x = unsafe { *p };") && is_unsafe("pub unsafe fn f() {} // why"));
    assert!(!is_unsafe("// SAFETY: unsafe") && !is_unsafe("#![forbid(unsafe_code)]"));
}
