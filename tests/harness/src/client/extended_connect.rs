//! WebSockets over HTTP/2, as far as their opening (RFC 8441).

use std::{future::Future, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use h2::{
    client::{self, SendRequest},
    ext::Protocol,
};
use http::{Method, Request};
use tokio::{net::TcpStream, runtime::Builder};

/// How long one step may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for a WebSocket at `target` with an extended CONNECT: the status of the answer.
///
/// # Errors
/// When there is no HTTP/2 server, or it does not take such requests.
pub fn open_websocket(addr: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Result<u16> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = within(TcpStream::connect(addr)).await??;
        let (client, connection) = within(client::handshake(stream)).await??;
        tokio::spawn(connection);
        // With its answer the server's settings have come.
        let plain = Request::get(uri("/api/v1/healthz")).body(())?;
        let (client, _) = exchange(client, plain).await?;
        ensure!(client.is_extended_connect_protocol_enabled(), "extended CONNECT is not enabled");
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(uri(target))
            .header("sec-websocket-version", "13")
            .extension(Protocol::from_static("websocket"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(exchange(client, request.body(())?).await?.1)
    })
}

fn uri(target: &str) -> String {
    format!("http://{}{target}", super::HOST)
}

/// Sends a request and waits for the head of its answer.
async fn exchange(
    client: SendRequest<Bytes>,
    request: Request<()>,
) -> Result<(SendRequest<Bytes>, u16)> {
    let mut client = within(client.ready()).await??;
    let is_connect = request.method() == Method::CONNECT;
    let (answer, _stream) = client.send_request(request, !is_connect)?;
    let status = within(answer).await??.status().as_u16();
    Ok((client, status))
}

async fn within<T>(step: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(TIMEOUT, step).await.context("the server does not answer")
}
