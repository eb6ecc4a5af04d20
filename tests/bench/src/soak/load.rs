//! Sends requests over connections that stay open.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use super::{STATUSES, mix::Mix};

/// The connections that a round of requests uses in turn.
const CONNECTIONS: usize = 32;

/// The maximum time of a response. Even a busy machine needs less.
const LIMIT: Duration = Duration::from_secs(120);

/// A client of the proxy.
pub(crate) struct Load {
    mix: Mix,
    connections: Vec<Connection>,
}

impl Load {
    /// # Errors
    /// If a connection fails.
    pub(crate) fn new(addr: SocketAddr, mix: Mix) -> Result<Self> {
        let connections = (0..CONNECTIONS).map(|_| Connection::new(addr)).collect::<Result<_>>()?;
        Ok(Self { mix, connections })
    }

    /// Sends at least this many requests. Returns their number.
    ///
    /// # Errors
    /// If a connection fails, or a response has an unexpected status.
    pub(crate) fn send(&mut self, requests: u64) -> Result<u64> {
        let (mut sent, mut request) = (0, String::new());
        while sent < requests {
            for connection in &mut self.connections {
                self.mix.write(&mut request);
                connection.stream.write_all(request.as_bytes())?;
            }
            for connection in &mut self.connections {
                let status = connection.read_response()?;
                ensure!(STATUSES.contains(&status), "a response with status {status}");
                sent += 1;
            }
        }
        Ok(sent)
    }
}

struct Connection {
    stream: TcpStream,
    /// The part of a response that was read.
    buffer: Vec<u8>,
}

impl Connection {
    fn new(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Reads one response, and returns its status.
    fn read_response(&mut self) -> Result<u16> {
        let mut chunk = [0; 8 * 1024];
        loop {
            if let Some((status, size)) = whole_response(&self.buffer)? {
                self.buffer.drain(..size);
                return Ok(status);
            }
            let read = self.stream.read(&mut chunk).context("no response")?;
            if read == 0 {
                bail!("the proxy closed a connection");
            }
            self.buffer.extend(chunk.iter().take(read));
        }
    }
}

/// The status and the size of a response, if it is whole.
fn whole_response(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.with_context(|| format!("not a response: {head}"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    let size = match (status, length) {
        (204, None) => end + 4,
        (_, Some(length)) => end + 4 + length,
        (_, None) => bail!("a response without a length: {head}"),
    };
    Ok((bytes.len() >= size).then_some((status, size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_ends_after_its_body() {
        let whole = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200";
        assert_eq!(whole_response(whole).unwrap(), Some((401, 50)));
        assert_eq!(whole_response(&whole[..49]).unwrap(), None);
        assert_eq!(whole_response(&whole[..20]).unwrap(), None);
        assert_eq!(
            whole_response(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().map(|(status, _)| status),
            Some(204)
        );
        assert!(whole_response(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(whole_response(b"nonsense\r\n\r\n").is_err());
    }
}
