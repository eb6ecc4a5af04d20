//! A request as bytes. Nothing in it needs to be valid.

use std::fmt;

use novasphere_harness::{client::HOST, latin1};

/// The header that names the request at the upstream and in the response.
pub(crate) const MARKER: &str = "x-fuzz";

/// A name and a value.
pub(crate) type Line = (Vec<u8>, Vec<u8>);

/// The version of HTTP that carries the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// A request head, and the parts that can follow it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) version: Version,
    pub(crate) method: Vec<u8>,
    pub(crate) target: Vec<u8>,
    pub(crate) lines: Vec<Line>,
    pub(crate) body: Vec<u8>,
    /// HTTP/2 only.
    pub(crate) trailers: Vec<Line>,
}

impl Head {
    pub(crate) fn get(version: Version, target: &str) -> Self {
        Self {
            version,
            method: b"GET".to_vec(),
            target: target.into(),
            lines: Vec::new(),
            body: Vec::new(),
            trailers: Vec::new(),
        }
    }

    pub(crate) fn line(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.lines.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
    }

    /// The values of all lines with this name (lower case), as a server reads them: a line feed in a
    /// value ends its line, and Envoy removes a carriage return.
    pub(crate) fn values(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.lines.iter().map(|(name, value)| [name, &b": "[..], value].concat());
        let text = lines.collect::<Vec<_>>().join(&b'\n');
        let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\r').collect();
        let values = text.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (found, value) = line.split_at_checked(colon)?;
            let is_named = found.eq_ignore_ascii_case(name.as_bytes());
            is_named.then(|| value.get(1..).unwrap_or_default().trim_ascii().to_vec())
        });
        values.collect()
    }

    /// Whether the request is well-formed and its framing is sure, so that it gets one response.
    pub(crate) fn is_clean(&self) -> bool {
        const METHODS: [&[u8]; 6] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS"];
        const FRAMING: [&str; 7] = [
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "transfer-encoding",
            "upgrade",
        ];
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        METHODS.contains(&&self.method[..])
            && self.target.starts_with(b"/")
            && self.target.iter().all(u8::is_ascii_graphic)
            && !FRAMING.iter().any(|name| self.has(name))
            && self.lines.iter().chain(&self.trailers).all(|(name, value)| {
                !name.is_empty()
                    && name.iter().all(is_token)
                    && value.iter().all(|byte| matches!(byte, b' '..=b'~' | 0x80..))
            })
    }

    /// The request in HTTP/1.1.
    pub(crate) fn to_http1(&self, marker: u64) -> Vec<u8> {
        let mut bytes = [&self.method[..], b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        if !self.has("host") {
            push(&mut bytes, b"host", HOST.as_bytes());
        }
        push(&mut bytes, MARKER.as_bytes(), marker.to_string().as_bytes());
        if !self.body.is_empty() && !self.has("content-length") && !self.has("transfer-encoding") {
            push(&mut bytes, b"content-length", self.body.len().to_string().as_bytes());
        }
        for (name, value) in &self.lines {
            push(&mut bytes, name, value);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The header fields of the request in HTTP/2.
    pub(crate) fn to_http2(&self, marker: u64) -> Vec<Line> {
        let mut fields: Vec<Line> = vec![
            (b":method".to_vec(), self.method.clone()),
            (b":scheme".to_vec(), b"http".to_vec()),
            (b":path".to_vec(), self.target.clone()),
        ];
        if !self.has(":authority") {
            fields.push((b":authority".to_vec(), HOST.into()));
        }
        fields.push((MARKER.into(), marker.to_string().into_bytes()));
        fields.extend(self.lines.iter().cloned());
        fields
    }

    fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
    }
}

fn push(bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    bytes.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |bytes: &[u8]| latin1::text(bytes).escape_debug().to_string();
        writeln!(f, "{}: {} {}", self.version, show(&self.method), show(&self.target))?;
        for (name, value) in &self.lines {
            writeln!(f, "  {}: {}", show(name), show(value))?;
        }
        if !self.body.is_empty() {
            writeln!(f, "  body: {}", show(&self.body))?;
        }
        for (name, value) in &self.trailers {
            writeln!(f, "  trailer {}: {}", show(name), show(value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_feed_in_a_value_ends_its_line() {
        let mut head = Head::get(Version::Http1, "/");
        head.line("Origin", "https://a.example \r\nx-user-id: alice\norigin:https://b.\rexample");
        assert_eq!(head.values("origin"), [b"https://a.example", b"https://b.example"]);
        assert_eq!(head.values("x-user-id"), [b"alice"]);
        assert!(head.values("x-other").is_empty());
    }
}
