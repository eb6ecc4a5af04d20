//! HTTP/2 (RFC 9113) with any header fields: names in upper case, line feeds in values, pseudo-headers
//! twice or too late. One request at a time.

use std::{
    io::{BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
};

use anyhow::{Context, Result, bail, ensure};
use loona_hpack::{Decoder, encoder::encode_integer_into};
use novasphere_harness::{
    client::{self, Connection, Response},
    latin1,
};

use crate::{
    head::{Head, Line},
    outcome::{Outcome, patience},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The maximum length of a frame's payload, unless the peer allows more.
const MAX_FRAME: usize = 16_384;
/// Requests on one connection. Their responses fit into the initial window.
const MAX_STREAMS: u32 = 100;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// A client that keeps its connection until the proxy closes it.
pub(crate) struct Http2 {
    server: SocketAddr,
    client: IpAddr,
    link: Option<Link>,
}

impl Http2 {
    pub(crate) fn new(server: SocketAddr, client: IpAddr) -> Self {
        Self { server, client, link: None }
    }

    pub(crate) fn send(&mut self, head: &Head, marker: u64) -> Result<Outcome> {
        let link = self.link.take().filter(|link| link.streams < MAX_STREAMS);
        let mut link = match link {
            Some(link) => link,
            None => Link::open(self.server, self.client)?,
        };
        match link.exchange(head, marker) {
            Ok(outcome) => {
                self.link = Some(link);
                Ok(outcome)
            }
            // The proxy closes connections that carry malformed frames.
            Err(_) => Ok(Outcome::Broken),
        }
    }
}

struct Link {
    stream: BufReader<TcpStream>,
    decoder: Decoder<'static>,
    streams: u32,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Link {
    fn open(server: SocketAddr, client: IpAddr) -> Result<Self> {
        let stream = Connection::open_as(server, client)?.into_stream();
        let mut link = Self { stream, decoder: Decoder::new(), streams: 0 };
        link.write(PREFACE)?;
        link.write_frame(SETTINGS, 0, 0, &[])?;
        Ok(link)
    }

    fn exchange(&mut self, head: &Head, marker: u64) -> Result<Outcome> {
        self.stream.get_ref().set_read_timeout(Some(patience(head)))?;
        self.streams = self.streams.saturating_add(1);
        let id = self.streams.saturating_mul(2).saturating_sub(1);
        let has_more = !head.body.is_empty() || !head.trailers.is_empty();
        self.write_block(id, &head.to_http2(marker), !has_more)?;
        if !head.body.is_empty() {
            let end = if head.trailers.is_empty() { END_STREAM } else { 0 };
            self.write_frame(DATA, end, id, head.body.get(..MAX_FRAME).unwrap_or(&head.body))?;
        }
        if !head.trailers.is_empty() {
            self.write_block(id, &head.trailers, true)?;
        }
        self.read_response(id)
    }

    fn read_response(&mut self, id: u32) -> Result<Outcome> {
        let mut response = Response::default();
        loop {
            let frame = self.read_frame()?;
            let ends = frame.stream == id && frame.flags & END_STREAM != 0;
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.write_frame(SETTINGS, ACK, 0, &[])?,
                PING if frame.flags & ACK == 0 => {
                    self.write_frame(PING, ACK, 0, &frame.payload)?;
                }
                RST_STREAM if frame.stream == id => return Ok(Outcome::Broken),
                GOAWAY => bail!("the proxy closes the connection"),
                HEADERS => {
                    let of = frame.stream;
                    let lines = self.read_block(frame)?;
                    if of == id && response.head.status < 200 {
                        response.head = head_of(lines)?;
                    }
                }
                DATA if frame.stream == id => response.body.extend(unpadded(&frame, 0)?),
                _ => {}
            }
            if ends && matches!(frame_kind(&response), Kind::Final) {
                return Ok(Outcome::Response(response));
            }
        }
    }

    /// Reads the rest of a header block and decodes it.
    fn read_block(&mut self, first: Frame) -> Result<Vec<Line>> {
        let priority = if first.flags & PRIORITY == 0 { 0 } else { 5 };
        let mut block = unpadded(&first, priority)?.to_vec();
        let mut flags = first.flags;
        while flags & END_HEADERS == 0 {
            let next = self.read_frame()?;
            ensure!(next.kind == CONTINUATION, "no continuation");
            block.extend(next.payload);
            flags = next.flags;
        }
        self.decoder.decode(&block).map_err(|error| anyhow::anyhow!("HPACK: {error:?}"))
    }

    fn read_frame(&mut self) -> Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]);
        let mut payload = vec![0; usize::try_from(length)?];
        self.stream.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]);
        Ok(Frame { kind, flags, stream, payload })
    }

    fn write_block(&mut self, id: u32, fields: &[Line], is_last: bool) -> Result<()> {
        let block = encode(fields)?;
        let mut pieces = block.chunks(MAX_FRAME).peekable();
        let mut kind = HEADERS;
        let mut flags = if is_last { END_STREAM } else { 0 };
        while let Some(piece) = pieces.next() {
            let end = if pieces.peek().is_none() { END_HEADERS } else { 0 };
            self.write_frame(kind, flags | end, id, piece)?;
            (kind, flags) = (CONTINUATION, 0);
        }
        Ok(())
    }

    fn write_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<()> {
        let [_, l0, l1, l2] = u32::try_from(payload.len())?.to_be_bytes();
        let head = [&[l0, l1, l2, kind, flags][..], &stream.to_be_bytes()].concat();
        self.write(&[&head[..], payload].concat())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }
}

enum Kind {
    Interim,
    Final,
}

fn frame_kind(response: &Response) -> Kind {
    if response.head.status < 200 { Kind::Interim } else { Kind::Final }
}

/// The payload without padding and without the first `skip` bytes after the padding's length.
fn unpadded(frame: &Frame, skip: usize) -> Result<&[u8]> {
    let (padding, rest) = match frame.payload.split_first() {
        Some((length, rest)) if frame.flags & PADDED != 0 => (usize::from(*length), rest),
        _ => (0, &frame.payload[..]),
    };
    rest.get(skip..rest.len().saturating_sub(padding)).context("too much padding")
}

fn head_of(lines: Vec<Line>) -> Result<client::Head> {
    let mut head = client::Head::default();
    for (name, value) in lines {
        match &name[..] {
            b":status" => head.status = latin1::text(&value).parse()?,
            _ => head.headers.push((latin1::text(&name), value)),
        }
    }
    ensure!(head.status >= 100, "no status");
    Ok(head)
}

/// Encodes each field as a literal without indexing and without Huffman codes (RFC 7541 section 6.2.2).
fn encode(fields: &[Line]) -> Result<Vec<u8>> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            encode_integer_into(text.len(), 7, 0, &mut block)?;
            block.extend_from_slice(text);
        }
    }
    Ok(block)
}
