//! Local responses on nginx.

use std::borrow::Cow;

use crate::{
    codec::header_map,
    dialect::{Line, ResponseParts},
    hostcalls::{self, Status},
};

/// Sends a response. Its details are omitted: nginx would send them as the reason phrase.
pub(crate) fn send(response: &ResponseParts<'_>) -> Result<(), Status> {
    let &ResponseParts { status, headers, body, after_failed_callout, .. } = response;
    // After a failed callout, nginx closes the connection when it sends a body.
    let (headers, body) = if after_failed_callout && !body.is_empty() {
        (without_content_type(headers), &b""[..])
    } else {
        (Cow::Borrowed(headers), body)
    };
    hostcalls::send_local_response(status, b"", &header_map::serialise(&headers), body, None)
}

fn without_content_type<'r>(headers: &[Line<'r>]) -> Cow<'r, [Line<'r>]> {
    headers.iter().filter(|(name, _)| *name != b"content-type").copied().collect()
}
