//! Pages name only decisions that exist, and name the files that they show.

use anyhow::{Context, Result, ensure};
use novasphere_explain::{FilterKind, decision_names};
use novasphere_site::site;

#[test]
fn decisions_on_pages_exist() -> Result<()> {
    let (mut seen, mut unknown) = (0, Vec::new());
    for page in site::book()?.iter().filter(|page| page.path.starts_with("docs/")) {
        for kind in FilterKind::ALL {
            let prefix = format!("novasphere_{}:", kind.name());
            for part in page.text.split(&prefix).skip(1) {
                let is_name = |c: &char| c.is_ascii_lowercase() || *c == '_';
                let name: String = part.chars().take_while(is_name).collect();
                seen += usize::from(!name.is_empty());
                if !name.is_empty() && !decision_names(kind).contains(&name.as_str()) {
                    unknown.push(format!("{}: {prefix}{name}", page.path));
                }
            }
        }
    }
    ensure!(unknown.is_empty(), "{unknown:?}");
    ensure!(seen > 10, "only {seen} names");
    Ok(())
}

#[test]
fn files_have_their_names_above_them() -> Result<()> {
    for page in site::book()? {
        for block in &page.blocks {
            let Some(name) = block.mark("file") else { continue };
            let before = page.text.get(..block.range.start).context("no text")?;
            let heading = format!("\n`{name}`:\n\n<!-- file: {name} -->\n```{}\n", block.language);
            ensure!(before.ends_with(&heading), "{}: {name} is not named", page.path);
        }
    }
    Ok(())
}
