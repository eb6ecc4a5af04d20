//! `filterctl verify`.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Component, Path},
};

use anyhow::{Context, Result, bail};

use super::{digest, module::Module};
use crate::cli::Outcome;

/// Compare the files of a release with its SHA256SUMS.
///
/// The exit code is 1 if a file is missing or changed, or if a module is not in the list. The list
/// itself needs other evidence, such as the attestation of the release.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory with SHA256SUMS.
    directory: String,
}

/// The name of the list.
const LIST: &str = "SHA256SUMS";

/// Runs the command.
///
/// # Errors
/// If the list cannot be read or has the wrong form.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let directory = Path::new(&args.directory);
    let list = directory.join(LIST);
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let mut listed = BTreeSet::new();
    let mut is_right = true;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{}:{}", list.display(), number.saturating_add(1));
        let (expected, name) = entry(line).with_context(place)?;
        let verdict = match fs::read(directory.join(name)) {
            Ok(bytes) if digest(&bytes) == expected => described(name, &bytes),
            Ok(_) => Err("has another digest: it was changed, or is of another build".to_owned()),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        match verdict {
            Ok(description) => writeln!(out, "ok     {name}{description}")?,
            Err(fault) => {
                is_right = false;
                writeln!(out, "error  {name}: {fault}")?;
            }
        }
        listed.insert(name.to_owned());
    }
    if listed.is_empty() {
        bail!("{}: lists no files", list.display());
    }
    for name in modules(directory)?.difference(&listed) {
        is_right = false;
        writeln!(out, "error  {name}: is not in {LIST}")?;
    }
    Ok(if is_right { Outcome::Success } else { Outcome::Findings })
}

/// The digest and the name in a line of `sha256sum`.
fn entry(line: &str) -> Result<(String, &str)> {
    let (digest, name) = line.split_once(' ').context("expected a digest and a name")?;
    // The second character is a space, or `*` for binary mode.
    let name = name.strip_prefix([' ', '*']).unwrap_or(name);
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("expected a SHA-256 digest of 64 hexadecimal digits");
    }
    let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !is_inside {
        bail!("{name:?} is not a file below the directory");
    }
    Ok((digest.to_ascii_lowercase(), name))
}

/// The description of a module, or the fault in its label.
fn described(name: &str, bytes: &[u8]) -> Result<String, String> {
    if !is_module(name) {
        return Ok(String::new());
    }
    let module = Module::parse(bytes).map_err(|error| format!("{error:#}"))?;
    if let Some(contradiction) = module.contradiction() {
        return Err(contradiction);
    }
    Ok(module.label.map_or_else(String::new, |label| {
        format!(" ({} {} for {})", label.filter, label.version, label.host)
    }))
}

fn is_module(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "wasm")
}

/// The modules in the directory and in the directories in it.
fn modules(directory: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut add = |path: &Path, prefix: &str| -> Result<Vec<String>> {
        let mut inner = Vec::new();
        for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                inner.push(name);
            } else if is_module(&name) {
                found.insert(name);
            }
        }
        Ok(inner)
    };
    for name in add(directory, "")? {
        add(&directory.join(&name), &format!("{name}/"))?;
    }
    Ok(found)
}
