//! Serves one connection of the proxy.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::TcpStream,
    time::sleep,
};

use super::{LinkFault, Part};

/// The start of a TLS record, and bytes that are not text.
const GARBAGE: &[u8] = b"\x16\x03\x01\x00\x20\x00\xff\r\n\r\n\x80\x00\x00garbage\xfe\r\n";

/// The bytes of a response's head that pass before a reset: `HTTP/1.1 2`.
const HEAD_BYTES: usize = 10;

/// Serves a connection until it ends or the fault ends it. Counts the requests that met the fault.
pub(super) async fn serve(
    client: TcpStream,
    server: SocketAddr,
    fault: LinkFault,
    hits: &AtomicUsize,
) -> io::Result<()> {
    // Small pieces pass at once.
    client.set_nodelay(true)?;
    match fault {
        LinkFault::Killed => Ok(()),
        LinkFault::None => relay(client, server).await,
        LinkFault::Stalled => stall(client, hits).await,
        LinkFault::Garbage => garbage(client, hits).await,
        LinkFault::Drip { bytes, pause } => drip(client, server, bytes, pause, hits).await,
        LinkFault::Reset(part) => reset(client, server, part, hits).await,
    }
}

async fn relay(mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Reads until the client disconnects.
async fn stall(mut client: TcpStream, hits: &AtomicUsize) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while client.read(&mut buffer).await? > 0 {
        hits.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

async fn garbage(mut client: TcpStream, hits: &AtomicUsize) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while client.read(&mut buffer).await? > 0 {
        hits.fetch_add(1, Ordering::SeqCst);
        client.write_all(GARBAGE).await?;
    }
    Ok(())
}

async fn drip(
    mut client: TcpStream,
    server: SocketAddr,
    bytes: usize,
    pause: Duration,
    hits: &AtomicUsize,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    let (mut requests, mut to) = client.split();
    let (mut from, mut onward) = server.split();
    let responses = async {
        let mut buffer = [0; 4096];
        loop {
            let read = from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            hits.fetch_add(1, Ordering::SeqCst);
            for piece in buffer.get(..read).unwrap_or_default().chunks(bytes.max(1)) {
                to.write_all(piece).await?;
                sleep(pause).await;
            }
        }
    };
    tokio::select! {
        result = responses => result,
        // Ends when the client disconnects.
        result = copy(&mut requests, &mut onward) => result.map(drop),
    }
}

/// Passes a request and the start of its response on, then resets the connection.
async fn reset(
    mut client: TcpStream,
    server: SocketAddr,
    part: Part,
    hits: &AtomicUsize,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut requests, mut to) = client.split();
    let (mut from, mut onward) = server.split();
    let response = async {
        let mut response = Vec::new();
        let end = loop {
            if let Some(end) = end_of_start(&response, part) {
                break end;
            }
            if from.read_buf(&mut response).await? == 0 {
                return Ok(());
            }
        };
        hits.fetch_add(1, Ordering::SeqCst);
        to.write_all(response.get(..end).unwrap_or_default()).await
    };
    tokio::select! {
        result = response => result,
        // Ends when the client disconnects.
        result = copy(&mut requests, &mut onward) => result.map(drop),
    }?;
    // The following close becomes a reset.
    client.set_zero_linger()
}

/// The number of bytes that pass before the reset; none until they have arrived.
fn end_of_start(response: &[u8], part: Part) -> Option<usize> {
    let end = match part {
        Part::Head => HEAD_BYTES,
        // The body's first byte.
        Part::Body => response.windows(4).position(|four| four == b"\r\n\r\n")?.saturating_add(5),
    };
    (response.len() >= end).then_some(end)
}
