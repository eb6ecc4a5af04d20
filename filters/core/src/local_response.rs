//! [`LocalResponse`]: a response from a filter instead of the upstream.

use std::borrow::Cow;

use crate::{HeaderMutation, HeaderName, Headers, ResponseHead};

/// A response from a filter instead of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalResponse<'f> {
    /// The status code, 200..=599.
    pub status: u16,
    /// Header lines. No name occurs twice, because one host keeps only the last line.
    pub headers: Vec<(&'f HeaderName, Cow<'f, [u8]>)>,
    /// The body, empty for none. Its `content-type` is among the headers.
    pub body: Cow<'f, [u8]>,
    /// The gRPC status, where the HTTP status does not imply it.
    pub grpc_status: Option<u8>,
    /// The text for gRPC clients, which do not get the body. Empty for none.
    pub message: Cow<'f, str>,
    /// Whether the request was over a rate limit. Some hosts mark such a response for the proxy in
    /// front.
    pub rate_limited: bool,
}

impl<'f> LocalResponse<'f> {
    /// Applies the mutations that `decide` returns for the head of this response. Joins lines of one
    /// name (RFC 9110 section 5.3).
    ///
    /// ```
    /// use novasphere_core::{HeaderMutation, HeaderName, LocalResponse};
    /// let vary = HeaderName::from_static("vary");
    /// let mut response = LocalResponse {
    ///     status: 401,
    ///     headers: vec![(&vary, b"Accept".into())],
    ///     body: b"".into(),
    ///     grpc_status: None,
    ///     message: "".into(),
    ///     rate_limited: false,
    /// };
    /// response.mutate(|head| {
    ///     assert_eq!(head.headers.get(":status"), Some(&b"401"[..]));
    ///     vec![HeaderMutation::Add(&vary, b"Origin".into())]
    /// });
    /// assert_eq!(response.headers, [(&vary, b"Accept, Origin"[..].into())]);
    /// ```
    pub fn mutate(&mut self, decide: impl FnOnce(&ResponseHead<'_>) -> Vec<HeaderMutation<'f>>) {
        let status = self.status.to_string();
        let own = self.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value));
        let lines = [(&b":status"[..], status.as_bytes())].into_iter().chain(own);
        let mutations = decide(&ResponseHead { headers: Headers::borrowed(lines) });
        for mutation in mutations {
            self.apply(mutation);
        }
    }

    fn apply(&mut self, mutation: HeaderMutation<'f>) {
        let headers = &mut self.headers;
        match mutation {
            HeaderMutation::Set(name, value) => {
                headers.retain(|(known, _)| *known != name);
                headers.push((name, value));
            }
            // Cookies cannot be joined (RFC 6265 section 3).
            HeaderMutation::Add(name, value) if name.as_str() == "set-cookie" => {
                headers.push((name, value));
            }
            HeaderMutation::Add(name, value) => {
                match headers.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, line)) => {
                        let line = line.to_mut();
                        line.extend_from_slice(b", ");
                        line.extend_from_slice(&value);
                    }
                    None => headers.push((name, value)),
                }
            }
            HeaderMutation::Remove(name) => headers.retain(|(known, _)| **known != *name),
            HeaderMutation::Target(_) => {}
        }
    }
}
