//! A gateway that stays: Envoy on port 8000, the stand-in on port 8080.

use std::{
    fs,
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_tests::{
    chain,
    client::{self, Request},
    envoy::{Envoy, Substitutions},
    paths::repository,
    standin::Standin,
    wait::until,
};

use crate::say;

const API: SocketAddr = local(8080);
const GATEWAY: SocketAddr = local(8000);
const ADMIN: SocketAddr = local(9901);

const fn local(port: u16) -> SocketAddr {
    SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port))
}

/// Where the background process leaves its number and its log.
fn run_dir() -> PathBuf {
    repository().join(".run")
}

/// Starts it and waits until it answers.
pub fn up() -> Result<()> {
    ensure!(running().is_none(), "it is running already: `make down` stops it");
    let dir = run_dir();
    fs::create_dir_all(&dir)?;
    let log = fs::File::create(dir.join("log"))?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()?;
    fs::write(dir.join("pid"), child.id().to_string())?;
    until("the gateway", || {
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status}:\n{}", fs::read_to_string(dir.join("log"))?);
        }
        Ok(client::send(GATEWAY, &Request::get("/api/v1/healthz")).ok())
    })?;
    say(&format!(
        "Envoy answers on http://{GATEWAY}, its admin interface on http://{ADMIN}, the stand-in for\n\
         novasphere-api on http://{API}. The log is .run/log. For example:\n\n\
         curl -i http://{GATEWAY}/api/v1/wukongs -H 'Host: {}' -H \"Authorization: Bearer $(make -s token)\"",
        client::HOST
    ));
    Ok(())
}

/// Stops it.
pub fn down() -> Result<()> {
    let Some(pid) = running() else {
        say("it is not running");
        return Ok(());
    };
    let status = Command::new("kill").arg(pid.to_string()).status().context("kill")?;
    ensure!(status.success(), "cannot stop process {pid}");
    until("the gateway to stop", || Ok(running().is_none().then_some(())))?;
    fs::remove_file(run_dir().join("pid"))?;
    say("stopped");
    Ok(())
}

/// The number of the background process, if it is one of ours and alive.
fn running() -> Option<u32> {
    let pid: u32 = fs::read_to_string(run_dir().join("pid")).ok()?.trim().parse().ok()?;
    let command = fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).ok()?;
    command.windows(6).any(|part| part == b"\0serve").then_some(pid)
}

/// Serves until it is told to stop; both servers end with it.
pub fn serve() -> Result<()> {
    let _standin = Standin::start_at(API)?;
    let file = repository().join("host-config/envoy/all.yaml");
    let substitutions = Substitutions {
        gateway: GATEWAY,
        admin: ADMIN,
        ..Substitutions::new(API, chain::environment()?)
    };
    let _envoy = Envoy::start_file(&file, &substitutions)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        Ok(())
    })
}
