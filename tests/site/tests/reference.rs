//! The generated pages in `docs/reference` are up to date. `UPDATE_SNAPSHOTS=1` rewrites them.

use std::fs;

use anyhow::{Result, ensure};
use filterctl::docs::{decisions_page, fields_page, findings_page, proxy_page};
use novasphere_explain::FilterKind;
use novasphere_harness::paths::repository;

#[test]
fn reference_pages_are_up_to_date() -> Result<()> {
    let mut outdated = Vec::new();
    for kind in FilterKind::ALL {
        compare(&format!("{}-fields.md", kind.name()), &fields_page(kind)?, &mut outdated)?;
        // The filters make the gateway's decisions.
        if kind != FilterKind::Gateway {
            let page = decisions_page(kind)?;
            compare(&format!("{}-decisions.md", kind.name()), &page, &mut outdated)?;
        }
    }
    compare("findings.md", &findings_page(), &mut outdated)?;
    compare("proxy-decisions.md", &proxy_page(), &mut outdated)?;
    ensure!(outdated.is_empty(), "run `make reference`, which rewrites {}", outdated.join(", "));
    Ok(())
}

fn compare(name: &str, text: &str, outdated: &mut Vec<String>) -> Result<()> {
    let path = repository().join("docs/reference").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text)?;
    }
    if fs::read_to_string(&path).unwrap_or_default() != text {
        outdated.push(name.to_owned());
    }
    Ok(())
}
