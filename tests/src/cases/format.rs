//! Case files.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use novasphere_cases::{Case, Place};
use novasphere_harness::paths::repository;

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The file name without `.yaml`.
    pub topic: String,
    /// The path from the repository root, for messages.
    pub path: String,
    /// The cases in the file.
    pub cases: Vec<Case>,
}

/// The case files of a filter with the cases that run in this place, in alphabetical order.
///
/// # Errors
/// If no file exists, or a file is malformed.
pub fn files_for(filter: &str, place: Place) -> Result<Vec<CaseFile>> {
    let mut files = files(filter)?;
    for file in &mut files {
        file.cases.retain(|case| case.runs_in(place));
    }
    files.retain(|file| !file.cases.is_empty());
    Ok(files)
}

/// The case files of a filter, in alphabetical order.
///
/// # Errors
/// If no file exists, or a file is malformed.
pub fn files(filter: &str) -> Result<Vec<CaseFile>> {
    let name = format!("tests/cases/{filter}");
    let dir = repository().join(&name);
    let entries = fs::read_dir(&dir).with_context(|| format!("{name}: no cases"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    ensure!(!paths.is_empty(), "{name}: no cases");
    paths.iter().map(|path| read(path, &name)).collect()
}

fn read(path: &std::path::Path, dir: &str) -> Result<CaseFile> {
    let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{dir}/{topic}.yaml");
    let text = fs::read_to_string(path).with_context(|| name.clone())?;
    let cases: Vec<Case> = serde_yaml_ng::from_str(&text).with_context(|| name.clone())?;
    ensure!(!cases.is_empty(), "{name}: no cases");
    for (i, case) in cases.iter().enumerate() {
        let earlier = cases.iter().take(i).any(|other| other.name == case.name);
        ensure!(!earlier, "{name}: duplicate case name {:?}", case.name);
        ensure!(!case.config.is_null(), "{name}: {:?} has no config", case.name);
        ensure_hosts(case).with_context(|| format!("{name}: {:?}", case.name))?;
    }
    Ok(CaseFile { topic, path: name, cases })
}

/// The real proxies have their own clock, and every client of the tests has a loopback address.
fn ensure_hosts(case: &Case) -> Result<()> {
    let sets_time = case.exchanges.iter().any(|exchange| exchange.request.time.is_some());
    let sets_address =
        case.exchanges.iter().any(|exchange| exchange.request.client_address.is_some());
    let without = |places: &[Place]| !places.iter().any(|place| case.runs_in(*place));
    let remedy = "list the places where it runs in hosts";
    ensure!(
        !sets_time || without(&[Place::Envoy, Place::Traefik]),
        "envoy and traefik cannot set the time of a request: {remedy}"
    );
    ensure!(
        !sets_address || without(&[Place::Envoy, Place::Traefik, Place::Emulated]),
        "envoy, traefik and emulated cannot set client_address: {remedy}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_list_the_hosts_that_can_run_them() {
        for (hosts, request, is_right) in [
            ("", "{}", true),
            ("", "{time: now+1}", false),
            ("native, explain, emulated", "{time: now+1}", true),
            ("native, envoy", "{time: now+1}", false),
            ("native, explain", "{client_address: 192.0.2.1}", true),
            ("native, emulated", "{client_address: 192.0.2.1}", false),
        ] {
            let text =
                format!("{{name: a, hosts: [{hosts}], exchanges: [{{request: {request}}}]}}");
            let case: Case = serde_yaml_ng::from_str(&text).unwrap();
            assert_eq!(ensure_hosts(&case).is_ok(), is_right, "{text}");
        }
    }
}
