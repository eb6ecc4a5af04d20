//! `filterctl check` has no findings in what `filterctl init` writes.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

fn filterctl(args: &[&str]) -> Result<(bool, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_filterctl")).args(args).output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(text)?))
}

/// The files in a directory.
fn files(directory: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in directory.read_dir()? {
        files.push(entry?.path().to_str().context("path")?.to_owned());
    }
    Ok(files)
}

#[test]
fn check_has_no_findings_in_any_output() -> Result<()> {
    let directory = tempfile::tempdir()?;
    for host in ["envoy", "kong", "traefik", "envoy-gateway", "istio"] {
        for idp in ["keycloak", "auth0", "entra", "cognito", "okta", "google", "firebase", "secret"]
        {
            let out = directory.path().join(format!("{host}-{idp}"));
            let to = out.to_str().context("path")?;
            let (is_written, text) =
                filterctl(&["init", "--host", host, "--idp", idp, "--out", to])?;
            assert!(is_written, "{host} {idp}: {text}");
            let files = files(&out)?;
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let (is_clean, text) = filterctl(&[&["check", "--assume-env"], &files[..]].concat())?;
            assert!(is_clean, "{host} {idp}: {text}");
            assert!(!text.contains("warning") && !text.contains("error"), "{host} {idp}: {text}");
        }
    }
    Ok(())
}
