//! Requests and responses, with arbitrary bytes and repeated header lines.

use anyhow::{Context, Result};
pub use novasphere_cases::HOST;

use crate::latin1;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// The request target.
    pub target: Vec<u8>,
    /// The header lines.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns a request without headers and body.
    pub fn new(method: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        let (method, target) = (method.as_ref().to_vec(), target.as_ref().to_vec());
        Self { method, target, headers: Vec::new(), body: Vec::new() }
    }

    /// Returns a GET request.
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Serialises the request. Adds only `host` and `content-length`, if they are missing and
    /// needed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.method[..], b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        let mut line = |name: &[u8], value: &[u8]| {
            bytes.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
        };
        if !self.has("host") {
            line(b"host", HOST.as_bytes());
        }
        let framed = self.has("content-length") || self.has("transfer-encoding");
        let has_content = matches!(&self.method[..], b"POST" | b"PUT" | b"PATCH");
        if !framed && (has_content || !self.body.is_empty()) {
            line(b"content-length", self.body.len().to_string().as_bytes());
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
    }
}

/// The status and header lines of a response. Names are in lower case.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The header lines.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Returns the values of all lines named `name` (lower case) as Latin-1.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| latin1::text(v)).collect()
    }

    /// Returns the value of the first line named `name` (lower case) as Latin-1.
    pub fn first(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// Returns the framing of the body (RFC 9112 section 6.3).
    ///
    /// # Errors
    /// Fails if the content length is not a number.
    pub fn framing(&self, method: &[u8]) -> Result<Framing> {
        if method == b"HEAD" || matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        if self.first("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            return Ok(Framing::Chunked);
        }
        match self.first("content-length") {
            Some(length) => Ok(Framing::Length(length.trim().parse()?)),
            None => Ok(Framing::UntilClose),
        }
    }
}

/// The framing of the rest of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A number of bytes.
    Length(u64),
    /// Chunks until an empty one.
    Chunked,
    /// All bytes until the connection closes.
    UntilClose,
}

/// A complete response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status and headers.
    pub head: Head,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the body as Latin-1 text.
    pub fn text(&self) -> String {
        latin1::text(&self.body)
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    /// Fails if the body is not JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }
}
