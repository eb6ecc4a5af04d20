//! Responses of the key server.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use novasphere_harness::clock::instant;
use serde_json::{Value, json};

use super::{Behaviour, DISCOVERY_PATH, JWKS_PATH, Setup, Shared};

/// Counts the request, then waits until it may respond.
pub(super) async fn counted(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    {
        let mut visits = shared.visits();
        let count = visits.requests.entry(request.uri().path().to_owned()).or_default();
        *count = count.saturating_add(1);
        visits.last = Some(instant());
    }
    let mut setup = shared.setup.subscribe();
    // `shared` owns the sender, so waiting cannot fail.
    let _ = setup.wait_for(|setup| setup.behaviour != Behaviour::Held).await;
    let behaviour = setup.borrow().behaviour;
    if let Behaviour::Slow(span) = behaviour {
        tokio::time::sleep(span).await;
    }
    match refusal(request.uri().path(), request.headers()) {
        Some(status) if behaviour == Behaviour::Strict => status.into_response(),
        _ => next.run(request).await,
    }
}

/// The status with which [`Behaviour::Strict`] refuses a request.
fn refusal(path: &str, headers: &HeaderMap) -> Option<StatusCode> {
    let media_type =
        if path == DISCOVERY_PATH { "application/json" } else { "application/jwk-set+json" };
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut accepted = accepted.flat_map(|line| line.split(',')).map(str::trim);
    if !headers.contains_key(header::USER_AGENT) {
        Some(StatusCode::FORBIDDEN)
    } else if !accepted.any(|range| [media_type, "*/*"].contains(&range)) {
        Some(StatusCode::NOT_ACCEPTABLE)
    } else {
        None
    }
}

/// The key set (RFC 7517 section 5).
pub(super) async fn keys(State(shared): State<Shared>) -> Response {
    let setup = shared.setup.borrow().clone();
    let set = json!({ "keys": setup.keys });
    respond(&setup, set)
}

/// The provider configuration (OpenID Connect Discovery 1.0 section 4.2).
pub(super) async fn description(State(shared): State<Shared>) -> Response {
    let setup = shared.setup.borrow().clone();
    let issuer = match setup.behaviour {
        Behaviour::WrongIssuer => "https://other-issuer.test",
        _ => setup.document_issuer.as_ref().unwrap_or(&setup.issuer),
    };
    let jwks_uri = format!("{}{JWKS_PATH}", setup.issuer);
    respond(&setup, json!({ "issuer": issuer, "jwks_uri": jwks_uri }))
}

fn respond(setup: &Setup, body: Value) -> Response {
    let (status, body) = match setup.behaviour {
        Behaviour::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, body.to_string())
        }
        Behaviour::Garbage => (StatusCode::OK, "<!doctype html><title>Welcome</title>".to_owned()),
        Behaviour::Huge(bytes) => (StatusCode::OK, padded(body, bytes)),
        _ => (StatusCode::OK, body.to_string()),
    };
    let body = [setup.prefix, body.as_bytes()].concat();
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    let cache_control = setup.cache_control.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(value)) = cache_control {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

/// The same object, padded to a given number of bytes by an unknown member.
fn padded(mut body: Value, bytes: usize) -> String {
    if let Some(members) = body.as_object_mut() {
        members.insert("x-padding".to_owned(), String::new().into());
    }
    let padding = bytes.saturating_sub(body.to_string().len());
    if let Some(members) = body.as_object_mut() {
        members.insert("x-padding".to_owned(), "a".repeat(padding).into());
    }
    body.to_string()
}
