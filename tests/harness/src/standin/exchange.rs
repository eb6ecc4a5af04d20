//! Prepared responses, and a record of the requests that reached the upstream. The header
//! `x-case-exchange` of a request names its exchange. Pages use the query, `?exchange=`, because the
//! header would make a simple request (CORS) a preflighted one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
pub use novasphere_cases::Seen;
use serde::Deserialize;

use super::wukongs::{lines, parameter, target};
use crate::latin1;

/// The header that names the exchange of a request.
pub const EXCHANGE_HEADER: &str = "x-case-exchange";

/// A prepared response.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// Returns a response with an empty body.
    ///
    /// # Errors
    /// Fails if the status or a header line is invalid.
    pub fn new(status: u16, headers: &[(String, String)]) -> Result<Self> {
        let status = StatusCode::from_u16(status)?;
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(&latin1::bytes(value)?)?;
                Ok((HeaderName::from_bytes(name.as_bytes())?, value))
            })
            .collect::<Result<_>>()
            .context("the upstream cannot answer so")?;
        Ok(Self { status, headers })
    }
}

/// The prepared exchanges.
#[derive(Clone, Default)]
pub struct Exchanges {
    agreed: Arc<Mutex<HashMap<String, Exchange>>>,
}

#[derive(Default)]
struct Exchange {
    /// `None` selects the stand-in's normal response.
    answer: Option<Answer>,
    seen: Vec<Seen>,
}

/// A prepared response as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

impl Exchanges {
    /// Prepares the response to requests of the exchange `id`.
    pub fn agree(&self, id: &str, answer: Answer) {
        self.insert(id, Some(answer));
    }

    fn insert(&self, id: &str, answer: Option<Answer>) {
        self.lock().insert(id.to_owned(), Exchange { answer, seen: Vec::new() });
    }

    /// Returns the requests of the exchange `id` that reached the upstream.
    pub fn seen(&self, id: &str) -> Vec<Seen> {
        self.lock().get(id).map(|exchange| exchange.seen.clone()).unwrap_or_default()
    }

    fn record(&self, request: &Request) -> Option<Answer> {
        let id = match request.headers().get(EXCHANGE_HEADER) {
            Some(id) => id.to_str().ok()?,
            None => parameter(request.uri(), "exchange")?,
        };
        let mut agreed = self.lock();
        let exchange = agreed.get_mut(id)?;
        exchange.seen.push(Seen {
            method: request.method().to_string(),
            path: target(request.uri()),
            headers: lines(request.headers()),
        });
        exchange.answer.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Exchange>> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn answer_as_agreed(
    State(exchanges): State<Exchanges>,
    request: Request,
    next: Next,
) -> Response {
    let Some(answer) = exchanges.record(&request) else {
        return next.run(request).await;
    };
    let mut response = answer.status.into_response();
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    response
}

/// `PUT /exchanges/{id}` prepares a response, `{"status": 200, "headers": [["etag", "1"]]}`. `null`
/// only records requests.
pub(super) async fn agree(
    State(exchanges): State<Exchanges>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let refuse = |error: String| (StatusCode::BAD_REQUEST, error);
    let agreement: Option<Agreement> =
        serde_json::from_slice(&body).map_err(|error| refuse(error.to_string()))?;
    let answer = agreement.map(|agreed| Answer::new(agreed.status, &agreed.headers));
    exchanges.insert(&id, answer.transpose().map_err(|error| refuse(format!("{error:#}")))?);
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /exchanges/{id}` returns the requests that reached the upstream.
pub(super) async fn seen(State(exchanges): State<Exchanges>, Path(id): Path<String>) -> Response {
    let seen = exchanges.lock().get(&id).map(|exchange| serde_json::json!(exchange.seen));
    match seen {
        Some(seen) => seen.to_string().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
