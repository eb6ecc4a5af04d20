//! A front that passes requests on or fails on demand, between a filter and the real front.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::watch,
};

use novasphere_harness::{
    client::{self, Request},
    wait::until,
};

/// The fault. A change also affects stalled requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// None: passes requests to the front and its responses back.
    #[default]
    None,
    /// Responds with this status without calling the front.
    Status(u16),
    /// Responds with 200 and a body that is not JSON, without calling the front.
    Garbage,
    /// Responds with 200 and this body, without calling the front.
    Answer(String),
    /// Passes the request on, but returns the previous response.
    OthersAnswer,
    /// Accepts requests and does not respond until the fault changes.
    Stall,
    /// Passes the request on after a delay.
    Slow(Duration),
    /// Closes the connection when a request arrives.
    Close,
    /// Responds with 200 and a string of this many bytes, without calling the front.
    Huge(usize),
}

/// State shared by server and test.
struct Shared {
    front: SocketAddr,
    fault: watch::Sender<Fault>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    command: Option<Value>,
    answer: Option<(u16, Bytes)>,
}

type Body = BoxBody<Bytes, io::Error>;

/// A running server on a free loopback port. It stops when dropped.
pub struct FaultyFront {
    /// The listening address.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl FaultyFront {
    /// Starts a server without a fault in front of `front`.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start(front: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            front,
            fault: watch::Sender::new(Fault::None),
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            last: Mutex::default(),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { addr, shared, runtime: Some(runtime) })
    }

    /// Sets the fault.
    pub fn fail(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// The number of requests.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// The number of connections.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The command of the last request, if it was JSON.
    pub fn last_command(&self) -> Option<Value> {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).command.clone()
    }

    /// Waits for `count` requests.
    ///
    /// # Errors
    /// If they do not arrive in time.
    pub fn wait_for_requests(&self, count: usize) -> Result<()> {
        until(&format!("request {count} to the store"), || {
            Ok((self.requests() >= count).then_some(()))
        })
    }
}

impl Drop for FaultyFront {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
            // No descriptor is free until a connection ends.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Send small responses at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    // Clients may disconnect at any time. An error of the service closes the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: http::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<http::Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    shared.last.lock().unwrap_or_else(PoisonError::into_inner).command =
        serde_json::from_slice(&body).ok();
    // Counted last, so that a test that sees the count also sees the command.
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let mut fault = shared.fault.subscribe();
    // `shared` owns the sender, so waiting cannot fail.
    let fault = fault.wait_for(|fault| *fault != Fault::Stall).await.map(|fault| fault.clone())?;
    match fault {
        Fault::Status(status) => respond(status, Bytes::from_static(b"{\"error\":\"told to\"}")),
        Fault::Garbage => respond(200, Bytes::from_static(b"<!doctype html><title>Hi</title>")),
        Fault::Answer(text) => respond(200, text.into()),
        Fault::Huge(bytes) => {
            respond(200, format!("{{\"result\":\"{}\"}}", "a".repeat(bytes)).into())
        }
        Fault::Close => Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
        Fault::Slow(span) => {
            tokio::time::sleep(span).await;
            let (status, body) = forward(head, body, shared).await?.0;
            respond(status, body)
        }
        Fault::OthersAnswer => {
            let (own, before) = forward(head, body, shared).await?;
            let (status, body) = before.unwrap_or(own);
            respond(status, body)
        }
        Fault::None | Fault::Stall => {
            let (status, body) = forward(head, body, shared).await?.0;
            respond(status, body)
        }
    }
}

/// Status and body.
type Answered = (u16, Bytes);

/// Calls the front. Returns its response and the previous one.
async fn forward(
    head: http::request::Parts,
    body: Bytes,
    shared: Arc<Shared>,
) -> Result<(Answered, Option<Answered>)> {
    let mut request = Request::new(head.method.as_str(), head.uri.path()).body(&body);
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
        if let Some(value) = head.headers.get(&name) {
            request = request.header(name.as_str(), value.as_bytes());
        }
    }
    let front = shared.front;
    let answer = tokio::task::spawn_blocking(move || client::send(front, &request)).await?;
    let own = match answer {
        Ok(answer) => (answer.head.status, Bytes::from(answer.body)),
        Err(_) => (502, Bytes::from_static(b"{\"error\":\"the front is not there\"}")),
    };
    let mut last = shared.last.lock().unwrap_or_else(PoisonError::into_inner);
    let before = last.answer.replace(own.clone());
    Ok((own, before))
}

fn respond(status: u16, body: Bytes) -> Result<http::Response<Body>> {
    let body = Full::new(body).map_err(|never| match never {}).boxed();
    let response = http::Response::builder()
        .status(StatusCode::from_u16(status)?)
        .header(header::CONTENT_TYPE, "application/json");
    response.body(body).context("no response")
}
