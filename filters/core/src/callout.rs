//! HTTP requests that the host sends for a filter: callouts belong to a request, fetches do not.

use std::{any::Any, fmt, rc::Rc};

use crate::{Endpoint, HeaderName, Headers};

/// A POST request for the host to send. The host holds the request that caused it, then calls
/// [`Filter::on_request`](crate::Filter::on_request) again, with the result in
/// [`Env::callout`](crate::Env::callout).
#[derive(Debug)]
pub struct Callout<'f> {
    /// Returned with the result. Dropped if no result arrives.
    pub ticket: Rc<dyn Any>,
    /// The upstream as the host knows it: a cluster name, or `host:port`.
    pub upstream: &'f str,
    /// The URL.
    pub endpoint: &'f Endpoint,
    /// Header lines.
    pub headers: &'f [(HeaderName, String)],
    /// The body.
    pub body: Vec<u8>,
    /// Time limit for the whole response, in milliseconds.
    pub timeout_ms: u32,
    /// Maximum size of the response body, in bytes.
    pub max_body: usize,
}

/// The result of a [`Callout`].
#[derive(Clone, Copy, Debug)]
pub struct CalloutResult<'a> {
    /// The callout's ticket.
    pub ticket: &'a Rc<dyn Any>,
    /// The response, or why there is none.
    pub response: &'a Result<FetchResponse<'a>, FetchError>,
}

/// A GET request for the host to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Returned with the response.
    pub purpose: usize,
    /// The upstream as the host knows it: a cluster name, or `host:port`.
    pub upstream: String,
    /// Whether to use TLS, on hosts where the upstream does not determine it.
    pub https: bool,
    /// The authority, `host` or `host:port` (RFC 9110 section 7.2).
    pub authority: String,
    /// The request target: path and query.
    pub path: String,
    /// The media types of the response, as the value of `Accept` (RFC 9110 section 12.5.1).
    pub accept: &'static str,
    /// Time limit for the whole response, in milliseconds.
    pub timeout_ms: u32,
    /// Maximum size of the response body, in bytes.
    pub max_body: usize,
}

impl Fetch {
    /// The value of `User-Agent` (RFC 9110 section 10.1.5). Web application firewalls reject requests
    /// without one.
    pub const USER_AGENT: &'static str = concat!("novasphere/", env!("CARGO_PKG_VERSION"));
}

/// The response to a [`Fetch`] or a [`Callout`].
#[derive(Clone, Debug)]
pub struct FetchResponse<'a> {
    /// The status code.
    pub status: u16,
    /// Header lines, including `:status`.
    pub headers: Headers<'a>,
    /// The whole body.
    pub body: &'a [u8],
}

/// Why a callout or a fetch got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The host did not send the request: the host's status code. The usual cause is an upstream
    /// that does not exist or has no endpoints.
    NotSent(u32),
    /// No response arrived in time. Some hosts also report failed connections in this way.
    NoResponse,
    /// The body exceeds `max_body`: its size in bytes.
    TooLarge(usize),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(status) => write!(
                f,
                "the proxy did not send the request (host status {status}); check that the \
                 upstream exists and has a usable endpoint"
            ),
            Self::NoResponse => {
                f.write_str("no response: the upstream cannot be reached or is too slow")
            }
            Self::TooLarge(size) => write!(f, "the response is too large: {size} bytes"),
        }
    }
}

impl std::error::Error for FetchError {}

/// The actions a filter requests from its timer or after a fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimerActions {
    /// Fetches to start now.
    pub fetches: Vec<Fetch>,
    /// Whether to call `on_request` again for all paused requests.
    pub wake: bool,
    /// When to call the timer again, in milliseconds. `None` for never.
    pub again_in_ms: Option<u32>,
}
