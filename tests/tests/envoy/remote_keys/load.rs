//! Clients that send requests continuously, all of which must pass.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{
    chain::{self, JWT_AUTH},
    client::Connection,
    gateway::Gateway,
    wait::until,
};

use super::request;

/// Pause after each request, so that the proxy gets CPU time.
const PACE: Duration = Duration::from_millis(10);

/// Upper bound of requests per client: no test needs that many.
const MAX_REQUESTS: usize = 20_000;

/// A load of clients: the tokens to send and the results.
pub(crate) struct Load {
    pools: Vec<Vec<String>>,
    clients: Vec<Client>,
    passed: Vec<AtomicUsize>,
    faults: Mutex<Vec<String>>,
    over: AtomicBool,
}

#[derive(Default)]
struct Client {
    /// The pool of the next token.
    pool: AtomicUsize,
    /// The pool of the last token with a response.
    settled: AtomicUsize,
}

/// Runs `scenario` while `clients` clients send tokens of the first pool, each over its own
/// connection. The scenario may switch clients to other pools.
///
/// # Errors
/// If the scenario fails or any request is rejected.
pub(crate) fn under_load(
    addr: SocketAddr,
    clients: usize,
    pools: Vec<Vec<String>>,
    scenario: impl FnOnce(&Load) -> Result<()>,
) -> Result<()> {
    let load = Load {
        passed: pools.iter().map(|_| AtomicUsize::new(0)).collect(),
        pools,
        clients: (0..clients).map(|_| Client::default()).collect(),
        faults: Mutex::default(),
        over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        for client in &load.clients {
            scope.spawn(|| {
                if let Err(error) = load.run(addr, client) {
                    load.fault(format!("{error:#}"));
                }
            });
        }
        let result = scenario(&load);
        load.over.store(true, SeqCst);
        result
    })?;
    load.ensure_none_refused()
}

impl Load {
    /// Switches the clients that `which` selects to another pool.
    pub(crate) fn switch(&self, pool: usize, which: impl Fn(usize) -> bool) {
        let chosen = self.clients.iter().enumerate().filter(|(n, _)| which(*n));
        chosen.for_each(|(_, client)| client.pool.store(pool, SeqCst));
    }

    /// Waits until all clients have a response to a token of their current pool.
    ///
    /// # Errors
    /// On a timeout, or if any request is rejected.
    pub(crate) fn wait_until_settled(&self) -> Result<()> {
        until("all clients to switch", || {
            self.ensure_none_refused()?;
            let settled = |client: &Client| client.settled.load(SeqCst) == client.pool.load(SeqCst);
            Ok(self.clients.iter().all(settled).then_some(()))
        })
    }

    /// Waits until `count` more tokens of the pool have passed.
    ///
    /// # Errors
    /// On a timeout, or if any request is rejected.
    pub(crate) fn wait_for_passed(&self, pool: usize, count: usize) -> Result<()> {
        let passed = self.passed.get(pool).context("no such pool")?;
        let wanted = passed.load(SeqCst).saturating_add(count);
        until(&format!("{count} more requests of pool {pool} to pass"), || {
            self.ensure_none_refused()?;
            Ok((passed.load(SeqCst) >= wanted).then_some(()))
        })
    }

    fn run(&self, addr: SocketAddr, client: &Client) -> Result<()> {
        let mut connection = Connection::open(addr)?;
        for n in 0..MAX_REQUESTS {
            if self.over.load(SeqCst) {
                return Ok(());
            }
            let pool = client.pool.load(SeqCst);
            let tokens = self.pools.get(pool).context("no such pool")?;
            let token = tokens.get(n % tokens.len().max(1)).context("no tokens")?;
            let response = connection.exchange(&request(token))?;
            if response.head.status == 200 {
                self.passed.get(pool).context("no such pool")?.fetch_add(1, SeqCst);
            } else {
                self.fault(format!(
                    "pool {pool}: status {} {}",
                    response.head.status,
                    response.text()
                ));
            }
            client.settled.store(pool, SeqCst);
            thread::sleep(PACE);
        }
        bail!("the scenario does not end")
    }

    fn fault(&self, fault: String) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    fn ensure_none_refused(&self) -> Result<()> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match faults.first() {
            None => Ok(()),
            Some(first) => bail!("{} valid requests were refused, first: {first}", faults.len()),
        }
    }
}

#[test]
fn load_reports_refused_requests() -> Result<()> {
    let pools = || vec![vec!["a.b.c".to_owned()], vec!["d.e.f".to_owned()]];
    let gateway = Gateway::start(Vec::new())?;
    under_load(gateway.addr, 4, pools(), |load| {
        load.wait_for_passed(0, 20)?;
        load.switch(1, |_| true);
        load.wait_until_settled()?;
        load.wait_for_passed(1, 20)
    })?;
    let gateway = Gateway::start(chain::of(&[("jwt-auth", JWT_AUTH)]))?;
    let refused = under_load(gateway.addr, 4, pools(), |load| load.wait_for_passed(0, 1));
    ensure!(refused.is_err_and(|error| error.to_string().contains("status 401")));
    Ok(())
}
