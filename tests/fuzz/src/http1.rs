//! HTTP/1.1 with any bytes.

use std::net::{IpAddr, SocketAddr};

use anyhow::Result;
use novasphere_harness::client::{Connection, Response};

use crate::{
    head::Head,
    outcome::{Outcome, patience},
};

/// A client that keeps its connection while the framing is sure.
pub(crate) struct Http1 {
    server: SocketAddr,
    client: IpAddr,
    connection: Option<Connection>,
}

impl Http1 {
    pub(crate) fn new(server: SocketAddr, client: IpAddr) -> Self {
        Self { server, client, connection: None }
    }

    pub(crate) fn send(&mut self, head: &Head, marker: u64) -> Result<Outcome> {
        let mut connection = match self.connection.take() {
            Some(connection) if head.is_clean() => connection,
            _ => Connection::open_as(self.server, self.client)?,
        };
        connection.set_patience(patience(head))?;
        let bytes = head.to_http1(marker);
        let response = exchange(&mut connection, &bytes, &head.method);
        let Ok(response) = response else { return Ok(Outcome::Broken) };
        let closes = response.head.first("connection").is_some_and(|value| value == "close");
        if !closes && head.is_clean() && response.head.status != 400 {
            self.connection = Some(connection);
        }
        Ok(Outcome::Response(response))
    }
}

fn exchange(connection: &mut Connection, bytes: &[u8], method: &[u8]) -> Result<Response> {
    // The proxy may respond and close before it has read everything.
    let _ = connection.write(bytes);
    let is_complete = bytes.windows(4).any(|window| window == b"\r\n\r\n");
    if !is_complete {
        connection.end_writing()?;
    }
    let head = connection.read_head()?;
    let mut framing = head.framing(method)?;
    let mut body = Vec::new();
    while let Some(piece) = connection.next_piece(&mut framing)? {
        body.extend_from_slice(&piece);
    }
    Ok(Response { head, body })
}
