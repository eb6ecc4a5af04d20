//! Opens WebSockets over HTTP/2 (RFC 8441).

use std::{future::Future, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use h2::{
    client::{self, SendRequest},
    ext::Protocol,
};
use http::{Method, Request};
use tokio::{net::TcpStream, runtime::Builder};

use crate::wait::PATIENCE;

/// The limit of one step.
const TIMEOUT: Duration = PATIENCE;

/// Requests a WebSocket with an extended CONNECT, and returns the status of the response.
///
/// # Errors
/// Fails if there is no HTTP/2 server, or if it does not accept such requests.
pub fn open_websocket(addr: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Result<u16> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = within(TcpStream::connect(addr)).await??;
        let (client, connection) = within(client::handshake(stream)).await??;
        tokio::spawn(connection);
        // The server's settings have arrived before this response.
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

/// Sends a request and waits for the head of its response.
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
