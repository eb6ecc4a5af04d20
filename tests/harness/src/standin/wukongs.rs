//! The REST interface. Every JSON response contains the received `method`, `path` and `headers`.

use std::{future::pending, time::Duration};

use axum::{
    body::Body,
    extract::{
        Path, Request, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::{BodyExt, channel::Channel};
use serde_json::{Value, json};

use crate::latin1;

/// The pause between two events of a stream.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

pub(super) async fn health(request: Request) -> Response {
    reply(StatusCode::OK, json!({"status": "ok"}), &request)
}

pub(super) async fn list(request: Request) -> Response {
    reply(StatusCode::OK, json!({"items": [{"name": "sun"}]}), &request)
}

pub(super) async fn create(request: Request) -> Response {
    reply(StatusCode::CREATED, json!({}), &request)
}

pub(super) async fn read(Path(name): Path<String>, request: Request) -> Response {
    reply(StatusCode::OK, json!({"name": name}), &request)
}

pub(super) async fn echo(request: Request) -> Response {
    reply(StatusCode::OK, json!({}), &request)
}

pub(super) async fn unknown(request: Request) -> Response {
    reply(StatusCode::NOT_FOUND, json!({"code": 404, "message": "Not Found"}), &request)
}

fn reply(status: StatusCode, mut body: Value, request: &Request) -> Response {
    if let Some(members) = body.as_object_mut() {
        members.insert("method".to_owned(), request.method().as_str().into());
        members.insert("path".to_owned(), target(request.uri()).into());
        members.insert("headers".to_owned(), json!(lines(request.headers())));
    }
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::SERVER, "novasphere-api/1.0")];
    (status, headers, body.to_string()).into_response()
}

/// Returns the received path and query.
pub(super) fn target(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string)
}

/// Returns header lines as name and Latin-1 value.
pub(super) fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| (n.as_str().to_owned(), latin1::text(v.as_bytes()))).collect()
}

/// Sends `?count=N` server-sent events (default 5), one every [`EVENT_INTERVAL`]. With `?open=1` the
/// stream stays open after the last one.
pub(super) async fn events(uri: Uri) -> Response {
    let count = parameter(&uri, "count").and_then(|n| n.parse().ok()).unwrap_or(5);
    let stays_open = parameter(&uri, "open") == Some("1");
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        for n in 1..=count {
            let event = format!("id: {n}\nevent: wukong\ndata: {}\n\n", json!({"n": n}));
            if sender.send_data(event.into()).await.is_err() {
                break; // the client disconnected
            }
            if n < count {
                tokio::time::sleep(EVENT_INTERVAL).await;
            }
        }
        if stays_open {
            pending::<()>().await; // keeps the sender alive
        }
    });
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::new(body)).into_response()
}

/// Returns the undecoded value of a query parameter.
pub(super) fn parameter<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// A console that echoes messages, in the subprotocol `console.v1` if offered.
pub(super) async fn console(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["console.v1"]).on_upgrade(repeat)
}

async fn repeat(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // The library responds to pings and close frames while reading.
        let is_content = matches!(message, Message::Text(_) | Message::Binary(_));
        if is_content && socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Counts the received bytes. With `?echo=1` echoes each chunk at once.
pub(super) async fn upload(method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    if parameter(&uri, "echo") == Some("1") {
        return ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response();
    }
    let (bytes, chunks) = count(body).await;
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    reply(StatusCode::OK, json!({"bytes": bytes, "chunks": chunks}), &request)
}

async fn count(mut body: Body) -> (usize, usize) {
    let (mut bytes, mut chunks) = (0_usize, 0_usize);
    while let Some(Ok(frame)) = body.frame().await {
        bytes = bytes.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        chunks = chunks.saturating_add(1);
    }
    (bytes, chunks)
}
