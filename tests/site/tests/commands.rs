//! The commands of the pages, with the real Envoy (`make wasm proxies`), print the output that the pages
//! show. `UPDATE_SNAPSHOTS=1` rewrites that output. `PAGE=keycloak` selects pages by a part of their
//! path.

use std::{env, fs, path::Path, sync::Mutex, thread};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{clock, paths::repository};
use novasphere_site::{page::Page, session, site};

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

/// The limits on the pages count in minutes of the clock. Commands that send requests before and after
/// the turn of a minute print other output, so they run again.
const TRIES: usize = 5;

fn check(page: &Page) -> Result<()> {
    let mut text = String::new();
    for _ in 0..TRIES {
        let start = clock::unix_seconds() / 60;
        text = session::run(page, Path::new(env!("CARGO_BIN_EXE_site-filterctl")))?;
        if text == page.text {
            return Ok(());
        }
        if clock::unix_seconds() / 60 == start {
            break;
        }
    }
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        return fs::write(repository().join(&page.path), text).context("cannot update the page");
    }
    let differences: Vec<String> = text
        .lines()
        .zip(page.text.lines())
        .filter(|(real, shown)| real != shown)
        .take(10)
        .map(|(real, shown)| format!("- {shown}\n+ {real}"))
        .collect();
    anyhow::bail!("the commands print other output:\n{}", differences.join("\n"))
}
