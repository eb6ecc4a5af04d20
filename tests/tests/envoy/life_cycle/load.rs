//! Clients that send valid and forged requests all the time, and count the responses.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    token::hs256,
    wait::until,
};

pub(super) const CLIENTS: usize = 4;

/// Pause after each request, so that the proxy gets CPU time.
const PACE: Duration = Duration::from_millis(10);

/// Requests before a client reconnects, so that it reaches the newest listener.
const REQUESTS_PER_CONNECTION: usize = 8;

/// The number of requests for each forged token.
const FORGED: usize = 4;

/// The responses to the requests of one client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Valid requests that passed, by the generation that answered.
    pub(super) admitted: BTreeMap<u32, usize>,
    /// Valid requests that were refused, by the generation that answered.
    pub(super) limited: BTreeMap<u32, usize>,
    /// Refused requests with a forged token.
    forged: usize,
    /// The reasons why requests were lost, or have a wrong answer.
    pub(super) faults: Vec<String>,
}

/// The clients.
pub(super) struct Load {
    /// The address for new connections.
    target: Mutex<SocketAddr>,
    tallies: Vec<Mutex<Tally>>,
    /// The number of valid requests of a client that may pass so far.
    allowance: AtomicUsize,
    responses: AtomicUsize,
    over: AtomicBool,
    /// A request of each kind.
    valid: Request,
    forged: Request,
}

/// Runs `scenario` while the clients send requests. Returns the responses of each client.
pub(super) fn under_load(
    addr: SocketAddr,
    scenario: impl FnOnce(&Load) -> Result<()>,
) -> Result<Vec<Tally>> {
    let request = |token: &str| {
        Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"))
    };
    let load = Load {
        target: Mutex::new(addr),
        tallies: (0..CLIENTS).map(|_| Mutex::default()).collect(),
        allowance: AtomicUsize::new(usize::MAX),
        responses: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        valid: request(&chain::good_token()?),
        forged: request(&hs256(chain::good_claims(), b"another secret of at least 32 bytes")?),
    };
    thread::scope(|scope| {
        for (client, tally) in load.tallies.iter().enumerate() {
            let load = &load;
            scope.spawn(move || load.run(client, tally));
        }
        let result = scenario(&load);
        load.over.store(true, SeqCst);
        result
    })?;
    Ok(load.tallies())
}

impl Load {
    /// Sends new connections to another address.
    pub(super) fn connect_to(&self, addr: SocketAddr) {
        *locked(&self.target) = addr;
    }

    /// Lets a client send forged requests only, once so many of its valid ones have passed.
    pub(super) fn set_allowance(&self, requests: usize) {
        self.allowance.store(requests, SeqCst);
    }

    /// Waits until one of these generations has refused each client.
    pub(super) fn wait_until_limited(&self, generations: RangeInclusive<u32>) -> Result<()> {
        until(&format!("generations {generations:?} to refuse all clients"), || {
            self.ensure_no_fault()?;
            let is_limited = |tally: &Tally| tally.limited.keys().any(|n| generations.contains(n));
            Ok(self.tallies().iter().all(is_limited).then_some(()))
        })
    }

    /// Waits until this generation has answered a client.
    pub(super) fn wait_for_generation(&self, generation: u32) -> Result<()> {
        until(&format!("generation {generation} to answer"), || {
            self.ensure_no_fault()?;
            let is_known = |tally: &Tally| {
                tally.admitted.keys().chain(tally.limited.keys()).any(|n| *n == generation)
            };
            Ok(self.tallies().iter().any(is_known).then_some(()))
        })
    }

    /// Waits for more responses.
    pub(super) fn wait_for_responses(&self, count: usize) -> Result<()> {
        let wanted = self.responses.load(SeqCst) + count;
        until("more responses", || {
            self.ensure_no_fault()?;
            Ok((self.responses.load(SeqCst) >= wanted).then_some(()))
        })
    }

    fn ensure_no_fault(&self) -> Result<()> {
        for (client, tally) in self.tallies().iter().enumerate() {
            ensure!(tally.faults.is_empty(), "client {client}: {:#?}", tally.faults);
        }
        Ok(())
    }

    fn tallies(&self) -> Vec<Tally> {
        self.tallies.iter().map(|tally| locked(tally).clone()).collect()
    }

    /// Sends requests, over a new connection whenever the proxy closes one, until the load is over.
    fn run(&self, client: usize, tally: &Mutex<Tally>) {
        while !self.over.load(SeqCst) {
            if let Err(error) = self.use_connection(client, tally) {
                locked(tally).faults.push(format!("{error:#}"));
                thread::sleep(PACE);
            }
        }
    }

    fn use_connection(&self, client: usize, tally: &Mutex<Tally>) -> Result<()> {
        let target = *locked(&self.target);
        let mut connection = Connection::open(target)?;
        let name = format!("client-{client}");
        let [valid, forged] =
            [&self.valid, &self.forged].map(|request| request.clone().header("x-client", &name));
        for n in 0..REQUESTS_PER_CONNECTION {
            if self.over.load(SeqCst) {
                break;
            }
            let passed: usize = locked(tally).admitted.values().sum();
            let is_forged = n % FORGED == FORGED - 1 || passed >= self.allowance.load(SeqCst);
            let head = connection.exchange(if is_forged { &forged } else { &valid })?.head;
            let generation = head.first("x-generation").and_then(|text| text.parse().ok());
            locked(tally).count(is_forged, head.status, generation.unwrap_or_default());
            self.responses.fetch_add(1, SeqCst);
            if head.first("connection").is_some_and(|value| value == "close") {
                break;
            }
            thread::sleep(PACE);
        }
        Ok(())
    }
}

impl Tally {
    fn count(&mut self, is_forged: bool, status: u16, generation: u32) {
        match (is_forged, status) {
            (false, 200) => *self.admitted.entry(generation).or_default() += 1,
            (false, 429) => *self.limited.entry(generation).or_default() += 1,
            (true, 401) => self.forged += 1,
            _ => self.faults.push(format!("forged: {is_forged}, status {status}")),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that no request was lost or had a wrong answer, and that exactly `limit` requests of each
/// client passed.
pub(super) fn ensure_exact(tallies: &[Tally], limit: usize) -> Result<()> {
    for (client, tally) in tallies.iter().enumerate() {
        ensure!(tally.faults.is_empty(), "client {client}: {:#?}", tally.faults);
        let admitted: usize = tally.admitted.values().sum();
        ensure!(admitted == limit, "client {client}: {admitted} admitted: {tally:?}");
        ensure!(tally.forged > 0, "client {client} sent no forged token");
    }
    Ok(())
}
