//! The upstream: a constant response at minimum cost.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::Result;

use crate::traffic::{BODY, RESPONSE};

/// Starts an upstream that runs until the program ends, with one thread a connection.
pub(crate) fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            // The proxy counts broken connections.
            thread::spawn(move || answer(stream));
        }
    });
    Ok(addr)
}

/// Serves one connection. Requests have no bodies, and the proxy waits for each response, so the end of
/// a head at the end of the buffer is the end of a request.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let lines = RESPONSE.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let answer = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    let mut buffer = [0; 16 * 1024];
    let mut filled = 0;
    loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let read = stream.read(room)?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        if buffer.get(..filled).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
            filled = 0;
            stream.write_all(answer.as_bytes())?;
        }
    }
}
