//! `filterctl convert` over the cases of `tests/convert`: a folder with inputs, the outputs for
//! each format and the report. `UPDATE_SNAPSHOTS=1` rewrites outputs and reports.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use filterctl::{
    check,
    convert::{Conversion, Source, Target, convert},
    found::Project,
    source::File,
};
use novasphere_explain::{Environment, FilterKind, ProxyKind};

const TARGETS: [(&str, Target); 5] = [
    ("envoy", Target::Envoy),
    ("kong", Target::Kong),
    ("envoy-gateway", Target::EnvoyGateway),
    ("traefik", Target::Traefik),
    ("filters", Target::Filters),
];

const SOURCES: [(&str, Source); 6] = [
    ("kong", Source::Kong),
    ("kic", Source::Kic),
    ("traefik", Source::Traefik),
    ("envoy", Source::Envoy),
    ("istio", Source::Istio),
    ("envoy-gateway", Source::EnvoyGateway),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/convert")
}

/// The folders of the cases, sorted.
fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn source(case: &Path) -> Source {
    let name = case.file_name().unwrap().to_str().unwrap();
    let is_prefix = |(prefix, _): &&(&str, Source)| name.starts_with(&format!("{prefix}-"));
    SOURCES.iter().rev().find(is_prefix).unwrap().1
}

/// The inputs: all files whose names start with `in`. Their names in reports are relative.
fn project(case: &Path) -> Project {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let inputs = paths.iter().filter(|path| name(path).starts_with("in"));
    let files = inputs.map(|path| File::new(&name(path), fs::read_to_string(path).unwrap()));
    Project::new(files.collect())
}

fn report(conversion: &Conversion, project: &Project) -> String {
    let mut text = Vec::new();
    conversion.report.write(project, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Compares a file with its expected text, or writes it.
fn compare(path: &Path, text: &str, differences: &mut Vec<String>) {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(path, text).unwrap();
    }
    if fs::read_to_string(path).unwrap_or_default() != text {
        differences.push(path.display().to_string());
    }
}

/// The errors that `filterctl check` has about an output.
fn errors(target: Target, text: &str) -> Vec<String> {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    let projects = match target {
        Target::Filters => text
            .split("\n---\n")
            .filter(|document| !document.is_empty())
            .map(|document| {
                let file = File::new("out", document.to_owned());
                Project::bare(vec![file], FilterKind::Gateway, ProxyKind::Envoy)
            })
            .collect(),
        _ => vec![Project::new(vec![File::new("out", text.to_owned())])],
    };
    // Traefik may need no plugin, and an output may only reject requests: there is nothing to check.
    let rejects = ["This route is blocked", "# Reject all requests of route"];
    let is_optional = target == Target::Traefik || rejects.iter().any(|mark| text.contains(mark));
    let with_filters = projects.iter().filter(|p| !is_optional || !p.filters.is_empty());
    let findings = with_filters.flat_map(|project| check::findings(project, &environment));
    let errors = findings.filter(|finding| check::has_errors(std::slice::from_ref(finding)));
    errors.map(|finding| finding.message).collect()
}

#[test]
fn cases_convert_as_recorded() {
    let mut differences = Vec::new();
    for case in cases() {
        let project = project(&case);
        for (name, target) in TARGETS {
            let conversion = convert(source(&case), target, &project).unwrap();
            let path = case.join(format!("out-{name}.yaml"));
            compare(&path, &conversion.text, &mut differences);
            if target == Target::Envoy {
                let report = report(&conversion, &project);
                compare(&case.join("report.txt"), &report, &mut differences);
            }
        }
    }
    assert_eq!(differences, [""; 0], "UPDATE_SNAPSHOTS=1 rewrites them");
}

#[test]
fn outputs_pass_the_check() {
    for case in cases() {
        let project = project(&case);
        for (name, target) in TARGETS {
            let conversion = convert(source(&case), target, &project).unwrap();
            let errors = errors(target, &conversion.text);
            assert_eq!(errors, [""; 0], "{} {name}\n{}", case.display(), conversion.text);
        }
    }
}

#[test]
fn secrets_are_in_no_output() {
    for case in cases() {
        let project = project(&case);
        for (name, target) in TARGETS {
            let conversion = convert(source(&case), target, &project).unwrap();
            let text = format!("{}{}", conversion.text, report(&conversion, &project));
            for secret in ["DO-NOT-SHOW", "RE8tTk9U", "your-jwt-secret-key"] {
                assert!(!text.contains(secret), "{} {name}: {secret}", case.display());
            }
        }
    }
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_filterctl")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn configuration_and_report_are_on_different_streams() {
    let file = folder().join("kong-lua-plugins/in.yaml").display().to_string();
    let (code, out, err) = run(&["convert", "kong", &file, "--to", "kong"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("novasphere_gateway") && !out.contains("converted:"), "{out}");
    assert!(err.contains(&format!("{file}:17:5: converted: plugin cors")), "{err}");
    assert!(err.contains("JWT_SECRET: the secret of the JWT credential"), "{err}");
}

#[test]
fn exit_codes() {
    let file = folder().join("kong-access/in.yaml").display().to_string();
    let (code, out, err) = run(&["convert", "kong", &file, "--to", "filters"]);
    assert_eq!(code, 3, "{err}");
    assert!(!out.is_empty() && err.contains("left out: plugin key-auth of route keys"), "{err}");
    assert_eq!(run(&["convert", "kong", "no-such-file", "--to", "envoy"]).0, 2);
    let broken = tempfile::NamedTempFile::new().unwrap();
    fs::write(broken.path(), "a: [DO-NOT-SHOW").unwrap();
    let path = broken.path().display().to_string();
    let (code, _, err) = run(&["convert", "kong", &path, "--to", "envoy"]);
    assert_eq!(code, 2);
    assert!(err.contains("is not YAML") && !err.contains("DO-NOT-SHOW"), "{err}");
}
