//! The gRPC interface, which echoes every frame at once and ends with status 0.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::Frame;

pub(super) async fn echo(headers: HeaderMap, body: Body) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !kind.starts_with(b"application/grpc") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let body = Body::new(Echo { messages: body, ended: false });
    ([(header::CONTENT_TYPE, "application/grpc")], body).into_response()
}

/// The messages of a request, followed by trailers with status 0.
struct Echo {
    messages: Body,
    ended: bool,
}

impl http_body::Body for Echo {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.messages).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_data() => Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            // The end of the request. gRPC requests have no trailers.
            Some(Ok(_)) | None => {
                self.ended = true;
                let status = HeaderMap::from_iter([(
                    header::HeaderName::from_static("grpc-status"),
                    HeaderValue::from_static("0"),
                )]);
                Poll::Ready(Some(Ok(Frame::trailers(status))))
            }
        }
    }
}
