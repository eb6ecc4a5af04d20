//! A service for forwardAuth: it verifies tokens with HS256 and responds with the identity.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use http_body_util::Empty;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::AUTHORIZATION,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

/// The headers and their claims.
const IDENTITY: [(&str, &str); 3] =
    [("x-user-id", "sub"), ("x-user-name", "name"), ("x-client-type", "client_type")];

/// A running service. It stops when dropped.
pub struct AuthService {
    /// The listening address.
    pub addr: SocketAddr,
    _runtime: Runtime,
}

impl AuthService {
    /// Starts a service that accepts tokens signed with `secret`.
    pub fn start(secret: &str) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let addr = listener.local_addr()?;
        runtime.spawn(accept(listener, secret.to_owned()));
        Ok(Self { addr, _runtime: runtime })
    }
}

async fn accept(listener: TcpListener, secret: String) {
    while let Ok((stream, _)) = listener.accept().await {
        let secret = secret.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(request.headers(), &secret);
            async move { Ok::<_, http::Error>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(headers: &HeaderMap, secret: &str) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    match claims(headers, secret) {
        Some(claims) => {
            for (header, claim) in IDENTITY {
                let value = claims.get(claim).and_then(Value::as_str);
                if let Some(Ok(value)) = value.map(str::parse) {
                    response.headers_mut().insert(header, value);
                }
            }
        }
        None => *response.status_mut() = StatusCode::UNAUTHORIZED,
    }
    response
}

fn claims(headers: &HeaderMap, secret: &str) -> Option<Value> {
    let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let key = DecodingKey::from_secret(secret.as_bytes());
    let verified = decode::<Value>(token, &key, &Validation::new(Algorithm::HS256)).ok()?;
    Some(verified.claims)
}
