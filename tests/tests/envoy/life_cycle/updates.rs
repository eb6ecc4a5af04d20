//! A hundred updates of the listener, while clients send requests and others wait for keys.

use std::{fs, path::PathBuf};

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    envoy::{Envoy, EnvoyConfig},
};
use novasphere_tests::key_server::Behaviour;

use super::{
    LISTENER, Servers, Settings, TIMEOUT, Waiting, listener,
    load::{Load, ensure_exact, under_load},
};

const UPDATES: u32 = 100;

/// Every tenth update changes the location of the keys, so that new requests wait for a fetch. They keep
/// waiting during the other nine, or for half of their timeout.
const UPDATES_PER_FETCH: u32 = 10;

/// A generation of the listener before which the clients may not use up their limit.
const LATE: u32 = 2 * UPDATES_PER_FETCH;

/// Clients use it up during the updates, or soon after them.
const LIMIT: usize = 500;

#[test]
fn hundred_updates_under_load_lose_no_request() -> Result<()> {
    check(false)
}

#[test]
fn hundred_updates_under_load_lose_no_request_in_the_native_gateway() -> Result<()> {
    check(true)
}

struct Running<'s> {
    servers: &'s Servers,
    config: EnvoyConfig,
    file: PathBuf,
    envoy: Envoy,
    native: bool,
}

fn check(native: bool) -> Result<()> {
    let (servers, dir) = (Servers::start()?, tempfile::tempdir()?);
    let file = dir.path().join("listeners.json");
    let mut config = servers.config(Vec::new())?;
    fs::write(&file, text(&config, 1, native)?)?;
    config.listener_file = Some(file.clone());
    let envoy = Envoy::start(&config)?;
    let running = Running { servers: &servers, config, file, envoy, native };
    let tallies = under_load(running.envoy.listener(LISTENER)?, |load| running.update_all(load))?;
    ensure_exact(&tallies, LIMIT)?;
    let generations = tallies.iter().flat_map(|tally| tally.admitted.keys().max());
    let latest = generations.max().copied().unwrap_or_default();
    ensure!(latest > LATE, "the limit was used up by generation {latest}");
    chain::ensure_no_trap(&running.envoy)
}

/// The text of the listener file.
fn text(config: &EnvoyConfig, generation: u32, native: bool) -> Result<String> {
    let path = path(generation);
    let settings = Settings { generation, path: &path, limit: LIMIT, native };
    config.listener_file_text(&[listener(settings)])
}

/// The location of the keys.
fn path(generation: u32) -> String {
    format!("/keys/{}.json", (generation - 1) / UPDATES_PER_FETCH)
}

/// Whether a waiting request could time out during another update.
fn is_old(waiting: &Waiting) -> bool {
    waiting.since.elapsed() >= TIMEOUT / 2
}

impl Running<'_> {
    fn update_all(&self, load: &Load) -> Result<()> {
        let addr = self.envoy.listener(LISTENER)?;
        let mut waiting = None;
        // The clients also send valid requests during later updates, however fast they are.
        load.set_allowance(LIMIT / 2);
        for generation in 2..=UPDATES + 1 {
            if generation > LATE {
                load.set_allowance(usize::MAX);
            }
            let is_new = path(generation) != path(generation - 1);
            if let Some(waiting) = waiting.take_if(|waiting| is_new || is_old(waiting)) {
                self.release(waiting)?;
            }
            if is_new {
                self.servers.keys.behave(Behaviour::Held);
            }
            self.update(generation)?;
            if is_new {
                load.wait_for_generation(generation)?;
                waiting = Some(self.servers.send_waiting(addr, &self.envoy, &path(generation))?);
            }
        }
        waiting.map_or(Ok(()), |waiting| self.release(waiting))?;
        load.wait_for_generation(UPDATES + 1)?;
        load.wait_until_limited(1..=UPDATES + 1)
    }

    fn release(&self, waiting: Waiting) -> Result<()> {
        let in_time = self.servers.release(waiting)?;
        ensure!(in_time, "the machine is too slow: an update took half of the timeout");
        Ok(())
    }

    fn update(&self, generation: u32) -> Result<()> {
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, text(&self.config, generation, self.native)?)?;
        fs::rename(&fresh, &self.file)?;
        let updates = "listener_manager.lds.update_success";
        self.envoy.wait_for_stat(updates, |n| n >= u64::from(generation)).map(drop)
    }
}
