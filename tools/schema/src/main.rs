//! Writes the JSON Schemas of the filters' configurations into `host-config`: `make schema`.

use std::{fs, path::Path};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let host_config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host-config");
    for (path, text) in novasphere_schema::files(&host_config) {
        let dir = path.parent().context("the path has no parent")?;
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
