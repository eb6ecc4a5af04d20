//! Responses to callouts and fetches.

use novasphere_core::{FetchError, FetchResponse, Headers};

use crate::exports::CallEnd;

/// A response that was read.
pub(crate) struct CallResponse<'a> {
    end: &'a CallEnd<'a>,
    body: Vec<u8>,
}

impl<'a> CallResponse<'a> {
    /// Reads the end of a call. The body may have up to `max_body` bytes.
    pub(crate) fn read(end: &'a CallEnd<'a>, max_body: usize) -> Result<Self, FetchError> {
        if !end.is_success {
            return Err(FetchError::NoResponse);
        }
        let size = end.body.iter().fold(0_usize, |size, piece| size.saturating_add(piece.len()));
        if size > max_body {
            return Err(FetchError::TooLarge(size));
        }
        Ok(Self { end, body: end.body.concat() })
    }

    /// The response as a filter sees it.
    pub(crate) fn response(&self) -> FetchResponse<'_> {
        let headers = Headers::borrowed(self.end.lines.iter().copied());
        let status = headers.get(":status").and_then(|s| str::from_utf8(s).ok()?.parse().ok());
        FetchResponse { status: status.unwrap_or(0), headers, body: &self.body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_response_is_read_up_to_its_limit() {
        let end = CallEnd {
            lines: vec![(b":status", b"204"), (b"x-a", b"b")],
            body: vec![b"ab", b"", b"c"],
            is_success: true,
        };
        let read = CallResponse::read(&end, 3).unwrap();
        let response = read.response();
        assert_eq!((response.status, response.body), (204, &b"abc"[..]));
        assert_eq!(response.headers.get("x-a"), Some(&b"b"[..]));
        assert_eq!(CallResponse::read(&end, 2).err(), Some(FetchError::TooLarge(3)));
        let end = CallEnd { is_success: false, ..end };
        assert_eq!(CallResponse::read(&end, 3).err(), Some(FetchError::NoResponse));
    }
}
