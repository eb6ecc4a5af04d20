//! The folders of `tests/convert` and their conversions.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use filterctl::{
    convert::{Source, Target, convert},
    found::Project,
    source::File,
};
use novasphere_harness::paths::repository;
use serde_json::Value;

use super::{Proxy, Table};

/// A folder of `tests/convert`.
#[derive(Clone, Debug)]
pub struct ConvertCase {
    /// The name of the folder.
    pub name: String,
    /// The format of the inputs.
    pub source: Source,
    /// The inputs.
    pub project: Project,
    /// The expected verdicts.
    pub table: Table,
}

/// A converted configuration.
#[derive(Clone, Debug)]
pub struct Output {
    /// The proxy.
    pub proxy: Proxy,
    /// The text.
    pub text: String,
    /// The report.
    pub report: String,
}

/// The cases from a format, in alphabetical order.
///
/// # Errors
/// If a file cannot be read, or no case exists.
pub fn cases(source: Source) -> Result<Vec<ConvertCase>> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(repository().join("tests/convert"))? {
        let path = entry?.path();
        if path.is_dir() && format(&path)? == source {
            cases.push(read(&path, source).with_context(|| path.display().to_string())?);
        }
    }
    ensure!(!cases.is_empty(), "no case from {source:?} in tests/convert");
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// Checks the cases from a format.
///
/// # Errors
/// All failures.
pub fn each_of(source: Source, check: impl Fn(&ConvertCase) -> Result<()>) -> Result<()> {
    let mut failures = Vec::new();
    for case in cases(source)? {
        if let Err(error) = check(&case) {
            failures.push(format!("{}: {error:#}", case.name));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// The format, which starts the name of a folder: `envoy-gateway-policies`.
fn format(folder: &Path) -> Result<Source> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let named = |source: &Source| {
        let value = source.to_possible_value()?;
        name.starts_with(&format!("{}-", value.get_name())).then(|| value.get_name().len())
    };
    let formats = Source::value_variants().iter().filter_map(|s| Some((named(s)?, *s)));
    let longest = formats.max_by_key(|(length, _)| *length);
    longest.map(|(_, source)| source).with_context(|| format!("{name}: no format"))
}

fn read(folder: &Path, source: Source) -> Result<ConvertCase> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let mut inputs = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("in") {
            inputs.push(File::new(&name, fs::read_to_string(&path)?));
        }
    }
    let table = fs::read_to_string(folder.join("verdicts.yaml")).context("verdicts.yaml")?;
    Ok(ConvertCase {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        source,
        project: Project::new(inputs),
        table: serde_yaml_ng::from_str(&table).context("verdicts.yaml")?,
    })
}

impl ConvertCase {
    /// Converts the inputs.
    ///
    /// # Errors
    /// If `convert` fails, or `verdicts.yaml` lacks the value of a variable.
    pub fn convert(&self, proxy: Proxy) -> Result<Output> {
        let target = match proxy {
            Proxy::Envoy => Target::Envoy,
            Proxy::Traefik => Target::Traefik,
        };
        let conversion = convert(self.source, target, &self.project)?;
        for variable in &conversion.report.variables {
            let is_set = self.table.variables.contains_key(&variable.name);
            ensure!(is_set, "verdicts.yaml: variables: {} is missing", variable.name);
        }
        let mut report = Vec::new();
        conversion.report.write(&self.project, &mut report)?;
        Ok(Output { proxy, text: conversion.text, report: String::from_utf8(report)? })
    }
}

/// The static configuration that the comment of an output for Traefik asks for.
///
/// # Errors
/// If the comment is missing, or is not YAML.
pub fn static_part(text: &str) -> Result<Value> {
    let lines = text.lines().skip_while(|line| !line.contains("static configuration needs:"));
    let lines = lines.skip(1).map_while(|line| line.strip_prefix("#   "));
    let part = lines.collect::<Vec<_>>().join("\n");
    ensure!(!part.is_empty(), "no static configuration in\n{text}");
    serde_yaml_ng::from_str(&part).context(part)
}
