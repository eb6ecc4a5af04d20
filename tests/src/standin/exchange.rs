//! Answers agreed on beforehand, told apart by the header `x-case-exchange`, and a record of the
//! requests that reached the upstream.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::wukongs::{lines, target};
use crate::latin1;

/// The header that names the exchange a request belongs to.
pub const EXCHANGE_HEADER: &str = "x-case-exchange";

/// What the upstream answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// An answer with an empty body.
    ///
    /// # Errors
    /// When the status or a header line cannot be sent.
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

/// A request as it reached the upstream.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its target, path and query.
    pub path: String,
    /// Its header lines; values are Latin-1.
    pub headers: Vec<(String, String)>,
}

/// The exchanges agreed on.
#[derive(Clone, Default)]
pub struct Exchanges {
    agreed: Arc<Mutex<HashMap<String, Exchange>>>,
}

#[derive(Default)]
struct Exchange {
    answer: Answer,
    seen: Vec<Seen>,
}

impl Exchanges {
    /// Agrees on the answer to requests of the exchange `id`.
    pub fn agree(&self, id: &str, answer: Answer) {
        self.lock().insert(id.to_owned(), Exchange { answer, seen: Vec::new() });
    }

    /// The requests of the exchange `id` that have reached the upstream.
    pub fn seen(&self, id: &str) -> Vec<Seen> {
        self.lock().get(id).map(|exchange| exchange.seen.clone()).unwrap_or_default()
    }

    fn record(&self, request: &Request) -> Option<Answer> {
        let id = request.headers().get(EXCHANGE_HEADER)?.to_str().ok()?;
        let mut agreed = self.lock();
        let exchange = agreed.get_mut(id)?;
        exchange.seen.push(Seen {
            method: request.method().to_string(),
            path: target(request.uri()),
            headers: lines(request.headers()),
        });
        Some(exchange.answer.clone())
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
