//! The outcome of a request for its client.

use std::time::Duration;

use novasphere_harness::{client::Response, wait::PATIENCE};

use crate::head::Head;

/// The limit for the response to a malformed request, for which the proxy may wait for more.
const IMPATIENCE: Duration = Duration::from_millis(300);

/// The time limit of the response to a request.
pub(crate) fn patience(head: &Head) -> Duration {
    if head.is_clean() { PATIENCE } else { IMPATIENCE }
}

/// A response, or the end of the connection or stream without one.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A complete response.
    Response(Response),
    /// The proxy closed the connection or reset the stream, or waited for more bytes.
    Broken,
}

impl Outcome {
    /// A short text for the table of outcomes.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Response(response) => response.head.status.to_string(),
            Self::Broken => "no response".to_owned(),
        }
    }
}
