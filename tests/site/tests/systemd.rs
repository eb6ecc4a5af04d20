//! The script that takes the place of systemd.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;

#[test]
fn restart_starts_an_envoy_that_has_exited() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let script = repository().join("tests/site/stage/systemd");
    symlink(script, dir.path().join("systemctl"))?;
    // The program exits at once.
    let program =
        ["/usr/bin/true", "/bin/true"].into_iter().find(|path| fs::exists(path).is_ok_and(|is| is));
    symlink(program.context("true is missing")?, dir.path().join("envoy"))?;
    let mut exited = Command::new("true").spawn()?;
    exited.wait()?;
    let pid = dir.path().join("envoy.pid");
    fs::write(&pid, format!("{}\n", exited.id()))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(dir.path().join("systemctl"))
        .args(["restart", "envoy"])
        .env("SITE_STAGE", dir.path())
        .env("PATH", format!("{}:{path}", dir.path().display()))
        .stdin(Stdio::null())
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let started: u32 = fs::read_to_string(&pid)?.trim().parse()?;
    ensure!(started != exited.id(), "no Envoy was started");
    Ok(())
}
