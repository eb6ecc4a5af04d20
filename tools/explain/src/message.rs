//! Requests and responses as the tools pass them around.

/// A header line: name and value. Names are in lower case.
pub type Line = (Vec<u8>, Vec<u8>);

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// The request target: path and query.
    pub target: Vec<u8>,
    /// The host, with a port if it is not the scheme's.
    pub authority: Vec<u8>,
    /// `http` or `https`.
    pub scheme: Vec<u8>,
    /// The header lines, without pseudo-headers and `host`.
    pub headers: Vec<Line>,
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header lines, without pseudo-headers.
    pub headers: Vec<Line>,
    /// The body. Empty for an upstream's response, because filters do not read bodies.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without header lines.
    pub fn new(method: &str, target: &str, authority: &str) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            authority: authority.into(),
            scheme: b"http".to_vec(),
            headers: Vec::new(),
        }
    }

    /// The lines as proxies present them to filters: pseudo-headers first.
    pub fn lines(&self) -> Vec<Line> {
        let pseudo = [
            (":authority", &self.authority),
            (":path", &self.target),
            (":method", &self.method),
            (":scheme", &self.scheme),
        ];
        let pseudo = pseudo.map(|(name, value)| (name.as_bytes().to_vec(), value.clone()));
        pseudo.into_iter().chain(self.headers.iter().cloned()).collect()
    }

    /// The request with these lines.
    pub(crate) fn from_lines(lines: Vec<Line>) -> Self {
        let mut request = Self::new("", "", "");
        for (name, value) in lines {
            match name.as_slice() {
                b":authority" => request.authority = value,
                b":path" => request.target = value,
                b":method" => request.method = value,
                b":scheme" => request.scheme = value,
                _ => request.headers.push((name, value)),
            }
        }
        request
    }
}

impl Response {
    /// A response without header lines and body.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The lines as proxies present them to filters.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let status = (b":status".to_vec(), self.status.to_string().into_bytes());
        std::iter::once(status).chain(self.headers.iter().cloned()).collect()
    }
}
