//! Server-sent events with their arrival times.

use std::net::SocketAddr;

use anyhow::Result;

use super::{Connection, Framing, Head, Request};
use crate::clock;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The joined `data` lines.
    pub data: String,
    /// The arrival time of the last byte, in milliseconds since the epoch.
    pub arrived_at_ms: u64,
}

/// An open event stream.
#[derive(Debug)]
pub struct EventStream {
    /// The head of the response.
    pub head: Head,
    connection: Connection,
    framing: Framing,
    text: String,
}

impl EventStream {
    /// Sends the request and reads the head of the response.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn open(addr: SocketAddr, request: &Request) -> Result<Self> {
        let mut connection = Connection::open(addr)?;
        connection.write(&request.to_bytes())?;
        let head = connection.read_head()?;
        let framing = head.framing(&request.method)?;
        Ok(Self { head, connection, framing, text: String::new() })
    }

    /// Reads the next event; `None` at the end of the stream.
    ///
    /// # Errors
    /// Fails if the connection breaks.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().filter_map(|line| line.strip_prefix("data:"));
                let data = data.map(str::trim_start).collect::<Vec<_>>().join("\n");
                self.text = rest.to_owned();
                return Ok(Some(Event { data, arrived_at_ms: clock::unix_millis() }));
            }
            match self.connection.next_piece(&mut self.framing)? {
                Some(piece) => self.text.push_str(&String::from_utf8_lossy(&piece)),
                None => return Ok(None),
            }
        }
    }
}
