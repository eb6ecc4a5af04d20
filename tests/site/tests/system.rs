//! The commands of the page about several replicas, with a real Redis behind its HTTP front end.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use novasphere_site::{page::Page, session, stage::Stage};
use novasphere_tests::redis::{Front, FrontOptions, Redis};

#[test]
fn replicas_share_their_counts() -> Result<()> {
    let redis = Redis::start()?;
    // Shorter than the filter's timeout, which stage/envoy sets.
    let timeout = Duration::from_secs(5);
    let front = Front::start_with(FrontOptions { timeout, ..FrontOptions::new(&redis) })?;
    let page = Page::read("docs/tasks/replicas.md")?;
    page.setting("needs").filter(|needs| *needs == "redis").context("the page has no commands")?;
    session::check(&page, || {
        let stage = Stage::new(Path::new(env!("CARGO_BIN_EXE_site-filterctl")))?;
        fs::write(stage.work().join("token.txt"), front.token())?;
        Ok(stage.with_redis(front.addr))
    })
}
