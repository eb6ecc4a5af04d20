//! Between a filter and the front: passes requests on, or fails as it is told.

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
use http_body_util::{BodyExt, Channel, Full, combinators::BoxBody};
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

/// How it fails. A change also reaches requests that are stalled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It does not: requests are passed on to the front, and its answers back.
    #[default]
    None,
    /// Answers with that status, without asking the front.
    Status(u16),
    /// Answers 200 with something that is not JSON, without asking the front.
    Garbage,
    /// Answers 200 with that body, without asking the front.
    Answer(String),
    /// Passes the request on, but answers with the answer before it.
    OthersAnswer,
    /// Takes requests, and leaves them without an answer until told otherwise.
    Stall,
    /// Passes the request on after a while.
    Slow(Duration),
    /// Closes the connection as soon as a request has come.
    Close,
    /// Passes the request on, and breaks off amid the answer.
    BreakOff,
    /// Answers 200 with a text of so many bytes, without asking the front.
    Huge(usize),
}

/// What server and test share.
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

/// A running one, on a free port of the loopback interface. It stops when dropped.
pub struct FaultyFront {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl FaultyFront {
    /// Starts one before a front. It does not fail until told to.
    ///
    /// # Errors
    /// When no port can be had.
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

    /// From now on it fails so.
    pub fn fail(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// How many connections have come.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The command of the last request, if that was JSON.
    pub fn last_command(&self) -> Option<Value> {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).command.clone()
    }

    /// Waits until so many requests have come.
    ///
    /// # Errors
    /// When they have not in time.
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
            // Out of descriptors: some connection will end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers must leave at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    // A client that goes away is its own business; an error of the service closes the connection.
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
    // Last: who has counted it sees its command.
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let mut fault = shared.fault.subscribe();
    // The sender lives in `shared`: waiting cannot fail.
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
        Fault::BreakOff => {
            let (_, body) = forward(head, body, shared).await?.0;
            break_off(body).await
        }
        Fault::None | Fault::Stall => {
            let (status, body) = forward(head, body, shared).await?.0;
            respond(status, body)
        }
    }
}

/// Status and body.
type Answered = (u16, Bytes);

/// Asks the front: its answer, and the one before it.
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

/// Half of the body, and then the connection is closed.
async fn break_off(body: Bytes) -> Result<http::Response<Body>> {
    let (mut sender, channel) = Channel::<Bytes, io::Error>::new(1);
    let half = body.slice(..body.len() / 2);
    let length = body.len();
    tokio::spawn(async move {
        // They fail only when the client has gone.
        let _ = sender.send_data(half).await;
        sender.abort(io::Error::from(io::ErrorKind::ConnectionReset));
    });
    let response = http::Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, length);
    response.body(channel.boxed()).context("no response")
}
