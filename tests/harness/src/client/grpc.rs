//! A minimal gRPC client over HTTP/2 without TLS. Messages are bytes.

use std::{future::Future, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::{
    RecvStream, SendStream,
    client::{self, ResponseFuture},
};
use http::{HeaderMap, Request};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
};

use crate::wait::PATIENCE;

/// The limit of one step.
const TIMEOUT: Duration = PATIENCE;

/// An open call. Both directions are streams; a unary call sends and receives one message.
pub struct Call {
    runtime: Runtime,
    sender: SendStream<Bytes>,
    answer: Answer,
    received: BytesMut,
}

enum Answer {
    Awaited(ResponseFuture),
    Open(HeaderMap, RecvStream),
    None,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `grpc-status`.
    pub status: String,
    /// `grpc-message`, percent-encoded. Empty if there is none.
    pub message: String,
    /// Whether the status was in trailers. Without a message it is in the headers.
    pub in_trailers: bool,
}

impl Call {
    /// Calls `method`, for example `/novasphere.v1.Wukongs/Get`.
    ///
    /// # Errors
    /// Fails if there is no HTTP/2 server.
    pub fn open(addr: SocketAddr, method: &str, headers: &[(&str, &str)]) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut request = Request::post(format!("http://{}{method}", super::HOST))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(())?;
        let (answer, sender) = runtime.block_on(within(async {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            let (client, connection) = client::handshake(stream).await?;
            tokio::spawn(connection);
            let (answer, sender) = client.ready().await?.send_request(request, false)?;
            Ok((answer, sender))
        }))?;
        Ok(Self { runtime, sender, answer: Answer::Awaited(answer), received: BytesMut::new() })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Fails if the stream is closed.
    pub fn send(&mut self, message: &[u8]) -> Result<()> {
        let mut frame = BytesMut::new();
        frame.put_u8(0); // not compressed
        frame.put_u32(u32::try_from(message.len())?);
        frame.put_slice(message);
        Ok(self.sender.send_data(frame.freeze(), false)?)
    }

    /// Ends the sending direction.
    ///
    /// # Errors
    /// Fails if the stream is closed.
    pub fn half_close(&mut self) -> Result<()> {
        Ok(self.sender.send_data(Bytes::new(), true)?)
    }

    /// Reads the next message; `None` after the last.
    ///
    /// # Errors
    /// Fails if the stream breaks.
    pub fn receive(&mut self) -> Result<Option<Vec<u8>>> {
        self.await_head()?;
        let Self { runtime, answer: Answer::Open(_, body), received, .. } = self else {
            bail!("the call is over");
        };
        loop {
            if let Some(message) = split_message(received) {
                return Ok(Some(message));
            }
            let Some(data) = runtime.block_on(within(async { Ok(body.data().await) }))? else {
                ensure!(received.is_empty(), "the stream ended inside a message");
                return Ok(None);
            };
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            received.extend_from_slice(&data);
        }
    }

    /// Returns the end of the call. Call it after the last message.
    ///
    /// # Errors
    /// Fails if the stream breaks or has no status.
    pub fn outcome(&mut self) -> Result<Outcome> {
        self.await_head()?;
        let Self { runtime, answer: Answer::Open(head, body), .. } = self else {
            bail!("the call is over");
        };
        let trailers = runtime.block_on(within(async { Ok(body.trailers().await?) }))?;
        let in_trailers = trailers.is_some();
        let trailers = trailers.as_ref().unwrap_or(head);
        let status = trailers.get("grpc-status");
        let status = status.with_context(|| format!("no grpc-status: {head:?}"))?;
        let message = trailers.get("grpc-message").map_or(Ok(""), |message| message.to_str())?;
        Ok(Outcome {
            status: status.to_str()?.to_owned(),
            message: message.to_owned(),
            in_trailers,
        })
    }

    fn await_head(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.answer, Answer::None) {
            Answer::Awaited(answer) => {
                let answer = self.runtime.block_on(within(async { Ok(answer.await?) }))?;
                let (head, body) = answer.into_parts();
                self.answer = Answer::Open(head.headers, body);
            }
            other => self.answer = other,
        }
        Ok(())
    }
}

/// Takes the first complete message from `received`.
fn split_message(received: &mut BytesMut) -> Option<Vec<u8>> {
    let length = received.get(1..5)?.try_into().map(u32::from_be_bytes).ok()?;
    let length = usize::try_from(length).ok()?;
    let message = received.get(5..length.checked_add(5)?)?.to_vec();
    received.advance(length.saturating_add(5));
    Some(message)
}

async fn within<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(TIMEOUT, step).await.context("the server does not answer")?
}
