//! Writes the JSON Schemas of the filters' configurations into `host-config`: `make schema`.

use std::fs;

use anyhow::{Context, Result};
use novasphere_tests::schema;

fn main() -> Result<()> {
    for (path, text) in schema::files() {
        let dir = path.parent().context("a file has a folder")?;
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
