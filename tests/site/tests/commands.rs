//! The commands of the pages, with the real Envoy (`make wasm proxies`), print the output that the pages
//! show. `UPDATE_SNAPSHOTS=1` rewrites that output. `PAGE=keycloak` selects pages by a part of their
//! path.

use std::{env, path::Path, sync::Mutex, thread};

use anyhow::{Result, ensure};
use novasphere_site::{page::Page, session, site, stage::Stage};

/// The pages of filterctl are tested with filterctl.
const ELSEWHERE: &str = "docs/filterctl/";

/// The harness starts as many proxies at once.
const SESSIONS: usize = 2;

#[test]
fn pages_show_the_output_of_their_commands() -> Result<()> {
    let selected = env::var("PAGE").unwrap_or_default();
    let mut pages = site::markdown()?;
    pages.retain(|page| {
        let is_ours = page.path.starts_with("docs/") && !page.path.starts_with(ELSEWHERE);
        // `tests/system.rs` runs pages that need system packages.
        let is_ours = is_ours && page.setting("needs").is_none();
        is_ours && page.path.contains(&selected) && page.blocks_in("console").next().is_some()
    });
    ensure!(!pages.is_empty(), "no page with commands");
    let (pages, failures) = (Mutex::new(pages), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SESSIONS {
            scope.spawn(|| {
                while let Some(page) = pages.lock().ok().and_then(|mut pages| pages.pop()) {
                    if let (Err(error), Ok(mut failures)) = (check(&page), failures.lock()) {
                        failures.push(format!("{}: {error:#}", page.path));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_default();
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

fn check(page: &Page) -> Result<()> {
    session::check(page, || Stage::new(Path::new(env!("CARGO_BIN_EXE_site-filterctl"))))
}
