//! Adds a label to a module: a custom section that names the filter, its version, the host and, in a
//! release, the commit. It has no effect on the code. `filterctl version` reads it.

use anyhow::{Result, ensure};

use crate::sections::{CUSTOM, number, push_number, rewrite};

/// The name of the section.
const NAME: &str = "novasphere";

/// Adds the label. The version is that of the workspace.
///
/// # Errors
/// If `module` is not a WebAssembly module or has a label.
pub fn label(module: &[u8], filter: &str, host: &str, commit: Option<&str>) -> Result<Vec<u8>> {
    let mut has_label = false;
    let mut labelled = rewrite(module, |id, section| {
        has_label |= id == CUSTOM && is_label(section);
        Ok(None)
    })?;
    ensure!(!has_label, "the module has a label");
    let version = env!("CARGO_PKG_VERSION");
    let commit = commit.map_or_else(String::new, |commit| format!("commit={commit}\n"));
    let mut section = Vec::new();
    push_number(&mut section, u32::try_from(NAME.len())?);
    section.extend_from_slice(NAME.as_bytes());
    section.extend_from_slice(
        format!("filter={filter}\nversion={version}\nhost={host}\n{commit}").as_bytes(),
    );
    labelled.push(CUSTOM);
    push_number(&mut labelled, u32::try_from(section.len())?);
    labelled.append(&mut section);
    Ok(labelled)
}

fn is_label(section: &[u8]) -> bool {
    let name = number(section).and_then(|(size, rest)| rest.get(..size));
    name == Some(NAME.as_bytes())
}
