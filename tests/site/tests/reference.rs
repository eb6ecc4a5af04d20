//! The generated pages in `docs/reference`, and the picture `docs/start.svg`, are up to date.
//! `UPDATE_SNAPSHOTS=1` rewrites them.

use std::fs;

use anyhow::{Result, ensure};
use filterctl::docs::{decisions_page, fields_page, findings_page, proxy_page};
use novasphere_explain::FilterKind;
use novasphere_harness::paths::repository;
use novasphere_site::{
    page::Page,
    picture::{self, Step},
};

/// The commands in the picture.
const SHOWN: [Step<'_>; 6] = [
    ("filterctl render", &[]),
    ("curl -si", &["HTTP/1.1", "www-authenticate", "{"]),
    ("TOKEN=", &[]),
    ("curl -s http://localhost:8000/orders", &["GET", "x-user-id"]),
    ("for n in", &["200", "429"]),
    ("filterctl explain", &["status", "decision", "meaning", "cause"]),
];

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
    let picture = picture::of(&Page::read("docs/start.md")?, &SHOWN)?;
    compare("../start.svg", &picture, &mut outdated)?;
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
