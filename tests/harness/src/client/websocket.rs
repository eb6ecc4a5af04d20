//! A WebSocket client.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use tungstenite::{
    HandshakeError, Message, WebSocket, client::IntoClientRequest, error::Error, http::HeaderValue,
};

use crate::wait::PATIENCE;

/// The limit of one read or write.
const TIMEOUT: Duration = PATIENCE;

/// A WebSocket with text messages, such as the console of a wukong.
#[derive(Debug)]
pub struct Console {
    socket: WebSocket<TcpStream>,
}

impl Console {
    /// Opens a WebSocket at `target`.
    ///
    /// # Errors
    /// Fails if the upgrade is refused; the error contains the status.
    pub fn open(addr: SocketAddr, target: &str, headers: &[(&'static str, &str)]) -> Result<Self> {
        let mut request = format!("ws://{addr}{target}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value)?);
        }
        let stream = TcpStream::connect_timeout(&addr, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(HandshakeError::Failure(Error::Http(response))) => {
                bail!("the upgrade was answered with {}", response.status())
            }
            Err(error) => Err(anyhow!("{error}")),
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// Fails if the connection breaks.
    pub fn say(&mut self, text: &str) -> Result<()> {
        self.socket.send(Message::text(text)).context("cannot send")
    }

    /// Reads the next text message.
    ///
    /// # Errors
    /// Fails if the connection breaks or the message is not text.
    pub fn hear(&mut self) -> Result<String> {
        match self.socket.read()? {
            Message::Text(text) => Ok(text.to_string()),
            other => bail!("text was expected, not {other:?}"),
        }
    }

    /// Closes the WebSocket and waits for the close frame.
    ///
    /// # Errors
    /// Fails if the connection breaks first.
    pub fn close(mut self) -> Result<()> {
        self.socket.close(None)?;
        for _ in 0..10 {
            match self.socket.read() {
                Ok(_) => {}
                Err(Error::ConnectionClosed) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        bail!("the other side goes on talking")
    }
}
