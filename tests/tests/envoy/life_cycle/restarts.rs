//! A hot restart, and the drain of a proxy whose clients go to another one.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use novasphere_harness::{
    chain,
    envoy::{Envoy, EnvoyConfig, HotRestart, Listener},
    loopback::free_address,
};
use novasphere_tests::key_server::Behaviour;

use super::{
    LISTENER, Servers, Settings, listener,
    load::{Tally, ensure_exact, under_load},
};

const LIMIT: usize = 200;
const PATH: &str = "/jwks.json";

/// The time after which a new process ends the old one. Longer than clients need to reconnect on a busy
/// machine.
const PARENT_SHUTDOWN_S: u32 = 40;

const MAX_RUNS: usize = 3;

/// A process of a series of hot restarts, with the generation `epoch + 1`.
fn process(servers: &Servers, port: u16, epoch: u32, native: bool) -> Result<EnvoyConfig> {
    let listener = Listener { port, ..generation(epoch + 1, native) };
    let mut config = servers.config(vec![listener])?;
    // The port is free on this machine, so the number identifies the series too.
    config.hot_restart = Some(HotRestart { base_id: port, epoch });
    let shutdown = PARENT_SHUTDOWN_S.to_string();
    let arguments = [
        "--drain-time-s",
        "1",
        "--drain-strategy",
        "immediate",
        "--parent-shutdown-time-s",
        &shutdown,
    ];
    config.arguments = arguments.map(str::to_owned).to_vec();
    Ok(config)
}

fn generation(generation: u32, native: bool) -> Listener {
    listener(Settings { generation, path: PATH, limit: LIMIT, native })
}

/// Repeats a run in which the requests waited for keys longer than their timeout.
fn repeat_late(run: impl Fn() -> Result<bool>) -> Result<()> {
    for _ in 0..MAX_RUNS {
        if run()? {
            return Ok(());
        }
    }
    bail!("the machine is too slow: the requests waited longer than their timeout in each run")
}

#[test]
fn hot_restart_under_load_loses_no_request() -> Result<()> {
    repeat_late(|| hot_restart(false))
}

#[test]
fn hot_restart_under_load_loses_no_request_in_the_native_gateway() -> Result<()> {
    repeat_late(|| hot_restart(true))
}

/// The counts start again in the new process, so one more limit passes. Returns false if the waiting
/// requests were late.
fn hot_restart(native: bool) -> Result<bool> {
    let servers = Servers::start()?;
    servers.keys.behave(Behaviour::Held);
    let addr = free_address()?;
    let mut old = Envoy::start(&process(&servers, addr.port(), 0, native)?)?;
    let (mut new, mut in_time) = (None, false);
    let tallies = under_load(addr, |load| {
        load.wait_until_limited(1..=1)?;
        let waiting = servers.send_waiting(addr, &old, PATH)?;
        let process = Envoy::start(&process(&servers, addr.port(), 1, native)?)?;
        load.wait_for_generation(2)?;
        in_time = servers.release(waiting)?;
        load.wait_until_limited(2..=2)?;
        chain::ensure_no_trap(&old)?;
        ensure!(old.wait_for_exit()?.success(), "{}", old.log()?);
        load.wait_for_responses(100)?;
        new = Some(process);
        Ok(())
    })?;
    ensure_limit_in_each(&tallies)?;
    new.as_ref().map_or(Ok(()), chain::ensure_no_trap)?;
    Ok(in_time)
}

#[test]
fn drained_proxy_loses_no_request() -> Result<()> {
    repeat_late(|| drain(false))
}

#[test]
fn drained_proxy_loses_no_request_in_the_native_gateway() -> Result<()> {
    repeat_late(|| drain(true))
}

/// Checks that each of two processes admitted exactly the limit.
fn ensure_limit_in_each(tallies: &[Tally]) -> Result<()> {
    ensure_exact(tallies, 2 * LIMIT)?;
    for tally in tallies {
        ensure!(tally.admitted.values().all(|count| *count == LIMIT), "{tally:?}");
    }
    Ok(())
}

/// The steps of the shipped `preStop`: new connections go to another proxy, then this one drains, and
/// then it gets SIGTERM. Each proxy counts for itself. Returns false if the waiting requests were late.
fn drain(native: bool) -> Result<bool> {
    let servers = Servers::start()?;
    servers.keys.behave(Behaviour::Held);
    let start = |n| -> Result<(SocketAddr, Envoy)> {
        let mut config = servers.config(vec![generation(n, native)])?;
        config.arguments = vec!["--drain-time-s".to_owned(), "5".to_owned()];
        let envoy = Envoy::start(&config)?;
        Ok((envoy.listener(LISTENER)?, envoy))
    };
    let ((first_addr, mut first), (second_addr, second)) = (start(1)?, start(2)?);
    let mut in_time = false;
    let tallies = under_load(first_addr, |load| {
        load.wait_until_limited(1..=1)?;
        let waiting = servers.send_waiting(first_addr, &first, PATH)?;
        load.connect_to(second_addr);
        first.admin_post("/drain_listeners?graceful&skip_exit")?;
        load.wait_for_generation(2)?;
        in_time = servers.release(waiting)?;
        load.wait_until_limited(2..=2)?;
        first.wait_for_stat(&format!("http.{LISTENER}.downstream_cx_active"), |n| n == 0)?;
        chain::ensure_no_trap(&first)?;
        first.signal("TERM")?;
        ensure!(first.wait_for_exit()?.success(), "{}", first.log()?);
        load.wait_for_responses(100)
    })?;
    ensure_limit_in_each(&tallies)?;
    chain::ensure_no_trap(&second)?;
    Ok(in_time)
}
