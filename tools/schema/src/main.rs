//! Writes the JSON Schemas into `host-config` and into the Helm chart: `make schema`.

use std::{fs, path::Path};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in novasphere_schema::files(&repository)? {
        let dir = path.parent().context("the path has no parent")?;
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
