//! A stand-in for novasphere-api with HTTP/1.1 and HTTP/2 on one port, without TLS.

mod exchange;
mod grpc;
mod wukongs;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

pub use exchange::{Answer, EXCHANGE_HEADER, Exchanges, Seen};

/// A limit that no test reaches.
const MAX_HEADERS: usize = 400;

/// A limit that no test reaches, in bytes.
const MAX_HEADER_BYTES: u32 = 256 * 1024;

/// A running stand-in. Dropping it stops the server.
pub struct Standin {
    /// The address of the server.
    pub addr: SocketAddr,
    /// Prepared responses and recorded requests.
    pub exchanges: Exchanges,
    runtime: Option<Runtime>,
}

impl Standin {
    /// Starts a stand-in on a free port of the loopback interface.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub fn start() -> Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts a stand-in at `addr`.
    ///
    /// # Errors
    /// Fails if the port is in use.
    pub fn start_at(addr: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime
            .block_on(TcpListener::bind(addr))
            .with_context(|| format!("cannot listen at {addr}"))?;
        let addr = listener.local_addr()?;
        let exchanges = Exchanges::default();
        runtime.spawn(accept(listener, routes(exchanges.clone())));
        Ok(Self { addr, exchanges, runtime: Some(runtime) })
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn routes(exchanges: Exchanges) -> Router {
    Router::new()
        .route("/api/v1/healthz", get(wukongs::health))
        .route("/api/v1/wukongs", get(wukongs::list).post(wukongs::create))
        .route("/api/v1/wukongs/{name}", get(wukongs::read))
        .route("/api/v1/wukongs/{name}/events", get(wukongs::events))
        .route("/api/v1/wukongs/{name}/console/ws", get(wukongs::console).connect(wukongs::console))
        .route("/api/v1/wukongs/{name}/upload", post(wukongs::upload))
        .route("/novasphere.v1.Wukongs/Get", post(grpc::echo))
        .route("/novasphere.v1.Wukongs/Watch", post(grpc::echo))
        .route("/echo", any(wukongs::echo))
        .route("/echo/{*rest}", any(wukongs::echo))
        .route("/exchanges/{id}", get(exchange::seen).put(exchange::agree))
        .with_state(exchanges.clone())
        .fallback(wukongs::unknown)
        .layer(from_fn_with_state(exchanges, exchange::answer_as_agreed))
}

async fn accept(listener: TcpListener, routes: Router) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, routes.clone()));
            }
            // No free file descriptor until another connection closes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, routes: Router) {
    // The tests measure the arrival of small frames.
    let _ = stream.set_nodelay(true);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_headers(MAX_HEADERS);
    server.http2().max_header_list_size(MAX_HEADER_BYTES).enable_connect_protocol();
    let service = TowerToHyperService::new(routes);
    // Clients may disconnect.
    let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
