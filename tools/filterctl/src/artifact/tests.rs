use std::fs;

use anyhow::Result;
use clap::Parser;

use super::*;
use crate::cli::Outcome;

#[derive(clap::Parser)]
enum Cli {
    Version(version::Args),
    Verify(verify::Args),
}

fn run(arguments: &[&str]) -> Result<(Outcome, String)> {
    let mut out = Vec::new();
    let outcome = match Cli::try_parse_from(["filterctl"].iter().chain(arguments))? {
        Cli::Version(args) => version::run(&args, &mut out)?,
        Cli::Verify(args) => verify::run(&args, &mut out)?,
    };
    Ok((outcome, String::from_utf8(out)?))
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id, u8::try_from(content.len()).unwrap()], content].concat()
}

fn name(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// A module with one function of these names, which imports from `import`.
fn module(exports: &[&str], import: Option<&str>, label: Option<&str>) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend(section(1, &[1, 0x60, 0, 0]));
    if let Some(from) = import {
        module.extend(section(2, &[&[1][..], &name(from), &name("f"), &[0, 0]].concat()));
    }
    module.extend(section(3, &[1, 0]));
    let count = u8::try_from(exports.len()).unwrap();
    let exports = exports.iter().flat_map(|export| [name(export), vec![0, 0]].concat());
    module.extend(section(7, &std::iter::once(count).chain(exports).collect::<Vec<u8>>()));
    module.extend(section(10, &[1, 2, 0, 0x0b]));
    if let Some(text) = label {
        module.extend(section(0, &[name("novasphere"), text.as_bytes().to_vec()].concat()));
    }
    module
}

const ENVOY: [&str; 1] = ["proxy_abi_version_0_2_1"];
const KONG: [&str; 2] = ["proxy_abi_version_0_2_1", "proxy_on_log"];
const LABEL: &str = "filter=jwt-auth\nversion=9.8.7\nhost=envoy\n";

fn version(bytes: &[u8]) -> Result<(Outcome, String)> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), bytes)?;
    run(&["version", file.path().to_str().unwrap()])
}

#[test]
fn module_has_filter_version_and_host() {
    let (outcome, text) = version(&module(&ENVOY, None, Some(LABEL))).unwrap();
    assert_eq!(outcome, Outcome::Success);
    for expected in [
        "  filter   jwt-auth\n  version  9.8.7\n  host     Envoy, Istio, Envoy Gateway\n",
        "  ABI      proxy-wasm 0.2.1\n",
        "  note: this filterctl has the checks of version ",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn module_of_a_release_has_its_commit() {
    let label = format!("{LABEL}commit=1a2b3c\n");
    let (_, text) = version(&module(&ENVOY, None, Some(&label))).unwrap();
    assert!(text.contains("  version  9.8.7\n  commit   1a2b3c\n  host "), "{text}");
    let (_, text) = version(&module(&ENVOY, None, Some(LABEL))).unwrap();
    assert!(!text.contains("commit"), "{text}");
}

#[test]
fn functions_tell_the_host() {
    for (exports, import, expected) in [
        (&KONG[..], None, "host     Kong\n  ABI      proxy-wasm 0.2.1\n"),
        (&ENVOY, None, "host     Envoy"),
        (&["handle_request"], Some("http_handler"), "host     Traefik\n  ABI      http-wasm\n"),
    ] {
        let (_, text) = version(&module(exports, import, None)).unwrap();
        assert!(text.contains(expected) && text.contains("filter   unknown"), "{text}");
    }
}

#[test]
fn label_must_fit_the_functions() {
    let (outcome, text) = version(&module(&KONG, None, Some(LABEL))).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("error: the label says envoy"), "{text}");
}

#[test]
fn other_files_are_rejected() {
    for (bytes, expected) in [
        (b"text".to_vec(), "is not a WebAssembly module"),
        (module(&["f"], None, None), "not for a proxy"),
        (module(&ENVOY, None, None)[..20].to_vec(), "is not a valid WebAssembly module"),
    ] {
        let error = format!("{:#}", version(&bytes).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn json_has_the_same_facts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes = module(&ENVOY, None, Some(LABEL));
    fs::write(file.path(), &bytes).unwrap();
    let (_, text) = run(&["version", "-o", "json", file.path().to_str().unwrap()]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json[0]["filter"], "jwt-auth");
    assert_eq!(json[0]["sha256"], digest(&bytes));
}

/// A release with a module, a schema and their list.
fn release() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("kong")).unwrap();
    let envoy = module(&ENVOY, None, Some(LABEL));
    fs::write(dir.path().join("a.wasm"), &envoy).unwrap();
    fs::write(dir.path().join("kong/b.meta.json"), "{}").unwrap();
    let list = format!("{}  a.wasm\n{} *kong/b.meta.json\n", digest(&envoy), digest(b"{}"));
    fs::write(dir.path().join("SHA256SUMS"), list).unwrap();
    dir
}

fn verify(dir: &tempfile::TempDir) -> Result<(Outcome, String)> {
    run(&["verify", dir.path().to_str().unwrap()])
}

#[test]
fn unchanged_release_is_verified() {
    let (outcome, text) = verify(&release()).unwrap();
    assert_eq!(outcome, Outcome::Success);
    assert_eq!(text, "ok     a.wasm (jwt-auth 9.8.7 for envoy)\nok     kong/b.meta.json\n");
}

#[test]
fn changed_missing_and_unknown_files_are_errors() {
    let dir = release();
    fs::write(dir.path().join("a.wasm"), module(&ENVOY, None, None)).unwrap();
    fs::remove_file(dir.path().join("kong/b.meta.json")).unwrap();
    fs::write(dir.path().join("kong/c.wasm"), "x").unwrap();
    let (outcome, text) = verify(&dir).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    for expected in [
        "error  a.wasm: has another digest",
        "error  kong/b.meta.json: cannot be read",
        "error  kong/c.wasm: is not in SHA256SUMS",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn list_has_a_form() {
    let dir = release();
    let long = "0".repeat(64);
    for (list, expected) in [
        ("", "lists no files"),
        ("abc  a.wasm", "64 hexadecimal digits"),
        (&format!("{long}  ../a.wasm"), "not a file below the directory"),
        (&format!("{long}  /etc/passwd"), "not a file below the directory"),
        ("a.wasm", "expected a digest and a name"),
    ] {
        fs::write(dir.path().join("SHA256SUMS"), list).unwrap();
        let error = format!("{:#}", verify(&dir).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
    fs::remove_file(dir.path().join("SHA256SUMS")).unwrap();
    assert!(verify(&dir).is_err());
}
