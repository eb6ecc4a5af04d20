//! A TCP proxy in front of a server. It passes bytes on, or injects a fault.

use std::{
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};

use novasphere_harness::{
    loopback::free_address,
    wait::{PATIENCE, until},
};

use super::wire;

/// The fault of all connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// None: passes requests and responses on.
    None,
    /// Refuses connections, like the machine of a server whose process has ended.
    Killed,
    /// Accepts connections and reads requests, but sends nothing, like a stopped process.
    Stalled,
    /// Passes requests on, and responses in pieces of `bytes` with a pause after each.
    Drip {
        /// The size of a piece.
        bytes: usize,
        /// The pause.
        pause: Duration,
    },
    /// Passes requests on, and resets the connection in this part of the response.
    Reset(Part),
    /// Responds with bytes that are not HTTP, without calling the server.
    Garbage,
}

/// A part of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The status line and headers.
    Head,
    /// The body.
    Body,
}

/// A running proxy on a free loopback port. It stops when dropped.
pub struct Link {
    /// The listening address.
    pub addr: SocketAddr,
    hits: Arc<AtomicUsize>,
    orders: mpsc::UnboundedSender<Order>,
    runtime: Option<Runtime>,
}

/// A fault to inject from now on, and the confirmation.
struct Order {
    fault: LinkFault,
    done: oneshot::Sender<()>,
}

impl Link {
    /// Starts a proxy without a fault in front of `server`.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let addr = free_address()?;
        let listener = runtime.block_on(listen(addr))?;
        let (orders, received) = mpsc::unbounded_channel();
        let hits = Arc::default();
        let proxy = Proxy { addr, server, hits: Arc::clone(&hits), fault: LinkFault::None };
        runtime.spawn(proxy.run(listener, received));
        Ok(Self { addr, hits, orders, runtime: Some(runtime) })
    }

    /// Injects a fault. Closes all connections first.
    ///
    /// # Errors
    /// If the proxy has ended, or still accepts connections although it must not.
    pub fn inject(&self, fault: LinkFault) -> Result<()> {
        let (done, confirmed) = oneshot::channel();
        self.orders.send(Order { fault, done }).ok().context("the proxy has ended")?;
        confirmed.blocking_recv().context("the proxy has ended")?;
        if fault != LinkFault::Killed {
            return Ok(());
        }
        // A child process started by another test inherits all sockets for a moment.
        until("connections to be refused", || {
            Ok(TcpStream::connect(self.addr).is_err().then_some(()))
        })
    }

    /// The number of requests that met a fault. Refused connections do not count.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The task that accepts connections.
struct Proxy {
    addr: SocketAddr,
    server: SocketAddr,
    hits: Arc<AtomicUsize>,
    fault: LinkFault,
}

impl Proxy {
    async fn run(mut self, first: TcpListener, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut listener = Some(first);
        loop {
            let mut connections = JoinSet::new();
            let order = match listener.take() {
                None => orders.recv().await,
                Some(open) => {
                    let order = self.accept(&open, &mut connections, &mut orders).await;
                    listener = Some(open);
                    order
                }
            };
            let Some(order) = order else { return };
            self.fault = order.fault;
            connections.shutdown().await;
            if self.fault == LinkFault::Killed {
                listener = None;
            } else if listener.is_none() {
                // Without a listener, the order stays unconfirmed.
                let Ok(open) = listen(self.addr).await else { return };
                listener = Some(open);
            }
            // Fails only if the test has ended.
            let _ = order.done.send(());
        }
    }

    /// Serves connections until the next order.
    async fn accept(
        &self,
        listener: &TcpListener,
        connections: &mut JoinSet<()>,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Option<Order> {
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => return order,
                // Removes finished connections.
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => {
                    if let Ok((client, _)) = accepted {
                        let (server, fault) = (self.server, self.fault);
                        let hits = Arc::clone(&self.hits);
                        connections.spawn(async move {
                            // Clients and servers may disconnect at any time.
                            let _ = wire::serve(client, server, fault, &hits).await;
                        });
                    }
                }
            }
        }
    }
}

/// Listens at an address that no program uses.
async fn listen(addr: SocketAddr) -> Result<TcpListener> {
    let listening = async {
        loop {
            match TcpListener::bind(addr).await {
                Ok(listener) => return listener,
                // A child process may have inherited a closed socket for a moment.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(PATIENCE, listening).await.with_context(|| format!("cannot listen at {addr}"))
}
