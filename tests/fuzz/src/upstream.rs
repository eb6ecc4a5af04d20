//! An upstream that records every request head as it arrives. It accepts any bytes in names and values.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use anyhow::Result;
use novasphere_harness::latin1;

use crate::head::MARKER;

/// A value that no client may see.
pub(crate) const SECRET: &str = "only-the-upstream-says-this";

/// A request as the upstream received it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) lines: Vec<(String, String)>,
}

impl Record {
    /// The values of all lines with this name (lower case).
    pub(crate) fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.lines.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The number of the request. `None` if the client did not send it as one request. A folded line
    /// (RFC 9112 section 5.2) may follow it.
    pub(crate) fn marker(&self) -> Option<u64> {
        let mut markers = self.values(MARKER);
        let marker = markers.next()?.split(' ').next()?.parse().ok()?;
        markers.next().is_none().then_some(marker)
    }
}

/// A running upstream.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    records: Receiver<Record>,
}

impl Upstream {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let (sender, records) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let sender = sender.clone();
                // A connection that breaks concerns the proxy, which opens another one.
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Ok(Self { addr, records })
    }

    /// The requests since the last call. A request is recorded before its response is sent.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.records.try_iter().collect()
    }
}

fn serve(stream: TcpStream, records: &Sender<Record>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let record = read_head(&mut reader)?;
        let response = response(&record);
        let length = record.values("content-length").next().and_then(|text| text.parse().ok());
        let is_chunked = record.values("transfer-encoding").next().is_some();
        let is_upgrade = record.values("upgrade").next().is_some() || record.method == "CONNECT";
        records.send(record).ok()?;
        reader.get_mut().write_all(&response).ok()?;
        if is_upgrade {
            return Some(());
        }
        match (is_chunked, length) {
            (true, _) => skip_chunks(&mut reader)?,
            (false, length) => skip(&mut reader, length.unwrap_or(0))?,
        }
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<Record> {
    let start = read_line(reader)?;
    let mut parts = start.split(' ');
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut lines = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Some(Record { method, target, lines });
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        lines.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    let line = line.strip_suffix(b"\n")?;
    Some(latin1::text(line.strip_suffix(b"\r").unwrap_or(line)))
}

fn skip(reader: &mut impl BufRead, length: u64) -> Option<()> {
    let skipped = std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    (skipped == length).then_some(())
}

fn skip_chunks(reader: &mut impl BufRead) -> Option<()> {
    loop {
        let size = u64::from_str_radix(read_line(reader)?.trim(), 16).ok()?;
        if size == 0 {
            while !read_line(reader)?.is_empty() {}
            return Some(());
        }
        skip(reader, size)?;
        read_line(reader)?;
    }
}

/// Allows CORS to everyone and says more than clients may know. The body is the number of the request.
fn response(record: &Record) -> Vec<u8> {
    let body = record.marker().map(|marker| marker.to_string()).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-powered-by: {SECRET}\r\n\
         access-control-allow-origin: {SECRET}\r\naccess-control-allow-credentials: {SECRET}\r\n\
         access-control-expose-headers: {SECRET}\r\nvary: accept\r\n\r\n",
        body.len()
    );
    match record.method.as_str() {
        "HEAD" => head.into_bytes(),
        _ => (head + &body).into_bytes(),
    }
}
