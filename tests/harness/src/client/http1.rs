//! A minimal HTTP/1.1 client.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use super::message::{Framing, Head, Request, Response};
use crate::{latin1, wait::PATIENCE};

/// The limit of one read or write.
const TIMEOUT: Duration = PATIENCE;

/// The maximum length of a line.
const MAX_LINE: u64 = 512 * 1024;

/// Sends one request over a new connection.
///
/// # Errors
/// Fails if the connection breaks or the response is not HTTP/1.1.
pub fn send(addr: SocketAddr, request: &Request) -> Result<Response> {
    Connection::open(addr)?.exchange(request)
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Fails if no server listens there.
    pub fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, TIMEOUT)
            .with_context(|| format!("cannot connect to {addr}"))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Connects to a server that expects the PROXY protocol, version 1, as the client `client`.
    ///
    /// # Errors
    /// Fails if no server listens there.
    pub fn open_as(addr: SocketAddr, client: IpAddr) -> Result<Self> {
        let (family, server) = match client {
            IpAddr::V4(_) => ("TCP4", IpAddr::from(Ipv4Addr::LOCALHOST)),
            IpAddr::V6(_) => ("TCP6", IpAddr::from(Ipv6Addr::LOCALHOST)),
        };
        let mut connection = Self::open(addr)?;
        let line = format!("PROXY {family} {client} {server} 50000 {}\r\n", addr.port());
        connection.write(line.as_bytes())?;
        Ok(connection)
    }

    /// Sets the limit of one read.
    ///
    /// # Errors
    /// Fails if the socket is closed.
    pub fn set_patience(&mut self, limit: Duration) -> Result<()> {
        Ok(self.stream.get_mut().set_read_timeout(Some(limit))?)
    }

    /// Ends the sending direction.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn end_writing(&mut self) -> Result<()> {
        Ok(self.stream.get_mut().shutdown(Shutdown::Write)?)
    }

    /// Returns the socket, for another protocol.
    pub fn into_stream(self) -> BufReader<TcpStream> {
        self.stream
    }

    /// Sends a request and reads the response.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn exchange(&mut self, request: &Request) -> Result<Response> {
        // A server may respond and close before it has read the whole request.
        let sent = self.write(&request.to_bytes());
        let head = match self.read_head() {
            Ok(head) => head,
            Err(error) => return Err(sent.err().unwrap_or(error)),
        };
        let mut framing = head.framing(&request.method)?;
        let mut body = Vec::new();
        while let Some(piece) = self.next_piece(&mut framing)? {
            body.extend_from_slice(&piece);
        }
        Ok(Response { head, body })
    }

    /// Sends bytes unchanged.
    ///
    /// # Errors
    /// Fails if the connection breaks.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(bytes).context("cannot send the request")
    }

    /// Sends one chunk of a chunked body. An empty chunk ends the body.
    ///
    /// # Errors
    /// Fails if the connection breaks.
    pub fn write_chunk(&mut self, chunk: &[u8]) -> Result<()> {
        let size = format!("{:x}\r\n", chunk.len());
        self.write(&[size.as_bytes(), chunk, b"\r\n"].concat())
    }

    /// Reads the response to an earlier GET request.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn read_answer(&mut self) -> Result<Head> {
        let head = self.read_head()?;
        let mut framing = head.framing(b"GET")?;
        while self.next_piece(&mut framing)?.is_some() {}
        Ok(head)
    }

    /// Reads the head of a final response.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn read_head(&mut self) -> Result<Head> {
        for _ in 0..10 {
            let head = self.read_any_head()?;
            if head.status == 101 || head.status >= 200 {
                return Ok(head);
            }
        }
        bail!("interim responses only");
    }

    fn read_any_head(&mut self) -> Result<Head> {
        let line = self.read_line()?;
        let status = latin1::text(&line);
        let code = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = code.and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("no status line: {}", latin1::text(&line)))?;
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                return Ok(Head { status, headers });
            }
            let mut parts = line.splitn(2, |b| *b == b':');
            let name = latin1::text(parts.next().unwrap_or_default()).to_ascii_lowercase();
            headers.push((name, parts.next().unwrap_or_default().trim_ascii().to_vec()));
        }
    }

    /// Reads the next part of a body: a chunk, or the bytes of one read; `None` at the end.
    ///
    /// # Errors
    /// Fails if the connection breaks or the framing is invalid.
    pub fn next_piece(&mut self, framing: &mut Framing) -> Result<Option<Vec<u8>>> {
        match *framing {
            Framing::Chunked => self.next_chunk(framing),
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let mut piece = self.read_some()?;
                piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                ensure!(!piece.is_empty(), "the body ended {left} bytes early");
                self.stream.consume(piece.len());
                *framing = Framing::Length(left.saturating_sub(u64::try_from(piece.len())?));
                Ok(Some(piece))
            }
            Framing::UntilClose => {
                let piece = self.read_some()?;
                self.stream.consume(piece.len());
                Ok(Some(piece).filter(|piece| !piece.is_empty()))
            }
        }
    }

    fn read_some(&mut self) -> Result<Vec<u8>> {
        match self.stream.fill_buf() {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Vec::new()),
            Err(error) => Err(error).context("cannot read the body"),
        }
    }

    fn next_chunk(&mut self, framing: &mut Framing) -> Result<Option<Vec<u8>>> {
        let line = latin1::text(&self.read_line()?);
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).with_context(|| format!("no chunk: {line}"))?;
        if size == 0 {
            while !self.read_line()?.is_empty() {}
            *framing = Framing::Length(0);
            return Ok(None);
        }
        let mut chunk = vec![0; usize::try_from(size)?];
        self.stream.read_exact(&mut chunk).context("the body broke off inside a chunk")?;
        self.read_line()?;
        Ok(Some(chunk))
    }

    /// Reads a line without its line end.
    fn read_line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(MAX_LINE);
        limited.read_until(b'\n', &mut line).context("cannot read the answer")?;
        let text = line.strip_suffix(b"\n").context("the connection was closed")?;
        Ok(text.strip_suffix(b"\r").unwrap_or(text).to_vec())
    }
}
