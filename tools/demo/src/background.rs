//! A gateway in the background: Envoy on port 8000, and the stand-in on port 8080.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{
    chain, client,
    envoy::{Envoy, Substitutions},
    paths::repository,
    standin::Standin,
    wait::{until, within},
};

use tokio::signal::unix::{SignalKind, signal};

use crate::say;

/// `down` kills the gateway if it has not stopped by then.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

const API: SocketAddr = local(8080);
const GATEWAY: SocketAddr = local(8000);
const ADMIN: SocketAddr = local(9901);

const fn local(port: u16) -> SocketAddr {
    SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port))
}

/// Returns the folder of the process id and the log.
fn run_dir() -> PathBuf {
    repository().join(".run")
}

/// Starts the background process and waits until it is ready.
pub fn up() -> Result<()> {
    ensure!(running().is_none(), "the gateway is already running: stop it with `make down`");
    for addr in [API, GATEWAY, ADMIN] {
        TcpListener::bind(addr).with_context(|| format!("{addr} is in use by another program"))?;
    }
    let dir = run_dir();
    let _ = fs::remove_dir_all(&dir); // left by an earlier run
    fs::create_dir_all(&dir)?;
    say("Starting Envoy and a stand-in for novasphere-api...");
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
            bail!(
                "the background process exited with {status}:\n{}",
                fs::read_to_string(dir.join("log"))?
            );
        }
        Ok(dir.join("ready").exists().then_some(()))
    })?;
    say(&format!(
        "Envoy serves on http://{GATEWAY}, its admin interface on http://{ADMIN}, and the stand-in for\n\
         novasphere-api on http://{API}. Envoy's log is {}. For example:\n\n\
         curl -i http://{GATEWAY}/api/v1/wukongs -H 'Host: {}' -H \"Authorization: Bearer $(make -s token)\"",
        fs::read_to_string(dir.join("ready"))?,
        client::HOST
    ));
    Ok(())
}

/// Stops the background process and its children.
pub fn down() -> Result<()> {
    let Some(group) = running() else {
        say("the gateway is not running");
        return Ok(());
    };
    signal_group("TERM", group)?;
    let stopped = || Ok(running().is_none().then_some(()));
    if within(STOP_TIMEOUT, "the gateway to stop", stopped).is_err() {
        signal_group("KILL", group)?;
        until("the gateway to end", stopped)?;
    }
    fs::remove_dir_all(run_dir())?;
    say("stopped");
    Ok(())
}

/// Uses the shell's built-in `kill`, because the program may not be installed.
fn signal_group(name: &str, group: u32) -> Result<()> {
    let status = Command::new("sh").arg("-c").arg(format!("kill -{name} -{group}")).status()?;
    ensure!(status.success(), "cannot signal the process group {group}");
    Ok(())
}

/// Returns the process group of the background process, while any of its processes runs.
fn running() -> Option<u32> {
    let group: u32 = fs::read_to_string(run_dir().join("pid")).ok()?.trim().parse().ok()?;
    let is_alive = |process: fs::DirEntry| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        // pid (comm) state ppid pgrp …; comm can contain any character
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        Some(state != "Z" && fields.nth(1)?.parse() == Ok(group))
    };
    let mut processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    processes.any(|process| is_alive(process).unwrap_or(false)).then_some(group)
}

/// Serves until a signal stops the process, which stops both servers.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Handle signals before Envoy starts, so that an early signal does not leave Envoy running.
    let mut stop = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let (_standin, _envoy) = start()?;
    runtime.block_on(async {
        tokio::select! {
            _ = stop.0.recv() => {}
            _ = stop.1.recv() => {}
        }
    });
    Ok(())
}

fn start() -> Result<(Standin, Envoy)> {
    let standin = Standin::start_at(API)?;
    let file = repository().join("host-config/envoy/all.yaml");
    let substitutions = Substitutions {
        gateway: GATEWAY,
        admin: ADMIN,
        ..Substitutions::new(API, chain::environment()?)
    };
    let envoy = Envoy::start_file(&file, &substitutions)?;
    fs::write(run_dir().join("ready"), envoy.log_path().display().to_string())?;
    Ok((standin, envoy))
}
