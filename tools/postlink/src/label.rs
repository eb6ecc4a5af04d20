//! Adds a label to a module: a custom section that names the filter, its version and the host. It has
//! no effect on the code. `filterctl version` reads it.

use anyhow::{Result, ensure};

use crate::sections::{CUSTOM, number, push_number, rewrite};

/// The name of the section.
const NAME: &str = "novasphere";

/// Adds the label. The version is that of the workspace.
///
/// # Errors
/// If `module` is not a WebAssembly module or has a label.
pub fn label(module: &[u8], filter: &str, host: &str) -> Result<Vec<u8>> {
    let mut has_label = false;
    let mut labelled = rewrite(module, |id, section| {
        has_label |= id == CUSTOM && is_label(section);
        Ok(None)
    })?;
    ensure!(!has_label, "the module has a label");
    let version = env!("CARGO_PKG_VERSION");
    let mut section = Vec::new();
    push_number(&mut section, u32::try_from(NAME.len())?);
    section.extend_from_slice(NAME.as_bytes());
    section
        .extend_from_slice(format!("filter={filter}\nversion={version}\nhost={host}\n").as_bytes());
    labelled.push(CUSTOM);
    push_number(&mut labelled, u32::try_from(section.len())?);
    labelled.append(&mut section);
    Ok(labelled)
}

fn is_label(section: &[u8]) -> bool {
    let name = number(section).and_then(|(size, rest)| rest.get(..size));
    name == Some(NAME.as_bytes())
}
