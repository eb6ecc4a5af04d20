//! HTTP requests a policy has its host make, and what comes of them.

use std::fmt;

use crate::Headers;

/// A GET request to be made by the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Handed back with the reply.
    pub purpose: usize,
    /// The upstream as the host knows it: the name of a cluster, or `host:port`.
    pub upstream: String,
    /// Whether to use TLS, where the host does not know by the upstream.
    pub https: bool,
    /// The authority, `host` or `host:port` (RFC 9110 section 7.2).
    pub authority: String,
    /// The request target: path and query.
    pub path: String,
    /// How long to wait for the whole reply, in milliseconds.
    pub timeout_ms: u32,
    /// The longest body that is read, in bytes.
    pub max_body: usize,
}

/// A reply to a [`Fetch`].
#[derive(Clone, Debug)]
pub struct FetchReply<'a> {
    /// The status code.
    pub status: u16,
    /// Its header lines, `:status` among them.
    pub headers: Headers<'a>,
    /// The whole body.
    pub body: &'a [u8],
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The host did not send it, with its status code: most often it does not know the upstream.
    NotSent(u32),
    /// No reply came, or not in time.
    NoReply,
    /// The body is longer than `max_body`: so many bytes.
    TooLarge(usize),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::NotSent(status) => {
                write!(
                    f,
                    "the proxy did not send it (host status {status}); does it know the upstream?"
                )
            }
            FetchError::NoReply => f.write_str("no reply in time"),
            FetchError::TooLarge(size) => write!(f, "the reply is too large: {size} bytes"),
        }
    }
}

impl std::error::Error for FetchError {}

/// What a policy has to do apart from requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// To be fetched now.
    pub fetches: Vec<Fetch>,
    /// Whether the requests that wait are to be decided about anew.
    pub wake: bool,
    /// Of the timer: when to ask again, in milliseconds; `None` for never.
    pub again_in_ms: Option<u32>,
}
