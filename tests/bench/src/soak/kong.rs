//! The gateway in the emulated Kong: nginx with two workers that share their data.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Kind, Plugin, Proxy, UpstreamResponse, Worker};
use novasphere_harness::client::Request;
use serde_json::Value;

use super::{STATUSES, Subject, mix::Mix, usage::Usage};

/// Requests between two firings of the workers' timers.
const BETWEEN_TIMERS: u64 = 1_000;

/// The time that the filters see pass between two firings, in milliseconds, so that windows end and
/// entries expire.
const TIME_STEP: u64 = 1_000;

pub(super) struct Kong {
    proxy: Arc<Proxy>,
    workers: Vec<Worker>,
    upstream: UpstreamResponse,
    mix: Mix,
    sent: u64,
}

impl Kong {
    /// # Errors
    /// If the module is missing or refuses its configuration.
    pub(super) fn start(config: &Value, mix: Mix) -> Result<Self> {
        let proxy = Arc::new(Proxy::new(Kind::Nginx));
        let chain = [Plugin::wasm("gateway", config.to_string())];
        let workers = (0..2).map(|_| Worker::start(&proxy, &chain)).collect::<Result<_>>()?;
        Ok(Self { proxy, workers, upstream: UpstreamResponse::ok(), mix, sent: 0 })
    }

    fn fire_timers(&mut self) -> Result<()> {
        self.proxy.pass(TIME_STEP);
        for worker in &mut self.workers {
            worker.tick();
            let log = worker.take_log();
            let trap = log.iter().find(|(_, line)| line.starts_with("trap: "));
            ensure!(trap.is_none(), "{}", trap.map_or("", |(_, line)| line));
        }
        Ok(())
    }
}

impl Subject for Kong {
    fn send(&mut self, requests: u64) -> Result<u64> {
        let mut text = String::new();
        for _ in 0..requests {
            self.mix.write(&mut text);
            let worker = usize::try_from(self.sent)? % self.workers.len();
            let worker = self.workers.get_mut(worker).context("no worker")?;
            let outcome = worker.exchange(&parsed(&text)?, &self.upstream, &|_| None)?;
            ensure!(
                STATUSES.contains(&outcome.status),
                "a response with status {}",
                outcome.status
            );
            self.sent += 1;
            if self.sent.is_multiple_of(BETWEEN_TIMERS) {
                self.fire_timers()?;
            }
        }
        Ok(requests)
    }

    fn usage(&self) -> Result<Usage> {
        let sum = |of: fn(&Worker) -> usize| self.workers.iter().map(of).sum::<usize>();
        Ok(Usage {
            vms: u64::try_from(sum(Worker::memory))?,
            timers: u64::try_from(sum(Worker::timers))?,
            shared_keys: u64::try_from(self.proxy.shared_keys())?,
            ..Usage::of(std::process::id())?
        })
    }

    fn counters(&mut self) -> Result<Vec<(String, u64)>> {
        self.fire_timers()?;
        let counters = self.proxy.metrics().into_iter();
        counters.map(|(name, count)| Ok((name, u64::try_from(count)?))).collect()
    }
}

/// A request of the mix.
fn parsed(text: &str) -> Result<Request> {
    let mut lines = text.trim_end().split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().context("no method")?, first.next().context("no target")?);
    let mut request = Request::new(method, target);
    for line in lines {
        let (name, value) = line.split_once(": ").with_context(|| line.to_owned())?;
        request = request.header(name, value);
    }
    Ok(request)
}
