//! Behaviour beyond the case tables of the workspace: reasons of refusals, exact times, arbitrary
//! bytes.

mod claim_values;
mod config;
mod fuzz;
mod guide;
mod identity;
mod keys;
mod local_response;
mod rejection;
mod rules;
mod sources;
mod token;
mod token_headers;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, LocalResponse, RequestHead, header_value,
    testing::TestHost,
};
use sha2::{Sha256, Sha384, Sha512};

use crate::JwtAuth;

const REASONS: &[&str] = JwtAuth::REASONS;

const SECRET: &str = "a-secret-for-tests-of-64-bytes-0123456789-0123456789-0123456789-";
const NOW: u64 = 1_800_000_000;

/// A host with the environment variables of the tests.
fn host() -> TestHost {
    let variables = [("SECRET", SECRET), ("SHORT", "short"), ("EMPTY", "")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    TestHost { variables: variables.into(), ..TestHost::default() }
}

/// The credential of the test secret.
const CREDENTIAL: &str = r#"{"key": "k", "secret": {"env": "SECRET"}}"#;

fn configure(config: &str) -> Result<JwtAuth, String> {
    JwtAuth::from_json(config.as_bytes(), &host()).map_err(|e| e.to_string())
}

/// A filter for the key `k` and the test secret, with `more` fields.
fn filter(more: &str) -> JwtAuth {
    configure(&format!(r#"{{"credentials": [{CREDENTIAL}]{more}}}"#)).unwrap()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn hmac(algorithm: &str, secret: &[u8], message: &str) -> Vec<u8> {
    macro_rules! sign {
        ($hash:ty) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(secret).unwrap();
            mac.update(message.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }};
    }
    match algorithm {
        "HS384" => sign!(Sha384),
        "HS512" => sign!(Sha512),
        _ => sign!(Sha256),
    }
}

/// A token with these parts, signed with the test secret and `algorithm`. The header may name
/// another algorithm.
fn signed(algorithm: &str, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = hmac(algorithm, SECRET.as_bytes(), &message);
    format!("{message}.{}", base64url(signature))
}

/// An HS256 token of the key `k`, valid for a minute, with `more` claims.
fn token(more: &str) -> String {
    let claims = format!(r#"{{"iss": "k", "exp": {}{more}}}"#, NOW + 60);
    signed("HS256", r#"{"alg": "HS256"}"#, &claims)
}

struct Outcome {
    reason: &'static str,
    /// Status and challenge of the local response.
    response: Option<(u16, String)>,
    /// Content type and body of the local response.
    body: Option<(String, String)>,
    /// The attributes and events of the request.
    host: TestHost,
    /// The request's lines after the mutations, as `name: value`.
    lines: Vec<String>,
    mutations: usize,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn line(response: &LocalResponse<'_>, wanted: &str) -> String {
    text(&response.headers.iter().find(|(name, _)| name.as_str() == wanted).unwrap().1)
}

fn check_mutations(mutations: &[HeaderMutation<'_>]) {
    for mutation in mutations {
        if let HeaderMutation::Set(name, value) = mutation {
            assert_eq!(header_value(value), Ok(&**value), "{name}");
            assert!(!value.is_empty(), "{name}");
        }
    }
}

fn run_at(filter: &JwtAuth, millis: u64, lines: &[(&[u8], &[u8])]) -> Outcome {
    let head = RequestHead { headers: Headers::borrowed(lines.iter().copied()) };
    let test_host = TestHost::default();
    test_host.millis.set(millis);
    let (mutations, response, reason) =
        match filter.on_request(&head, &mut Default::default(), &test_host.env()) {
            Decision::Continue { mutations, reason, .. } => (mutations, None, reason),
            Decision::Pause { .. } | Decision::Call(_) => panic!("the request waits"),
            Decision::Respond { mutations, response, reason } => {
                (mutations, Some(response), reason)
            }
        };
    let body =
        response.as_ref().map(|response| (line(response, "content-type"), text(&response.body)));
    let response = response.map(|response| (response.status, line(&response, "www-authenticate")));
    assert!(REASONS.contains(&reason), "{reason}");
    check_mutations(&mutations);
    let count = mutations.len();
    let mut headers = Headers::borrowed(lines.iter().copied());
    headers.apply(&mutations);
    let lines = headers.lines().map(|(n, v)| format!("{}: {}", text(n), text(v))).collect();
    Outcome { reason, response, body, host: test_host, lines, mutations: count }
}

fn run(filter: &JwtAuth, lines: &[(&str, &str)]) -> Outcome {
    let lines: Vec<_> = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    run_at(filter, NOW * 1000, &lines)
}

fn bearer(filter: &JwtAuth, token: &str) -> Outcome {
    run(filter, &[("authorization", &format!("Bearer {token}"))])
}

fn reason(filter: &JwtAuth, token: &str) -> &'static str {
    bearer(filter, token).reason
}
